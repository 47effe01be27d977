//! The content of a grant while it waits beside its flow, as fields of the flow's sealed payload.

use strongroom_domain::{Account, Content, PublicConfig, SecretPayload, SecretText, timestamp};

const CONFIG: &str = "config";
const ENDS_AT: &str = "access_token_expires_at";
const GRANT_ENDS_AT: &str = "grant_expires_at";
const ACCOUNT_ID: &str = "account_id";
const ACCOUNT_NAME: &str = "account_name";
/// The prefix of the names of secret fields.
const SECRET: &str = "secret.";

/// New content of a credential that is authorised again.
pub(crate) struct GrantedContent {
    pub(crate) content: Content,
    pub(crate) account: Option<Account>,
}

impl GrantedContent {
    pub(crate) fn into_payload(self) -> SecretPayload {
        let mut payload = SecretPayload::default();
        let mut put = |name: &str, text: String| payload.insert(name, SecretText::new(text));
        put(CONFIG, self.content.config.to_canonical_json());
        let ends =
            [(ENDS_AT, self.content.access_token_expires_at), (GRANT_ENDS_AT, self.content.grant_expires_at)];
        for (name, end) in ends {
            if let Some(end) = end {
                put(name, timestamp::format(end));
            }
        }
        if let Some(account) = self.account {
            put(ACCOUNT_ID, account.id);
            if let Some(name) = account.name {
                put(ACCOUNT_NAME, name);
            }
        }
        for (name, text) in self.content.secret.iter() {
            payload.insert(format!("{SECRET}{name}"), text.duplicate());
        }
        payload
    }

    /// Reads what [`Self::into_payload`] wrote; `None` when the payload is something else.
    pub(crate) fn from_payload(payload: &SecretPayload) -> Option<Self> {
        let text = |name: &str| payload.get(name).map(|text| text.expose().to_owned());
        let config = PublicConfig::from_canonical_json(&text(CONFIG)?).ok()?;
        let end = |name| text(name).and_then(|end| timestamp::parse(&end).ok());
        let (access_token_expires_at, grant_expires_at) = (end(ENDS_AT), end(GRANT_ENDS_AT));
        let mut secret = SecretPayload::default();
        for (name, value) in payload.iter() {
            if let Some(name) = name.strip_prefix(SECRET) {
                secret.insert(name, value.duplicate());
            }
        }
        let account = text(ACCOUNT_ID).map(|id| Account { id, name: text(ACCOUNT_NAME) });
        let content =
            Content { config, secret, access_token_expires_at, grant_expires_at, ..Content::default() };
        Some(Self { content, account })
    }
}
