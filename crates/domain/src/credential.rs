//! Credentials: identity, name, slot, status and the metadata that is safe to show.

use std::time::Duration;

use time::OffsetDateTime;

use crate::config::PublicConfig;
use crate::connection_test::{TestCode, TestReport};
use crate::content::Content;
use crate::credential_id::CredentialId;
use crate::credential_status::CredentialStatus;
use crate::credential_type::CredentialType;
use crate::form::TextForm;
use crate::issuer::Issuer;
use crate::names::{PRINTABLE_NAME, printable_name};
use crate::oauth::{Account, OauthAppId, RefreshProblem, Validity};
use crate::organization::OrganizationId;
use crate::provider_id::ProviderId;
use crate::status_reason::StatusReason;
use crate::user_id::UserId;
use crate::violation::Rule;

/// How long a token of client credentials is handed out when nothing says how long it lives. RFC 6749,
/// section 5.1, leaves that to the documentation of the server; an hour is usual.
pub const UNKNOWN_LIFE: Duration = Duration::from_secs(3_600);

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

    /// A slot read back from the store, or looked for there. It is not checked: whoever writes a slot has it
    /// from [`Self::parse`] or [`Self::crm`], and a row that somebody else has changed holds a slot that no
    /// client can ask for, but can still be shown and deleted.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The slot as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
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
    pub status_reason: Option<StatusReason>,
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
    /// When its refresh token ends, when the provider has said it.
    pub grant_expires_at: Option<OffsetDateTime>,
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
    /// The issuer of its creator's token; absent for API keys, commands and what earlier builds have stored.
    pub issuer: Option<Issuer>,
    /// `sub` or service account id of who changed it last.
    pub modified_by: String,
}

/// What a credential begins with.
#[derive(Debug)]
pub struct FirstVersion<'a> {
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
    /// Its content.
    pub content: &'a Content,
    /// `sub` or service account id of its creator.
    pub by: &'a str,
    /// The issuer of its creator's token.
    pub issuer: Option<Issuer>,
    /// When it is stored.
    pub at: OffsetDateTime,
}

impl Credential {
    /// A first version, untested, with nothing else said about it.
    pub fn first(new: FirstVersion<'_>) -> Self {
        Self {
            organization: new.organization,
            id: new.id,
            provider: new.provider,
            credential_type: new.credential_type,
            name: new.name,
            slot: None,
            status: CredentialStatus::Unverified,
            status_reason: None,
            config: new.content.config.clone(),
            version: 1,
            revision: 1,
            user_id: None,
            google_email: None,
            expires_at: None,
            access_token_expires_at: new.content.access_token_expires_at,
            grant_expires_at: new.content.grant_expires_at,
            last_tested_at: None,
            last_test_code: None,
            last_read_at: None,
            refreshed_at: None,
            refresh_at: None,
            oauth_app: None,
            account: None,
            created_at: new.at,
            updated_at: new.at,
            created_by: new.by.to_owned(),
            issuer: new.issuer,
            modified_by: new.by.to_owned(),
        }
    }

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
        self.grant_expires_at = None;
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
        self.grant_expires_at = content.grant_expires_at;
        self.refreshed_at = Some(now);
        self.refresh_at = refresh_at;
        self.status_reason = None;
        if CredentialStatus::ENDED_BY_A_REFRESH.contains(&self.status) {
            self.status = CredentialStatus::Validated;
        }
    }

    /// Takes note of why it does not refresh.
    pub fn take_problem(&mut self, problem: RefreshProblem) {
        self.status_reason = Some(StatusReason::Refresh(problem));
        if let Some(status) = problem.status() {
            self.status = status;
            self.refresh_at = None;
        }
    }

    /// When it stops working unless a person acts: the end that its owner stated, else that of its grant.
    pub fn ends_at(&self) -> Option<OffsetDateTime> {
        self.expires_at.or(self.grant_expires_at)
    }

    /// Whether a reader of client credentials has to wait for a token whose life is not known: there is none
    /// yet, or it is older than [`UNKNOWN_LIFE`].
    pub fn is_without_token(&self, now: OffsetDateTime) -> bool {
        self.credential_type == CredentialType::ClientCredentials
            && self.refreshed_at.is_none_or(|at| at + UNKNOWN_LIFE <= now)
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
