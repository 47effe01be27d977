//! Whether a caller may still do what it was admitted to, after a wait: its token may have ended meanwhile,
//! its key may have been revoked, and its account may have been changed (security.md, row 19).

use std::sync::Arc;

use strongroom_domain::{ApiKeyId, Principal, ServiceAccountStatus, UserId};
use strongroom_environment::Clock;
use strongroom_repository::{KeyHolder, ServiceAccountRepository};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::verified_keys::{LIFETIME, VerifiedKeys};
use crate::{Caller, Failure};

/// What a caller was authenticated with, and when.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// When it was looked at last.
    at: Instant,
    /// How many revocations this instance had seen by then.
    epoch: u64,
    /// Until when the token is accepted, if there was one.
    token_ends_at: Option<OffsetDateTime>,
    /// The API keys that were presented: one or two, of which the caller may be the holder.
    keys: Vec<ApiKeyId>,
    /// Whether the caller is the holder of the first key, and not of a token.
    is_key_holder: bool,
}

/// Looks at callers again.
#[derive(Clone)]
pub(crate) struct Standings {
    pub(crate) service_accounts: Arc<dyn ServiceAccountRepository>,
    pub(crate) verified_keys: Arc<VerifiedKeys>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Standing {
    /// A caller that was authenticated by what it presents, as of this many revocations.
    pub(crate) fn new(epoch: u64) -> Self {
        let (at, keys) = (Instant::now(), Vec::new());
        Self { at, epoch, token_ends_at: None, keys, is_key_holder: false }
    }

    /// Adds a token.
    pub(crate) fn with_token(mut self, ends_at: OffsetDateTime) -> Self {
        self.token_ends_at = Some(ends_at);
        self
    }

    /// Adds a key. The holder of the first one is the caller, unless there is a token.
    pub(crate) fn with_key(mut self, id: ApiKeyId) -> Self {
        self.is_key_holder = self.token_ends_at.is_none() && (self.keys.is_empty() || self.is_key_holder);
        self.keys.push(id);
        self
    }
}

impl Standings {
    /// The caller as it is by now. Nothing is asked for within two seconds of the last look, unless this
    /// instance has revoked something since.
    ///
    /// # Errors
    /// `Unauthenticated` when its token has ended or its key is gone; `Unavailable` when that cannot be found
    /// out.
    pub(crate) async fn renew(&self, caller: &Caller) -> Result<Caller, Failure> {
        let mut renewed = caller.clone();
        let Some(standing) = &mut renewed.standing else { return Ok(renewed) };
        if standing.token_ends_at.is_some_and(|end| end < self.clock.now()) {
            return Err(GONE);
        }
        let epoch = self.verified_keys.epoch();
        if standing.keys.is_empty() || (standing.epoch == epoch && standing.at.elapsed() < LIFETIME) {
            return Ok(renewed);
        }
        let at = Instant::now();
        for (position, id) in standing.keys.iter().enumerate() {
            let holder = self.service_accounts.find_key(id).await?.ok_or(GONE)?;
            if !is_valid(&holder, self.clock.now()) {
                return Err(GONE);
            }
            if position == 0 && standing.is_key_holder {
                renewed.principal = principal_of(holder)?;
            }
        }
        (standing.at, standing.epoch) = (at, epoch);
        Ok(renewed)
    }
}

const GONE: Failure = Failure::Unauthenticated { presented: true };

/// Whether a key and its account are in force.
pub(crate) fn is_valid(holder: &KeyHolder, now: OffsetDateTime) -> bool {
    let expired = holder.key.expires_at.is_some_and(|end| end <= now);
    !expired && holder.account.status != ServiceAccountStatus::Inactive
}

/// The principal that holds a key.
pub(crate) fn principal_of(holder: KeyHolder) -> Result<Principal, Failure> {
    let account = holder.account;
    Ok(Principal::ServiceAccount {
        organization: account.organization,
        issuer: None,
        id: UserId::parse(&account.id.to_string()).map_err(|_| Failure::Internal)?,
        scopes: account.scopes,
        reach: account.reach,
    })
}
