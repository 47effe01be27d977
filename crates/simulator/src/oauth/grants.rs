//! What was granted: a family of tokens for each code, and one for each client credentials grant.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use tokio::time::Instant;

use super::behaviour::OauthBehaviour;
use crate::wire::Reply;

/// Whose tokens a family holds, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Granted {
    pub(super) provider: String,
    pub(super) client_id: String,
    /// The account's name, such as `alice@example.com`.
    pub(super) account: String,
    pub(super) scope: String,
}

/// What a code is bound to (RFC 6749, section 4.1.3; RFC 7636, section 4.6).
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

/// The place of a family.
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
    /// Whether it was taken once more already.
    again: bool,
}

#[derive(Debug)]
struct Access {
    family: FamilyId,
    ends_at: Option<Instant>,
}

/// What becomes of a refresh token that came.
pub(super) enum Presented {
    /// It is good, and its family gets new tokens.
    Good(FamilyId),
    /// It was replaced a moment ago, and gets the same answer.
    Again(Reply),
    /// It was replaced, or was never there. The number of tokens that were revoked for it, when it was
    /// replaced.
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

    /// Takes a code, once. `Err` has the number of tokens that a code that came again has given, and that are
    /// revoked now (RFC 6749, section 4.1.2).
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

    /// An access token, and how long it lives.
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

    /// A refresh token is worth nothing from now on; `answer` has the one that comes after it.
    pub(super) fn replace(&mut self, token: &str, answer: Reply) {
        if let Some(found) = self.refresh.get_mut(token) {
            found.replaced = Some(Replaced { at: Instant::now(), answer, again: false });
        }
    }

    /// Ends the family of a token of either kind, when it is the owner's, and returns how many tokens that
    /// were.
    pub(super) fn revoke(&mut self, token: &str, owner: (&str, &str)) -> u64 {
        let refresh = self.refresh.get(token).map(|found| found.family);
        let family = refresh.or_else(|| self.access.get(token).map(|found| found.family));
        family.filter(|family| self.belongs_to(*family, owner)).map_or(0, |family| self.end(family))
    }

    /// Whom an access token is for: `None` when it is not one of ours, `Some(None)` when it lives no more.
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

    /// Ends a family and returns how many of its tokens lived.
    fn end(&mut self, id: FamilyId) -> u64 {
        let Some(family) = self.families.get_mut(id).filter(|family| !family.ended) else { return 0 };
        family.ended = true;
        let refresh = self.refresh.values().filter(|token| token.family == id && token.replaced.is_none());
        let now = Instant::now();
        let living = |token: &&Access| token.ends_at.is_none_or(|at| at > now);
        let access = self.access.values().filter(|token| token.family == id).filter(living);
        (refresh.count() + access.count()) as u64
    }

    /// Provider and client are the ones that it was granted to, and it has not ended.
    fn belongs_to(&self, family: FamilyId, (provider, client_id): (&str, &str)) -> bool {
        self.granted(family).is_some_and(|of| of.provider == provider && of.client_id == client_id)
    }
}

/// The challenge of a verifier (RFC 7636, section 4.2).
fn s256(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}
