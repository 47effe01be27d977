//! Authenticates a request: finds out which principal sends it.

use strongroom_domain::audit::Origin;
use strongroom_domain::service_account::PresentedApiKey;
use strongroom_domain::{Action, Actor, ApiKeyId, AuditEvent, OrganizationId, Outcome, Principal, Reach};
use strongroom_environment::TokenSubject;
use strongroom_vault::Purpose;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Access;
use crate::ground::{Standing, is_valid, principal_of};
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

/// A credential that was accepted.
struct Proof {
    /// The principal that holds it.
    principal: Principal,
    /// Its name in the audit trail: `jwt:<issuer>` or `api_key:<id>`.
    name: String,
    by: By,
}

enum By {
    /// A token, which is accepted until then.
    Token(OffsetDateTime),
    Key(ApiKeyId),
}

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
        let standing = Standing::new(self.verified_keys.epoch());
        let proof = self.prove(presented).await;
        match proof {
            Ok((proof, beside)) => {
                let standing =
                    [Some(proof.by), beside].into_iter().flatten().fold(standing, |standing, by| match by {
                        By::Token(ends_at) => standing.with_token(ends_at),
                        By::Key(id) => standing.with_key(id),
                    });
                let origin = Origin { authentication: Some(proof.name), ..origin };
                Ok(Caller::authenticated(proof.principal, origin, standing))
            }
            Err(failure) => {
                self.note_refusal(&failure, origin);
                Err(failure)
            }
        }
    }

    /// Verifies what is presented: the proof that counts, and the key that was presented beside it.
    async fn prove(&self, presented: Presented<'_>) -> Result<(Proof, Option<By>), Failure> {
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
            (Some(one), None) | (None, Some(one)) => Ok((one?, None)),
            (Some(bearer), Some(key)) => both(bearer, key),
        }
    }

    fn verify_token(&self, token: &str) -> Result<Proof, Failure> {
        let verified = self.tokens.verify(token, self.clock.now()).map_err(|reason| {
            tracing::debug!(%reason, "a token was refused");
            Failure::Unauthenticated { presented: true }
        })?;
        let (organization, issuer) = (verified.organization, Some(verified.iss));
        let principal = match verified.subject {
            TokenSubject::User(user, roles) => Principal::User { organization, issuer, user, roles },
            TokenSubject::Service(id, scopes) => {
                Principal::ServiceAccount { organization, issuer, id, scopes, reach: Reach::default() }
            }
        };
        let name = format!("jwt:{}", verified.issuer);
        Ok(Proof { principal, name, by: By::Token(verified.ends_at) })
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
        if !is_valid(&holder, now) {
            return Err(REFUSED);
        }
        self.usage.key_used(&holder.key.organization, &holder.key.id, now);
        let (id, name) = (holder.key.id.clone(), format!("api_key:{}", holder.key.id.as_str()));
        Ok(Proof { principal: principal_of(holder)?, name, by: By::Key(id) })
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

fn both(bearer: Result<Proof, Failure>, key: Result<Proof, Failure>) -> Result<(Proof, Option<By>), Failure> {
    let (bearer, key) = (bearer?, key?);
    if bearer.principal.organization() == key.principal.organization() {
        Ok((bearer, Some(key.by)))
    } else {
        Err(Failure::Unauthenticated { presented: true })
    }
}
