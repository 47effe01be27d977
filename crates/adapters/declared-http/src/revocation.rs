use crate::oauth::{ClientAuthentication, Endpoint};

/// How a token is revoked. RFC 7009 asks for a form with `token` and the client; providers that came before
/// it, or went another way, declare the difference.
#[derive(Debug, Clone)]
pub struct Revocation {
    /// The address. The variable `client_id` in its path is the client id of the app.
    pub endpoint: Endpoint,
    /// The method.
    pub method: RevocationMethod,
    /// Whether the parameters are sent as JSON instead of a form.
    pub json_request: bool,
    /// How the app proves who it is; `None` when the client is not named at all.
    pub client_authentication: Option<ClientAuthentication>,
    /// Whether the access token is revoked although there is a refresh token.
    pub access_token_only: bool,
    /// The parameter that holds the token. `None`: the token stands in the header `Authorization`, as
    /// `Bearer`.
    pub parameter: Option<String>,
    /// Headers that the endpoint asks for, with fixed values.
    pub headers: Vec<(String, String)>,
}

/// The methods of requests that revoke a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RevocationMethod {
    /// `POST`, as RFC 7009 has it.
    Post,
    /// `DELETE`, for servers on which a grant is a resource.
    Delete,
}

/// The variable of a revocation address that is the app's client id and no field of the credential.
pub const CLIENT_ID: &str = "client_id";

impl Revocation {
    /// The request of RFC 7009: a form with the parameter `token`, and the client as at the token endpoint.
    pub fn standard(endpoint: Endpoint, client_authentication: ClientAuthentication) -> Self {
        Self {
            endpoint,
            method: RevocationMethod::Post,
            json_request: false,
            client_authentication: Some(client_authentication),
            access_token_only: false,
            parameter: Some("token".to_owned()),
            headers: Vec::new(),
        }
    }
}
