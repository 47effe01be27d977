//! What all provider files declare about HTTP.

use std::collections::BTreeMap;

use strongroom_domain::ProviderId;

use crate::oauth::OauthRequests;
use crate::steps::HttpTest;

/// What one provider file declares about HTTP.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The requests of its test, when it is tested over HTTP.
    pub test: Option<HttpTest>,
    /// The requests to its authorization server, when it has one.
    pub oauth: Option<OauthRequests>,
}

/// What provider files declare about HTTP, by provider. It is read once, together with the catalog, and given
/// to the adapters that send requests when they are built.
#[derive(Debug, Clone, Default)]
pub struct Declarations(BTreeMap<ProviderId, Declared>);

impl Declarations {
    /// Adds what a file declares. It replaces what an earlier file declared for the same provider.
    pub fn insert(&mut self, provider: ProviderId, declared: Declared) {
        self.0.insert(provider, declared);
    }

    /// The requests of a provider's test.
    pub fn test(&self, provider: &ProviderId) -> Option<&HttpTest> {
        self.0.get(provider)?.test.as_ref()
    }

    /// The requests to a provider's authorization server.
    pub fn oauth(&self, provider: &ProviderId) -> Option<&OauthRequests> {
        self.0.get(provider)?.oauth.as_ref()
    }
}
