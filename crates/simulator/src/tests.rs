//! Tests every provider by its own file: the requests are made from the overlay's steps, and the tester's own
//! reading of the rules judges the answers.

mod client;
mod credentials;
mod misbehaviour;
mod mistakes;
mod oauth;
mod overlay;
mod providers;
mod signatures;
mod tester;

use std::collections::BTreeSet;
use std::ops::Deref;
use std::sync::Arc;

use serde_json::Value;
use strongroom_catalog_files::FileCatalog;
use strongroom_declared_http::{Declarations, HttpTest, OauthRequests};
use strongroom_domain::{CredentialType, Json, Provider, SecretText, Submission};
use strongroom_environment::{Catalog, Clock};
use strongroom_fixtures::FrozenClock;
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::{Credentials, Marker, Simulator, SimulatorOptions, credentials::fill};

/// A simulator and the catalog of its overlay.
struct World {
    simulator: Simulator,
    overlay: FileCatalog,
    folder: TempDir,
}

impl World {
    async fn start() -> Self {
        Self::at(FrozenClock::default().now()).await
    }

    /// A world whose AWS has this time.
    async fn at(time: OffsetDateTime) -> Self {
        let options = SimulatorOptions { time: Some(time), ..SimulatorOptions::default() };
        let simulator = Simulator::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        simulator.write_overlay(folder.path()).unwrap();
        let overlay = FileCatalog::with_overlay(folder.path()).unwrap();
        Self { simulator, overlay, folder }
    }

    fn provider(&self, id: &str) -> Played {
        self.played(self.overlay.find(id).unwrap())
    }

    /// The providers that people can grant access to, as the overlay has them.
    fn grantors(&self) -> Vec<Played> {
        let has_flow = |provider: &Played| {
            provider.oauth.as_ref().is_some_and(|server| server.credential_type.is_oauth())
        };
        self.all().into_iter().filter(has_flow).collect()
    }

    /// The providers with an HTTP test, as the overlay has them.
    fn providers(&self) -> Vec<Played> {
        self.all().into_iter().filter(|provider| http_test(provider).is_some()).collect()
    }

    fn all(&self) -> Vec<Played> {
        self.overlay.all().into_iter().map(|provider| self.played(provider)).collect()
    }

    fn played(&self, provider: Arc<Provider>) -> Played {
        Played { provider, declarations: self.overlay.declarations() }
    }
}

/// A provider, and what its file declares about HTTP.
#[derive(Clone)]
struct Played {
    provider: Arc<Provider>,
    declarations: Arc<Declarations>,
}

impl Played {
    /// The requests to its authorization server, which it must have.
    fn requests(&self) -> &OauthRequests {
        self.declarations.oauth(&self.provider.id).unwrap()
    }
}

impl Deref for Played {
    type Target = Arc<Provider>;

    fn deref(&self) -> &Arc<Provider> {
        &self.provider
    }
}

fn http_test(played: &Played) -> Option<&HttpTest> {
    played.declarations.test(&played.provider.id)
}

/// The credentials in the form in which the vault's own content check reads them.
fn submission(credentials: &Credentials) -> Submission {
    let value = |value: &Value| match value {
        Value::String(text) => Json::Text(SecretText::new(text.clone())),
        Value::Bool(truth) => Json::Boolean(*truth),
        Value::Number(number) => Json::Integer(number.as_i64().unwrap()),
        Value::Array(_) => Json::Array(Vec::new()),
        _ => Json::Object(Vec::new()),
    };
    credentials.iter().map(|(name, found)| (name.clone(), value(found))).collect()
}

/// Every way through a provider's test: for each type and each step of the test, the smallest credential with
/// which the step is made.
fn ways(provider: &Played) -> Vec<(CredentialType, BTreeSet<String>)> {
    let mut ways = Vec::new();
    for (kind, rules) in &provider.types {
        let groups = if rules.any_of.is_empty() { vec![Vec::new()] } else { rules.any_of.clone() };
        for group in &groups {
            for step in &http_test(provider).unwrap().steps {
                let names: BTreeSet<String> =
                    rules.required.iter().chain(group).chain(&step.conditions.needs).cloned().collect();
                if step.conditions.admit(*kind, |name| names.contains(name))
                    && !ways.contains(&(*kind, names.clone()))
                {
                    ways.push((*kind, names));
                }
            }
        }
    }
    ways
}

fn marked(provider: &Played, way: &(CredentialType, BTreeSet<String>), marker: Marker) -> Credentials {
    fill(provider, http_test(provider), (way.0, marker), &way.1)
        .unwrap_or_else(|error| panic!("{}: {error}", provider.id))
}
