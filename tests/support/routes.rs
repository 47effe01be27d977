//! Requests for every route of the table, for tests that must not leave one out.

use reqwest::Method;
use serde_json::{Value, json};
use strongroom_domain::Operation;
use strongroom_http_kit::Dialect;
use strongroom_server::DIALECTS;

use super::client::sftp;

/// Ids to put into paths and bodies.
pub(crate) struct Targets {
    pub(crate) credential: String,
    pub(crate) slot: String,
    pub(crate) account: String,
    pub(crate) key: String,
    /// An OAuth app.
    pub(crate) app: String,
    /// A provider that is connected.
    pub(crate) connected: &'static str,
    /// A CRM that has credentials.
    pub(crate) crm: &'static str,
}

impl Request {
    /// Whether only an admin may send this request, and no service account.
    pub(crate) fn is_for_admins(&self) -> bool {
        matches!(
            self.operation,
            Operation::ManageServiceAccounts | Operation::ManageApiKeys | Operation::ManageOauthApps
        )
    }
}

impl Targets {
    /// Ids that do not exist.
    pub(crate) fn nowhere() -> Self {
        Self {
            credential: "0192f0c1-7b6a-7abc-8def-0123456789ab".into(),
            slot: "nobody".into(),
            account: "0192f0c1-7b6a-7abc-8def-0123456789ac".into(),
            key: "aaaaaaaaaaaaaaaa".into(),
            app: "0192f0c1-7b6a-7abc-8def-0123456789ad".into(),
            connected: "opsgenie",
            crm: "zoho",
        }
    }
}

/// A request that a route accepts.
pub(crate) struct Request {
    pub(crate) dialect: &'static Dialect,
    pub(crate) method: Method,
    pub(crate) template: &'static str,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    pub(crate) operation: Operation,
    /// Whether the request names something that an organisation owns, which must not be found from another
    /// one.
    pub(crate) names_something: bool,
}

/// Returns a well-formed request for every protected route of every dialect.
///
/// # Panics
/// When a route has no entry here, because the matrices would not cover it.
pub(crate) fn protected(targets: &Targets) -> Vec<Request> {
    let routes =
        DIALECTS.iter().flat_map(|dialect| dialect.routes.iter().map(move |route| (*dialect, route)));
    let protected = routes.filter_map(|(dialect, route)| Some((dialect, route, route.operation()?)));
    protected
        .map(|(dialect, route, operation)| {
            let method = (route.method)();
            Request {
                dialect,
                method: Method::from_bytes(method.as_str().as_bytes()).unwrap(),
                template: route.path,
                path: route
                    .path
                    .replace("{credential_id}", &targets.credential)
                    .replace("{slot}", &targets.slot)
                    .replace("{service_account_id}", &targets.account)
                    .replace("{key_id}", &targets.key)
                    .replace("{app_id}", &targets.app)
                    .replace("{provider}", provider(method.as_str(), route.path, targets)),
                body: body(method.as_str(), route.path, targets),
                operation,
                names_something: names_something(method.as_str(), route.path),
            }
        })
        .collect()
}

/// The provider in a path. Where another organisation could own something of it, the calling organisation has
/// nothing.
fn provider(method: &str, path: &str, targets: &Targets) -> &'static str {
    match (method, path) {
        (_, "/v1/integrations/{provider}/connect") => targets.connected,
        (_, "/v1/integrations/{provider}/credentials") => "pagerduty",
        (_, "/integration-credentials/provider/{provider}") => targets.crm,
        (_, path) if path.starts_with("/integrations/") => "internal_postgresql",
        _ if !path.contains("{provider}") => "",
        _ => panic!("{method} {path} has no entry in tests/support/routes.rs"),
    }
}

/// Whether a request names something that an organisation can own, in its path or its body.
fn names_something(method: &str, path: &str) -> bool {
    match (method, path) {
        ("POST", "/integrations/credentials/secrets")
        | (_, "/v1/integrations/{provider}/connect" | "/integration-credentials/provider/{provider}") => true,
        (_, path) => path.contains("_id}") || path.contains("{slot}"),
    }
}

fn body(method: &str, path: &str, targets: &Targets) -> Option<Value> {
    match (method, path) {
        ("POST", "/integrations/credentials") => Some(sftp("a-password")),
        ("POST", "/integrations/credentials/secrets") => Some(json!({ "ids": [targets.credential] })),
        ("PATCH", "/integrations/credentials/{credential_id}") => {
            Some(json!({ "name": "renamed by another" }))
        }
        ("POST", "/v1/integrations/{provider}/credentials") => {
            Some(json!({ "credentials": { "api_key": "pd_api_key_EXAMPLE" } }))
        }
        ("POST", "/v1/integrations/{provider}/connect") => {
            Some(json!({ "credentialId": targets.credential }))
        }
        ("POST", "/integration-credentials/" | "/integration-credentials") => Some(json!({
            "provider": "hubspot", "dsn": "https://api.hubapi.com", "access_token": "pat-na1-EXAMPLE"
        })),
        ("PUT", "/integration-credentials/{credential_id}") => {
            Some(json!({ "metadata": { "note": "changed by another" } }))
        }
        ("POST", "/service-accounts") => Some(json!({ "name": "robot" })),
        ("PATCH", "/service-accounts/{service_account_id}") => Some(json!({ "name": "renamed by another" })),
        ("POST", "/service-accounts/{service_account_id}/api-keys") => Some(json!({ "name": "key" })),
        // The egress policy refuses these destinations, so nothing leaves the machine.
        ("POST", "/integrations/sftp/test-connection") => Some(json!({
            "host": "127.0.0.1", "username": "etl", "auth_type": "password", "password": "a-password"
        })),
        ("POST", "/integrations/postgres/test-connection") => Some(postgres()),
        ("POST", "/integrations/{provider}/test-connection") => {
            Some(json!({ "credential_type": "user_password", "credentials": postgres() }))
        }
        ("POST", "/integrations/oauth/complete") => {
            Some(json!({ "state": "a-state-of-nobody", "completion_code": "a-code-of-nobody" }))
        }
        ("POST", "/integrations/oauth/apps") => {
            Some(json!({ "provider": "google", "client_id": "app.example.com", "client_secret": "a-secret" }))
        }
        ("PATCH", "/integrations/oauth/apps/{app_id}") => Some(json!({ "client_secret": "set by another" })),
        ("POST", path)
            if ["/test", "/refresh", "/test-connection/{credential_id}"]
                .iter()
                .any(|end| path.ends_with(end)) =>
        {
            None
        }
        ("GET" | "DELETE", _) => None,
        _ => panic!("{method} {path} has no entry in tests/support/routes.rs"),
    }
}

fn postgres() -> Value {
    json!({ "host": "127.0.0.1", "database": "sales", "username": "app", "password": "a-password" })
}

/// The public routes: method and path.
pub(crate) fn public() -> Vec<(String, &'static str)> {
    let routes = DIALECTS.iter().flat_map(|dialect| dialect.routes);
    let public = routes.filter(|route| route.operation().is_none());
    public.map(|route| ((route.method)().to_string(), route.path)).collect()
}
