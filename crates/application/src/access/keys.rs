//! Issues, lists and revokes API keys of service accounts.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use strongroom_domain::service_account::{AccountName, ApiKey, PresentedApiKey};
use strongroom_domain::{Action, ApiKeyId, Outcome, Rule, SecretText, ServiceAccountId};
use strongroom_vault::Purpose;
use time::OffsetDateTime;
use zeroize::Zeroizing;

use super::Access;
use crate::ground::{Permitted, to};
use crate::{Failure, Missing};

/// An API key to issue.
#[derive(Debug)]
pub struct NewApiKey {
    /// Its name.
    pub name: AccountName,
    /// When it stops working; never, when absent.
    pub expires_at: Option<OffsetDateTime>,
}

/// A new API key together with its token, which is shown this once.
#[derive(Debug)]
pub struct IssuedApiKey {
    /// What the store keeps.
    pub key: ApiKey,
    /// The whole token: `srk_<id>_<secret>`.
    pub token: SecretText,
}

impl Access {
    /// Issues a key with 256 random bits. Only its keyed digest is stored. A slow hash is not needed: it
    /// protects secrets that can be guessed, and this one cannot.
    pub async fn create_key(
        &self,
        caller: &Permitted<to::ManageApiKeys>,
        service_account: ServiceAccountId,
        new: NewApiKey,
    ) -> Result<IssuedApiKey, Failure> {
        let now = self.clock.now();
        if new.expires_at.is_some_and(|end| end <= now) {
            return Err(Failure::invalid(Rule::fixed("must lie in the future").on("expires_at")));
        }
        let mut id = [0; 10];
        let mut bits = Zeroizing::new([0; 32]);
        let random = |bytes: &mut [u8]| self.randomness.fill(bytes).map_err(|_| Failure::Internal);
        random(&mut id)?;
        random(bits.as_mut())?;
        let id = ApiKeyId::from_random(id);
        let secret = SecretText::new(URL_SAFE_NO_PAD.encode(bits.as_ref()));
        let presented = PresentedApiKey { id: id.clone(), secret };
        let bound = presented.bound_bytes(caller.organization(), service_account);
        let keys = &self.purpose_keys;
        let digest_key = keys.current(Purpose::ApiKey);
        let key = ApiKey {
            organization: caller.organization().clone(),
            service_account,
            digest: keys.digest(Purpose::ApiKey, digest_key, &bound)?,
            digest_key,
            name: new.name,
            expires_at: new.expires_at,
            last_used_at: None,
            created_at: now,
            created_by: caller.principal.id().to_owned(),
            issuer: caller.principal.issuer().cloned(),
            id,
        };
        let event = caller
            .event(Action::ApiKeyCreated, Outcome::Success)
            .targeting(key.id.as_str())
            .detail("service_account", service_account.to_string());
        if !self.service_accounts.insert_key(&key, event.into()).await? {
            return Err(Failure::NotFound(Missing::ServiceAccount));
        }
        let token = format!("{}{}_{}", PresentedApiKey::PREFIX, key.id.as_str(), presented.secret.expose());
        let token = SecretText::new(token);
        Ok(IssuedApiKey { key, token })
    }

    /// The keys of a service account, newest first.
    pub async fn list_keys(
        &self,
        caller: &Permitted<to::ManageApiKeys>,
        account: ServiceAccountId,
    ) -> Result<Vec<ApiKey>, Failure> {
        if self.service_accounts.find(caller.organization(), account).await?.is_none() {
            return Err(Failure::NotFound(Missing::ServiceAccount));
        }
        Ok(self.service_accounts.list_keys(caller.organization(), account).await?)
    }

    /// Revokes a key: at once on this instance, within 2 seconds on every other.
    pub async fn revoke_key(
        &self,
        caller: &Permitted<to::ManageApiKeys>,
        account: ServiceAccountId,
        key: &ApiKeyId,
    ) -> Result<(), Failure> {
        let event = caller
            .event(Action::ApiKeyRevoked, Outcome::Success)
            .targeting(key.as_str())
            .detail("service_account", account.to_string());
        let revoked =
            self.service_accounts.delete_key(caller.organization(), account, key, event.into()).await;
        self.verified_keys.forget();
        if revoked? { Ok(()) } else { Err(Failure::NotFound(Missing::ApiKey)) }
    }
}
