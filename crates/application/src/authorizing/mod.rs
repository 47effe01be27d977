//! The desk for authorizations: it begins a flow, takes the callback of the browser, keeps the grant until
//! the flow is completed, and ends flows that are not completed in time. It also keeps the OAuth apps of
//! organisations.

mod apps;
mod begin;
mod callback;
mod complete;
mod events;
mod expire;
mod granted_content;
mod keep;
mod kept;
mod turns;

pub use apps::{NewOauthApp, ShownOauthApp};
pub use begin::{BeginAuthorization, BegunAuthorization};
pub use callback::{CallbackRefused, Confirmation, ReceiveCallback, Received};
pub use complete::{CompleteAuthorization, ConfirmAuthorization, Confirmed};

use std::sync::Arc;

use strongroom_authorization_server::AuthorizationServer;
use strongroom_environment::{Catalog, Clock, Ids, Randomness};
use strongroom_repository::{AuthorizationFlowRepository, CredentialRepository, OauthAppRepository};
use strongroom_vault::PurposeKeys;

use self::turns::CallbackTurns;
use crate::ground::{Gate, Ground, OauthClients, Places, Rows, Schedule, Sealing, Trials};
use crate::{Limits, OauthSettings, Ports};

/// Handles authorizations from beginning to end.
pub struct Authorizing {
    gate: Gate,
    rows: Rows,
    sealing: Sealing,
    schedule: Schedule,
    clients: OauthClients,
    settings: Arc<OauthSettings>,
    flows: Arc<dyn AuthorizationFlowRepository>,
    credentials: Arc<dyn CredentialRepository>,
    apps: Arc<dyn OauthAppRepository>,
    server: Arc<dyn AuthorizationServer>,
    purpose_keys: Arc<dyn PurposeKeys>,
    catalog: Arc<dyn Catalog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    randomness: Arc<dyn Randomness>,
    /// How many credentials an organisation may hold per provider, unless it has a limit of its own.
    per_provider: u32,
    places: Arc<Places>,
    trials: Arc<Trials>,
    turns: CallbackTurns,
}

impl Authorizing {
    pub(crate) fn new(ports: &Ports, ground: &Ground, limits: &Limits) -> Self {
        Self {
            gate: ground.gate.clone(),
            rows: ground.rows.clone(),
            sealing: ground.sealing.clone(),
            schedule: ground.schedule.clone(),
            clients: ground.clients.clone(),
            settings: ground.settings.clone(),
            flows: ports.authorization_flows.clone(),
            credentials: ports.credentials.clone(),
            apps: ports.oauth_apps.clone(),
            server: ports.authorization_server.clone(),
            purpose_keys: ports.purpose_keys.clone(),
            catalog: ports.catalog.clone(),
            clock: ports.clock.clone(),
            ids: ports.ids.clone(),
            randomness: ports.randomness.clone(),
            per_provider: limits.credentials_per_provider,
            places: ground.oauth_places.clone(),
            trials: ground.trials.clone(),
            turns: CallbackTurns::default(),
        }
    }
}
