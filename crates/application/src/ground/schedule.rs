//! Decides when a credential is refreshed, and when it ends.

use std::sync::Arc;

use strongroom_domain::oauth::{REFRESH_TOKEN, Validity, refresh_at};
use strongroom_domain::{Content, Credential, CredentialType};
use strongroom_environment::{Catalog, Clock, Randomness};
use time::OffsetDateTime;

/// Decides when the background refreshes a credential. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Schedule {
    pub(crate) catalog: Arc<dyn Catalog>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
}

impl Schedule {
    /// Whether there is a way to refresh credentials of this provider and type.
    pub(crate) fn can_refresh(&self, credential: &Credential) -> bool {
        let provider = self.catalog.find(credential.provider.as_str());
        let Some(server) = provider.as_ref().and_then(|provider| provider.oauth.as_ref()) else {
            return false;
        };
        match credential.credential_type {
            CredentialType::ClientCredentials => server.client_credentials.is_some(),
            kind => kind.is_oauth(),
        }
    }

    /// When the background refreshes new content that a caller has stored.
    pub(crate) fn first_refresh(&self, credential: &Credential, content: &Content) -> Option<OffsetDateTime> {
        let refreshable = self.can_refresh(credential)
            && credential.credential_type.is_oauth()
            && content.secret.get(REFRESH_TOKEN).is_some();
        self.next_refresh(credential, refreshable)
    }

    /// When the background refreshes a new grant.
    pub(crate) fn next_refresh(&self, credential: &Credential, refreshable: bool) -> Option<OffsetDateTime> {
        let ends_at = credential.access_token_expires_at.filter(|_| refreshable)?;
        let now = self.clock.now();
        Some(refresh_at(Validity { ends_at, issued_at: Some(now) }, now, self.jitter()))
    }

    /// A random number between 0 and 1 that spreads attempts over time.
    pub(crate) fn jitter(&self) -> f64 {
        let mut byte = [0; 1];
        // Without randomness attempts are not spread, which does no harm. Code that needs randomness to be
        // safe reports its absence itself.
        self.randomness.fill(&mut byte).ok();
        f64::from(byte[0]) / 255.0
    }
}

/// When a credential stops working unless a person acts. It is the end that its owner stated. Without one it
/// is the end of the token, for a grant that cannot be refreshed. Otherwise it is unknown.
pub(crate) fn end_of_life(
    stated: Option<OffsetDateTime>,
    kind: CredentialType,
    content: &Content,
) -> Option<OffsetDateTime> {
    let refreshable = !kind.is_oauth() || content.secret.get(REFRESH_TOKEN).is_some();
    stated.or(if refreshable { None } else { content.access_token_expires_at })
}
