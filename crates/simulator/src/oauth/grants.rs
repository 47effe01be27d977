//! The grants: a family of tokens for each code, and one for each client credentials grant.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use tokio::time::Instant;

use super::behaviour::OauthBehaviour;
use crate::wire::Reply;

/// The account and the client that a family of tokens belongs to, and its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) provider: String,
    pub(super) client_id: String,
    /// The account's name, such as `alice@example.com`.
    pub(super) account: String,
    pub(super) scope: String,
}

/// The values that a code is bound to (RFC 6749, section 4.1.3; RFC 7636, section 4.6).
#[derive(Debug)]
pub(super) struct Bound {
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Grants {
    families: Vec<Family>,
    codes: HashMap<String, Code>,
    refresh: HashMap<String, Refresh>,
    access: HashMap<String, Access>,
}

#[derive(Debug)]
struct Family {
    granted: Granted,
    ended: bool,
}

/// The index of a family.
pub(super) type FamilyId = usize;

#[derive(Debug)]
struct Code {
    family: FamilyId,
    bound: Bound,
    used: bool,
}

#[derive(Debug)]
struct Refresh {
    family: FamilyId,
    replaced: Option<Replaced>,
}

#[derive(Debug)]
struct Replaced {
    at: Instant,
    answer: Reply,
    /// Whether the replaced token was accepted once more already.
    again: bool,
}

#[derive(Debug)]
struct Access {
    family: FamilyId,
    ends_at: Option<Instant>,
}

/// The judgement of a refresh token that a client presents.
pub(super) enum Presented {
    /// It is valid, and its family gets new tokens.
    Good(FamilyId),
    /// It was replaced within the grace period, and gets the same answer as before.
    Again(Reply),
    /// It is not valid. When it was replaced, it holds the number of tokens that were revoked because it was
    /// presented again. `None` means that it is unknown, has ended or belongs to another client.
    Dead(Option<u64>),
}

impl Grants {
    pub(super) fn begin(&mut self, granted: Granted) -> FamilyId {
        self.families.push(Family { granted, ended: false });
        self.families.len() - 1
    }

    pub(super) fn granted(&self, family: FamilyId) -> Option<&Granted> {
        self.families.get(family).filter(|family| !family.ended).map(|family| &family.granted)
    }

    pub(super) fn add_code(&mut self, code: String, granted: Granted, bound: Bound) {
        let family = self.begin(granted);
        self.codes.insert(code, Code { family, bound, used: false });
    }

    /// Uses a code; each code can be used once. When it is presented again, all tokens that were issued for
    /// it are revoked (RFC 6749, section 4.1.2). `Err` holds the number of tokens that were revoked. It is 0
    /// when the code is unknown or does not fit the request.
    pub(super) fn take_code(
        &mut self,
        code: &str,
        owner: (&str, &str),
        redirect_uri: &str,
        verifier: Option<&str>,
    ) -> Result<FamilyId, u64> {
        let Some(found) = self.codes.get_mut(code) else { return Err(0) };
        let family = found.family;
        if std::mem::replace(&mut found.used, true) {
            return Err(self.end(family));
        }
        let fits = found.bound.redirect_uri == redirect_uri
            && found.bound.challenge == verifier.map(s256)
            && self.belongs_to(family, owner);
        if fits { Ok(family) } else { Err(0) }
    }

    pub(super) fn add_refresh(&mut self, token: String, family: FamilyId) {
        self.refresh.insert(token, Refresh { family, replaced: None });
    }

    /// Adds an access token, which ends after `lifetime`.
    pub(super) fn add_access(&mut self, token: String, family: FamilyId, lifetime: Option<Duration>) {
        let ends_at = lifetime.map(|lifetime| Instant::now() + lifetime);
        self.access.insert(token, Access { family, ends_at });
    }

    pub(super) fn present(&mut self, token: &str, owner: (&str, &str), how: &OauthBehaviour) -> Presented {
        let Some(family) = self.refresh.get(token).map(|found| found.family) else {
            return Presented::Dead(None);
        };
        if !self.belongs_to(family, owner) {
            return Presented::Dead(None);
        }
        let Some(found) = self.refresh.get_mut(token).and_then(|found| found.replaced.as_mut()) else {
            return Presented::Good(family);
        };
        let in_time = how.grace.is_some_and(|grace| found.at.elapsed() < grace);
        if in_time && !std::mem::replace(&mut found.again, true) {
            return Presented::Again(found.answer.clone());
        }
        Presented::Dead(Some(if how.reuse_revokes_family { self.end(family) } else { 0 }))
    }

    /// Marks a refresh token as replaced; `answer` holds the new one.
    pub(super) fn replace(&mut self, token: &str, answer: Reply) {
        if let Some(found) = self.refresh.get_mut(token) {
            found.replaced = Some(Replaced { at: Instant::now(), answer, again: false });
        }
    }

    /// Ends the family of a token of either kind, when the token belongs to the provider, and to the client
    /// if one is named. Returns how many of its tokens were still valid.
    pub(super) fn revoke(&mut self, token: &str, (provider, client): (&str, Option<&str>)) -> u64 {
        let refresh = self.refresh.get(token).map(|found| found.family);
        let family = refresh.or_else(|| self.access.get(token).map(|found| found.family));
        let granted = |family: &FamilyId| self.granted(*family);
        let is_owners = |family: &FamilyId| {
            granted(family).is_some_and(|granted| {
                granted.provider == provider && client.is_none_or(|client| granted.client_id == client)
            })
        };
        family.filter(is_owners).map_or(0, |family| self.end(family))
    }

    /// The owner of an access token: `None` when the simulator did not issue it, `Some(None)` when it is no
    /// longer valid.
    pub(super) fn owner_of(&self, token: &str) -> Option<Option<&Granted>> {
        let found = self.access.get(token)?;
        let lives = found.ends_at.is_none_or(|at| at > Instant::now());
        Some(self.granted(found.family).filter(|_| lives))
    }

    pub(super) fn end_all(&mut self) -> u64 {
        (0..self.families.len()).map(|family| self.end(family)).sum()
    }

    pub(super) fn expire_access_tokens(&mut self) {
        let now = Instant::now();
        self.access.values_mut().for_each(|token| token.ends_at = Some(now));
    }

    /// Ends a family and returns how many of its tokens were still valid.
    fn end(&mut self, id: FamilyId) -> u64 {
        let Some(family) = self.families.get_mut(id).filter(|family| !family.ended) else { return 0 };
        family.ended = true;
        let refresh = self.refresh.values().filter(|token| token.family == id && token.replaced.is_none());
        let now = Instant::now();
        let living = |token: &&Access| token.ends_at.is_none_or(|at| at > now);
        let access = self.access.values().filter(|token| token.family == id).filter(living);
        (refresh.count() + access.count()) as u64
    }

    /// Whether the family was granted to this provider and client, and has not ended.
    fn belongs_to(&self, family: FamilyId, (provider, client_id): (&str, &str)) -> bool {
        self.granted(family).is_some_and(|of| of.provider == provider && of.client_id == client_id)
    }
}

/// The challenge of a verifier (RFC 7636, section 4.2).
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}
