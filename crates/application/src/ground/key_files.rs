//! Private keys in new content.

use strongroom_domain::{Content, FieldKind, Provider, Violation};
use strongroom_environment::KeyFileRefused;

use crate::{Application, Caller, Failure};

impl Application {
    /// Opens the private keys in new content with their passphrases, to refuse what could never work. That is
    /// made to be slow, so each organisation opens two at a time.
    ///
    /// # Errors
    /// `Invalid` for a key that does not open, `Unavailable` when its turn did not come.
    pub(crate) async fn check_private_keys(
        &self,
        caller: &Caller,
        provider: &Provider,
        content: &Content,
    ) -> Result<(), Failure> {
        if !provider.fields.iter().any(|field| field.kind == FieldKind::PrivateKey) {
            return Ok(());
        }
        let _turn = self.key_turns.enter(caller.organization()).await?;
        let passphrase = content.secret.get("passphrase");
        for field in provider.fields.iter().filter(|field| field.kind == FieldKind::PrivateKey) {
            let Some(key) = content.secret.get(&field.name) else { continue };
            if let Err(refused) = self.ports.key_files.check(key, passphrase).await {
                if refused == KeyFileRefused::Busy {
                    return Err(Failure::unavailable());
                }
                let rule = strongroom_domain::Rule::naming(refused.to_string());
                return Err(Failure::invalid(Violation { field: field.name.clone(), rule }));
            }
        }
        Ok(())
    }
}
