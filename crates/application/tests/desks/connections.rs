//! The connect dialect: a provider is connected with a credential that is known to work, and with one only.

mod connecting;
mod disconnecting;
mod listing;

use strongroom_application::{Application, Caller, ConnectIntegration, Connecting, Failure};
use strongroom_domain::{Credential, CredentialId, CredentialStatus, Integration};

use crate::house::{House, admitted};

/// Connects `metrics` with a credential.
async fn connect(app: &Application, caller: &Caller, id: CredentialId) -> Result<Integration, Failure> {
    let asked = ConnectIntegration {
        provider: "METRICS".into(),
        credential_id: Some(id),
        ..ConnectIntegration::default()
    };
    match app.connections.connect(&admitted(app, caller), asked).await? {
        Connecting::Connected(integration) => Ok(integration),
        Connecting::Begun(begun) => panic!("{begun:?}"),
    }
}

async fn disconnect(app: &Application, caller: &Caller, provider: &str) -> Result<(), Failure> {
    app.connections.disconnect(&admitted(app, caller), provider).await
}

/// Puts an API key of `metrics` in this status into acme's part of the store.
fn stored_as(house: &House, status: CredentialStatus) -> Credential {
    let mut stored = house.stored();
    stored.status = status;
    house.put(&stored, &[("api_key", "k-1")]);
    stored
}
