//! Credentials: identity, name, slot, status and the metadata that is safe to show.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use ulid::Ulid;
use uuid::Uuid;

use crate::config::PublicConfig;
use crate::connection_test::{TestCode, TestReport};
use crate::content::Content;
use crate::form::TextForm;
use crate::oauth::{Account, OauthAppId, RefreshProblem, Validity};
use crate::organization::OrganizationId;
use crate::principal::UserId;
use crate::provider::{CredentialType, ProviderId};
use crate::violation::Rule;

/// A credential's id, a UUIDv7 with two spellings of the same 128 bits: the hyphenated UUID, and `crd_`
/// followed by its 26 Crockford base32 characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CredentialId(pub Uuid);

impl CredentialId {
    /// Both spellings, as `parse` reads them.
    pub const FORM: TextForm = TextForm::pattern(
        "^([0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}|crd_[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25})$",
    );

    /// Reads either spelling; anything else is not an id.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        from_prefixed("crd_", text).map(Self).ok_or(Rule::fixed("must be a credential id"))
    }

    /// The spelling of the connect dialect: `crd_` and 26 characters.
    pub fn to_prefixed(self) -> String {
        to_prefixed("crd_", self.0)
    }
}

impl fmt::Display for CredentialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Reads an id in either spelling: hyphenated, or its prefix and 26 Crockford base32 characters.
pub(crate) fn from_prefixed(prefix: &str, text: &str) -> Option<Uuid> {
    let Some(base32) = text.strip_prefix(prefix) else { return hyphenated(text) };
    let ulid = Ulid::from_string(base32).ok();
    let canonical = ulid.filter(|ulid| ulid.to_string().eq_ignore_ascii_case(base32));
    canonical.map(|ulid| Uuid::from_u128(ulid.0))
}

/// Spells an id with its prefix.
pub(crate) fn to_prefixed(prefix: &str, id: Uuid) -> String {
    format!("{prefix}{}", Ulid(id.as_u128()))
}

/// Reads a UUID in its 36-character form only; braces, URNs and the bare 32 digits are no ids here.
pub(crate) fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::from_str(text).ok()).flatten()
}

/// A person's name for a credential: trimmed, 1 to 200 printable characters, not unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialName(String);

impl CredentialName {
    /// What `parse` accepts.
    pub const FORM: TextForm = PRINTABLE_NAME.like("Nightly export");

    /// Trims and checks a name.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        printable_name(text).map(Self)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The rule that every name a person chooses keeps.
pub(crate) fn printable_name(text: &str) -> Result<String, Rule> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > 200 || name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(Rule::fixed("must be 1 to 200 printable characters"));
    }
    Ok(name.to_owned())
}

/// The characters that [`str::trim`] cuts off, for a class of a pattern.
macro_rules! white_space {
    () => {
        r"\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    };
}

/// Control characters, and those of [`is_invisible`], for a class of a pattern. Beyond the first plane the
/// engines agree on no escape, so that those characters stand for themselves.
macro_rules! unprintable {
    () => {
        concat!(
            r"\u0000-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff",
            r"\ufff9-\ufffb",
            "\u{e0000}-\u{10ffff}"
        )
    };
}

/// What [`printable_name`] accepts: 1 to 200 printable characters with any white space around them.
#[rustfmt::skip]
pub(crate) const PRINTABLE_NAME: TextForm = TextForm::pattern(concat!(
    "^[", white_space!(), "]*",
    "[^", white_space!(), unprintable!(), "]",
    "([^", unprintable!(), "]{0,198}[^", white_space!(), unprintable!(), "])?",
    "[", white_space!(), "]*$",
));

/// Characters that draw nothing, turn the text around or mean something private: line separators,
/// bidirectional controls, joiners, tags, the byte order mark and private use.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}'
    )
}

/// A name that at most one credential of an organisation holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slot(String);

impl Slot {
    /// What `parse` accepts.
    pub const FORM: TextForm = TextForm::pattern("^[A-Za-z0-9._-]{1,64}$").like("nightly");

    /// A slot that a client names: 1 to 64 characters of `[A-Za-z0-9._-]`. Names with `/` belong to the
    /// dialects (`crm/<provider>`), so that nobody can take one by hand.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
        if text.is_empty() || text.len() > 64 || !text.bytes().all(allowed) {
            return Err(Rule::fixed("must be 1 to 64 characters of letters, digits and `._-`"));
        }
        Ok(Self(text.to_owned()))
    }

    /// The slot of the CRM dialect, which knows one credential a provider.
    pub fn crm(provider: &ProviderId) -> Self {
        Self(format!("{}{provider}", Self::CRM))
    }

    /// What slots of the CRM dialect begin with.
    pub const CRM: &str = "crm/";

    /// A slot read back from the store.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The slot as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a credential is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CredentialStatus {
    /// An OAuth flow has begun and nobody has confirmed it.
    Pending,
    /// Stored, and not tested since.
    Unverified,
    /// The provider accepted it at its last test.
    Validated,
    /// The provider refused it at its last test.
    Rejected,
    /// Its grant is gone; a person has to authorise again.
    NeedsReauth,
}

/// Whether the secret of a credential may be handed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readability {
    /// Hand it out.
    Readable,
    /// Its authorisation is not complete.
    AuthorizationPending,
    /// Its grant is gone and no token is valid any more.
    ReauthorizationRequired,
}

impl CredentialStatus {
    /// Every status, in the order of the documentation.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::Unverified, Self::Validated, Self::Rejected, Self::NeedsReauth];

    /// The spelling of the wire and the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Unverified => "unverified",
            Self::Validated => "validated",
            Self::Rejected => "rejected",
            Self::NeedsReauth => "needs_reauth",
        }
    }

    /// Reads that spelling.
    pub fn parse(text: &str) -> Result<Self, Rule> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(Rule::fixed("must be one of: pending, unverified, validated, rejected, needs_reauth"))
    }
}

/// The metadata of a credential. It holds no secret and is safe to show to whoever may list it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Whose it is.
    pub organization: OrganizationId,
    /// Its id.
    pub id: CredentialId,
    /// The provider it reaches.
    pub provider: ProviderId,
    /// How it authenticates there.
    pub credential_type: CredentialType,
    /// A person's name for it.
    pub name: CredentialName,
    /// The slot it holds, if any.
    pub slot: Option<Slot>,
    /// Where it is in its life.
    pub status: CredentialStatus,
    /// Why it has this status, when there is something to say.
    pub status_reason: Option<String>,
    /// Its public fields, destination included.
    pub config: PublicConfig,
    /// Counts payload versions from 1; part of the AAD.
    pub version: u64,
    /// Counts edits by people and clients from 1; what `If-Match` compares.
    pub revision: u64,
    /// The creating user, when a user created it.
    pub user_id: Option<UserId>,
    /// The Google account that was granted.
    pub google_email: Option<String>,
    /// When it stops working unless a person acts.
    pub expires_at: Option<OffsetDateTime>,
    /// When its access token ends.
    pub access_token_expires_at: Option<OffsetDateTime>,
    /// When it was tested last.
    pub last_tested_at: Option<OffsetDateTime>,
    /// What that test found.
    pub last_test_code: Option<TestCode>,
    /// When its secret was handed out last; written up to a few seconds later.
    pub last_read_at: Option<OffsetDateTime>,
    /// When its token was refreshed last.
    pub refreshed_at: Option<OffsetDateTime>,
    /// When the background refreshes its token next; `None` when there is nothing to refresh, or no way.
    pub refresh_at: Option<OffsetDateTime>,
    /// The OAuth app that its grant belongs to; `None` when its tokens were stored by hand.
    pub oauth_app: Option<OauthAppId>,
    /// The account that was granted, when the provider names it.
    pub account: Option<Account>,
    /// When it was stored.
    pub created_at: OffsetDateTime,
    /// When a person or client changed it last.
    pub updated_at: OffsetDateTime,
    /// `sub` or service account id of its creator.
    pub created_by: String,
    /// `sub` or service account id of who changed it last.
    pub modified_by: String,
}

impl Credential {
    /// Decides whether the secret may be handed out at `now`.
    pub fn readability(&self, now: OffsetDateTime) -> Readability {
        match self.status {
            CredentialStatus::Unverified | CredentialStatus::Validated | CredentialStatus::Rejected => {
                Readability::Readable
            }
            CredentialStatus::Pending => Readability::AuthorizationPending,
            CredentialStatus::NeedsReauth => match self.access_token_expires_at {
                Some(end) if end > now => Readability::Readable,
                _ => Readability::ReauthorizationRequired,
            },
        }
    }

    /// Whether the CRM dialect sees it: it holds the provider's slot there.
    pub fn is_crm(&self) -> bool {
        self.slot.as_ref().is_some_and(|slot| *slot == Slot::crm(&self.provider))
    }

    /// Takes new content that nobody has tested: the next payload version, status `unverified`, and
    /// nothing left of what was known about the old content.
    pub fn take_new_content(&mut self) {
        self.version += 1;
        self.status = CredentialStatus::Unverified;
        self.status_reason = None;
        self.google_email = None;
        self.last_tested_at = None;
        self.last_test_code = None;
        self.refreshed_at = None;
        self.refresh_at = None;
        self.oauth_app = None;
        self.account = None;
    }

    /// Takes what a refresh brought: the next payload version, and its grant is known to be good. Nothing
    /// that people have changed is touched.
    pub fn take_refresh(
        &mut self,
        content: &Content,
        refresh_at: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) {
        self.version += 1;
        self.config = content.config.clone();
        self.access_token_expires_at = content.access_token_expires_at;
        self.refreshed_at = Some(now);
        self.refresh_at = refresh_at;
        self.status_reason = None;
        if matches!(self.status, CredentialStatus::NeedsReauth | CredentialStatus::Rejected) {
            self.status = CredentialStatus::Validated;
        }
    }

    /// Takes note of why it does not refresh.
    pub fn take_problem(&mut self, problem: RefreshProblem) {
        self.status_reason = Some(problem.as_str().to_owned());
        if let Some(status) = problem.status() {
            self.status = status;
            self.refresh_at = None;
        }
    }

    /// How long its access token lives; `None` when that is not known.
    pub fn validity(&self) -> Option<Validity> {
        // A token that a flow has brought is as old as its credential, until it is refreshed or authorised
        // again.
        let issued_at = self.refreshed_at.or_else(|| self.oauth_app.map(|_| self.created_at));
        self.access_token_expires_at.map(|ends_at| Validity { ends_at, issued_at })
    }

    /// Takes what a connection test of its present content has found.
    pub fn take_test(&mut self, report: &TestReport) {
        self.last_tested_at = Some(report.tested_at);
        self.last_test_code = Some(report.code);
        if let Some(status) = report.code.meaning().status() {
            self.status = status;
            self.status_reason = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_id_are_the_same_id() {
        let id = CredentialId::parse("0192f0c1-7b6a-7abc-8def-0123456789ab").unwrap();
        assert_eq!(CredentialId::parse(&id.to_prefixed()).unwrap(), id);
        assert_eq!(CredentialId::parse(&id.to_string().to_uppercase()).unwrap(), id);
        assert_eq!(id.to_prefixed().len(), 30);
    }

    #[test]
    fn other_texts_are_no_ids() {
        let texts = [
            "",
            "1",
            "crd_",
            "crd_8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            "int_01HX9VTPQR3KF8MZWBYD5N6JCE",
            "0192f0c17b6a7abc8def0123456789ab",
            "{0192f0c1-7b6a-7abc-8def-0123456789ab}",
            "urn:uuid:0192f0c1-7b6a-7abc-8def-0123456789ab",
            "crd_01HX9VTPQR3KF8MZWBYD5N6JC",
            "crd_01HX9VTPQR3KF8MZWBYD5N6JCEA",
        ];
        for text in texts {
            assert!(CredentialId::parse(text).is_err(), "{text} was taken for an id");
        }
    }

    #[test]
    fn names_are_trimmed_and_printable() {
        assert_eq!(CredentialName::parse("  Höhle 7 ").unwrap().as_str(), "Höhle 7");
        for bad in ["", "   ", "a\nb", "a\u{202e}b", "\u{feff}x\u{0}", &"x".repeat(201)] {
            assert!(CredentialName::parse(bad).is_err());
        }
    }
}
