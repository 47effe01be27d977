//! Private keys in new content.

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::{Content, FieldKind, Provider, Rule, Violation};
use strongroom_environment::{KeyFileReader, KeyFileRefused};

use super::shares::PerOrganization;
use crate::{Caller, Failure};

/// The most private keys of one organisation that are opened at once.
const PER_ORGANIZATION: usize = 2;
/// How long a key waits for its turn to be opened.
const PATIENCE: Duration = Duration::from_secs(5);

/// Opens private keys, to refuse keys that cannot work. Cheap to clone; all clones share the limits.
#[derive(Clone)]
pub(crate) struct KeyFiles {
    reader: Arc<dyn KeyFileReader>,
    turns: Arc<PerOrganization>,
}

impl KeyFiles {
    pub(crate) fn new(reader: Arc<dyn KeyFileReader>) -> Self {
        Self { reader, turns: Arc::new(PerOrganization::new(PER_ORGANIZATION)) }
    }

    /// Opens the private keys in new content with their passphrases. Opening a key is slow by design, so at
    /// most two keys of an organisation are opened at a time.
    ///
    /// # Errors
    /// `Invalid` for a key that does not open, `Unavailable` when its turn did not come within 5 seconds.
    pub(crate) async fn check(
        &self,
        caller: &Caller,
        provider: &Provider,
        content: &Content,
    ) -> Result<(), Failure> {
        if !provider.fields.iter().any(|field| field.kind == FieldKind::PrivateKey) {
            return Ok(());
        }
        let turns = self.turns.of(caller.organization());
        let _turn = tokio::time::timeout(PATIENCE, turns.acquire_owned())
            .await
            .map_err(|_| Failure::unavailable())?
            .map_err(|_| Failure::Internal)?;
        let passphrase = content.secret.get("passphrase");
        for field in provider.fields.iter().filter(|field| field.kind == FieldKind::PrivateKey) {
            let Some(key) = content.secret.get(&field.name) else { continue };
            if let Err(refused) = self.reader.check(key, passphrase).await {
                if refused == KeyFileRefused::Busy {
                    return Err(Failure::unavailable());
                }
                let rule = Rule::naming(refused.to_string());
                return Err(Failure::invalid(Violation { field: field.name.clone(), rule }));
            }
        }
        Ok(())
    }
}
