//! The only module that turns a payload into sealed bytes and back.

use strongroom_domain::{Action, Content, Credential, Outcome, Sealed, SecretPayload};
use strongroom_domain::{FieldKind, Provider, Violation};
use strongroom_environment::KeyFileRefused;
use strongroom_repository::SealedCredential;
use strongroom_vault::{SealContext, VaultError};

use crate::{Application, Caller, Failure};

impl Application {
    /// Seals a payload for the row that `credential` will be.
    pub(crate) async fn seal(
        &self,
        credential: &Credential,
        payload: &SecretPayload,
    ) -> Result<Sealed, Failure> {
        Ok(self.ports.vault.seal(&context(credential), payload).await?)
    }

    /// Opens what a row holds. A row that does not open was edited or moved: that is an event of its own.
    pub(crate) async fn open(
        &self,
        caller: &Caller,
        row: &SealedCredential,
    ) -> Result<SecretPayload, Failure> {
        match self.ports.vault.open(&context(&row.credential), &row.sealed) {
            Ok(payload) => Ok(payload),
            Err(error @ (VaultError::Integrity | VaultError::UnknownKey(_))) => {
                tracing::error!(credential = %row.credential.id, %error, "a stored secret does not open");
                let event = caller.event(Action::IntegrityFailed, Outcome::Failed).about(&row.credential);
                self.audit_writer.record(vec![event]).await?;
                Err(Failure::Internal)
            }
            Err(error) => Err(error.into()),
        }
    }

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

fn context(credential: &Credential) -> SealContext {
    SealContext {
        organization: credential.organization.clone(),
        credential: credential.id,
        version: credential.version,
        provider: credential.provider.clone(),
        credential_type: credential.credential_type,
        config: credential.config.clone(),
    }
}
