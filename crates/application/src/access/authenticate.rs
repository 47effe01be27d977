//! Authenticates a request: finds out which principal sends it.

use strongroom_domain::audit::Origin;
use strongroom_domain::service_account::PresentedApiKey;
use strongroom_domain::{ApiKeyId, Principal, Reach};
use strongroom_environment::TokenSubject;
use strongroom_vault::Purpose;
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Access;
use super::refused::{Reason, Refused};
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
    /// Headers that cannot be read, which no holder of a token sends; the code says why, for the operator.
    Unreadable(&'static str),
}

/// A credential that was accepted.
struct Proof {
    /// The principal that holds it.
    principal: Principal,
    /// Its name in the audit trail: `jwt:<issuer>` or `api_key:<id>`.
    name: String,
    by: By,
    /// Roles of a token that are none here.
    other_roles: Vec<String>,
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
    /// `Unauthenticated`, whatever was wrong. The audit trail records the refusal with a code of the reason,
    /// and the log says it in words, as often as the trail does. `Unavailable` when a key could not be
    /// looked up.
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
                let caller = Caller::authenticated(proof.principal, origin, standing);
                Ok(caller.with_other_roles(proof.other_roles))
            }
            Err(refused) => {
                if let Refused::For(reason) = &refused
                    && self.gate.put_on_record(reason.event(origin))
                {
                    reason.log();
                }
                Err(refused.into())
            }
        }
    }

    /// Verifies what is presented: the proof that counts, and the key that was presented beside it.
    async fn prove(&self, presented: Presented<'_>) -> Result<(Proof, Option<By>), Refused> {
        let (bearer, api_key) = match presented {
            Presented::Readable { bearer, api_key } => (bearer, api_key),
            Presented::Unreadable(code) => return Err(Reason::Headers(code).into()),
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
            (None, None) => Err(Refused::NothingPresented),
            (Some(one), None) | (None, Some(one)) => Ok((one?, None)),
            (Some(bearer), Some(key)) => both(bearer, key),
        }
    }

    fn verify_token(&self, token: &str) -> Result<Proof, Refused> {
        let verified = self.tokens.verify(token, self.clock.now()).map_err(Reason::Token)?;
        let other_roles = verified.other_roles;
        let (organization, issuer) = (verified.organization, Some(verified.iss));
        let principal = match verified.subject {
            TokenSubject::User(user, roles) => Principal::User { organization, issuer, user, roles },
            TokenSubject::Service(id, scopes) => {
                Principal::ServiceAccount { organization, issuer, id, scopes, reach: Reach::default() }
            }
        };
        let name = format!("jwt:{}", verified.issuer);
        Ok(Proof { principal, name, by: By::Token(verified.ends_at), other_roles })
    }

    async fn verify_key(&self, text: &str) -> Result<Proof, Refused> {
        let presented = PresentedApiKey::parse(text).ok_or(Reason::KeyForm)?;
        let keys = &self.purpose_keys;
        let cache_key = keys.digest(Purpose::ApiKey, keys.current(Purpose::ApiKey), &presented.bytes());
        let cache_key = cache_key.map_err(Failure::from)?;
        let holder = match self.verified_keys.get(&presented.id, cache_key) {
            Some(holder) => holder,
            None => {
                let (began, epoch) = (Instant::now(), self.verified_keys.epoch());
                let found = self.service_accounts.find_key(&presented.id).await?;
                let holder = found.ok_or(Reason::KeyUnknown)?;
                let bound = presented.bound_bytes(&holder.key.organization, holder.key.service_account);
                let digest = keys.digest(Purpose::ApiKey, holder.key.digest_key, &bound);
                let digest = digest.map_err(Failure::from)?;
                if !keys.equal(&digest, &holder.key.digest) {
                    return Err(Reason::KeySecret(presented.id).into());
                }
                self.verified_keys.insert(presented.id.clone(), cache_key, holder.clone(), began, epoch);
                holder
            }
        };
        let now = self.clock.now();
        if !is_valid(&holder, now) {
            return Err(Refused::ended(&holder));
        }
        self.usage.key_used(&holder.key.organization, &holder.key.id, now);
        let (id, name) = (holder.key.id.clone(), format!("api_key:{}", holder.key.id.as_str()));
        let (principal, by) = (principal_of(holder)?, By::Key(id));
        Ok(Proof { principal, name, by, other_roles: Vec::new() })
    }
}

fn both(bearer: Result<Proof, Refused>, key: Result<Proof, Refused>) -> Result<(Proof, Option<By>), Refused> {
    let (bearer, key) = (bearer?, key?);
    if bearer.principal.organization() == key.principal.organization() {
        Ok((bearer, Some(key.by)))
    } else {
        Err(Reason::TwoOrganizations.into())
    }
}
