//! The operator's settings for OAuth.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use strongroom_domain::SecretText;
use strongroom_domain::oauth::{Completion, RedirectAllowList, RedirectTarget};

/// Settings of OAuth flows.
#[derive(Debug, Clone)]
pub struct OauthSettings {
    /// The address at which people reach this service: scheme, host and port, perhaps a path, without a slash
    /// at the end. Without it no flow can begin.
    pub public_url: Option<String>,
    /// Who completes a flow.
    pub completion: Completion,
    /// The places to which people may be sent afterwards.
    pub redirects: RedirectAllowList,
    /// The operator's own apps by their names in provider files.
    pub apps: BTreeMap<String, Arc<ConfiguredApp>>,
    /// Whether a read of an OAuth credential also returns its refresh token.
    pub hand_out_refresh_tokens: bool,
}

/// An OAuth app of the operator.
#[derive(Debug)]
pub struct ConfiguredApp {
    /// Its client id.
    pub client_id: String,
    /// Its client secret; a public client has none.
    pub client_secret: Option<SecretText>,
    /// The hosts at which it is used, in lower case, where an app belongs to one instance of its provider.
    pub hosts: BTreeSet<String>,
}

impl OauthSettings {
    /// Scheme, host and port of the public URL.
    pub fn origin(&self) -> Option<String> {
        RedirectTarget::from_stored(self.public_url.as_deref()?).map(|url| url.origin())
    }
}
