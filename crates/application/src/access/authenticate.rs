//! Authenticates a request: finds out which principal sends it.

use strongroom_domain::audit::Origin;
use strongroom_domain::service_account::PresentedApiKey;
use strongroom_domain::{
    Action, Actor, AuditEvent, OrganizationId, Outcome, Principal, Reach, ServiceAccountStatus, UserId,
};
use strongroom_environment::TokenSubject;
use strongroom_repository::KeyHolder;
use strongroom_vault::Purpose;
use tokio::time::Instant;

use super::Access;
use crate::{Caller, Failure};

/// The credentials that a request presents.
#[derive(Debug, Clone, Copy)]
pub enum Presented<'a> {
    /// Headers that can be read, or none.
    Readable {
        /// What follows `Bearer` in `Authorization`: a JWT or an API key.
        bearer: Option<&'a str>,
        /// The header `X-API-Key`.
        api_key: Option<&'a str>,
    },
    /// A header that cannot be read, which no holder of a token sends.
    Unreadable,
}

/// The principal that was authenticated, and how (`jwt:<issuer>` or `api_key:<id>`).
type Proof = (Principal, String);

impl Access {
    /// Finds out which principal calls.
    ///
    /// When a request presents both a bearer token and an API key, both must be valid and of one
    /// organisation; the caller is then the holder of the bearer token. `origin` does not need to name an
    /// authentication yet.
    ///
    /// # Errors
    /// `Unauthenticated`, whatever was wrong. The audit trail records the refusal, and only the log says why
    /// a token was refused. `Unavailable` when a key could not be looked up.
    pub async fn authenticate(&self, presented: Presented<'_>, origin: Origin) -> Result<Caller, Failure> {
        let proof = self.prove(presented).await;
        match proof {
            Ok((principal, proof)) => {
                Ok(Caller::new(principal, Origin { authentication: Some(proof), ..origin }))
            }
            Err(failure) => {
                self.note_refusal(&failure, origin);
                Err(failure)
            }
        }
    }

    async fn prove(&self, presented: Presented<'_>) -> Result<Proof, Failure> {
        let Presented::Readable { bearer, api_key } = presented else {
            return Err(Failure::Unauthenticated { presented: true });
        };
        let bearer = match bearer {
            Some(text) if text.starts_with(PresentedApiKey::PREFIX) => Some(self.verify_key(text).await),
            Some(text) => Some(self.verify_token(text)),
            None => None,
        };
        let key = match api_key {
            Some(text) => Some(self.verify_key(text).await),
            None => None,
        };
        match (bearer, key) {
            (None, None) => Err(Failure::Unauthenticated { presented: false }),
            (Some(one), None) | (None, Some(one)) => one,
            (Some(bearer), Some(key)) => both(bearer, key),
        }
    }

    fn verify_token(&self, token: &str) -> Result<Proof, Failure> {
        let verified = self.tokens.verify(token, self.clock.now()).map_err(|reason| {
            tracing::debug!(%reason, "a token was refused");
            Failure::Unauthenticated { presented: true }
        })?;
        let organization = verified.organization;
        let principal = match verified.subject {
            TokenSubject::User(user, roles) => Principal::User { organization, user, roles },
            TokenSubject::Service(id, scopes) => {
                Principal::ServiceAccount { organization, id, scopes, reach: Reach::default() }
            }
        };
        Ok((principal, format!("jwt:{}", verified.issuer)))
    }

    async fn verify_key(&self, text: &str) -> Result<Proof, Failure> {
        const REFUSED: Failure = Failure::Unauthenticated { presented: true };
        let presented = PresentedApiKey::parse(text).ok_or(REFUSED)?;
        let keys = &self.purpose_keys;
        let cache_key = keys.digest(Purpose::ApiKey, keys.current(Purpose::ApiKey), &presented.bytes())?;
        let holder = match self.verified_keys.get(&presented.id, cache_key) {
            Some(holder) => holder,
            None => {
                let (began, epoch) = (Instant::now(), self.verified_keys.epoch());
                let holder = self.service_accounts.find_key(&presented.id).await?.ok_or(REFUSED)?;
                let bound = presented.bound_bytes(&holder.key.organization, holder.key.service_account);
                let digest = keys.digest(Purpose::ApiKey, holder.key.digest_key, &bound)?;
                if !keys.equal(&digest, &holder.key.digest) {
                    return Err(REFUSED);
                }
                self.verified_keys.insert(presented.id.clone(), cache_key, holder.clone(), began, epoch);
                holder
            }
        };
        let now = self.clock.now();
        let expired = holder.key.expires_at.is_some_and(|end| end <= now);
        if expired || holder.account.status == ServiceAccountStatus::Inactive {
            return Err(REFUSED);
        }
        self.usage.key_used(&holder.key.organization, &holder.key.id, now);
        let proof = format!("api_key:{}", holder.key.id.as_str());
        Ok((principal_of(holder)?, proof))
    }

    fn note_refusal(&self, failure: &Failure, origin: Origin) {
        if *failure != (Failure::Unauthenticated { presented: true }) {
            return;
        }
        let (system, actor) = (OrganizationId::system(), Actor::system("authentication"));
        let event = AuditEvent::new(system, Action::AuthenticationFailed, Outcome::Denied, actor, origin);
        self.gate.put_on_record(event);
    }
}

fn both(bearer: Result<Proof, Failure>, key: Result<Proof, Failure>) -> Result<Proof, Failure> {
    let (bearer, key) = (bearer?, key?);
    if bearer.0.organization() == key.0.organization() {
        Ok(bearer)
    } else {
        Err(Failure::Unauthenticated { presented: true })
    }
}

fn principal_of(holder: KeyHolder) -> Result<Principal, Failure> {
    let account = holder.account;
    Ok(Principal::ServiceAccount {
        organization: account.organization,
        id: UserId::parse(&account.id.to_string()).map_err(|_| Failure::Internal)?,
        scopes: account.scopes,
        reach: account.reach,
    })
}
