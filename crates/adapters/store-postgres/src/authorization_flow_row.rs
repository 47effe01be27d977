use diesel::prelude::*;
use strongroom_domain::oauth::{Completion, Connects, FlowId, Initiator};
use strongroom_domain::{
    Actor, AuthorizationFlow, CredentialId, CredentialName, CredentialType, KekId, OauthAppId, ProviderId,
    PublicConfig, Sealed, UserId,
};
use strongroom_repository::{SealedFlow, StoreResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::bad_row::{RowName, stored_counter};
use crate::schema::authorization_flows;

/// A flow that nobody has come back from.
pub(crate) const BEGUN: &str = "begun";
/// A flow whose callback is under way, or failed.
pub(crate) const TAKEN: &str = "taken";
/// A flow that waits for its completion.
pub(crate) const GRANTED: &str = "granted";

/// What is known of a flow.
#[derive(Queryable, Selectable)]
#[diesel(table_name = authorization_flows)]
pub(crate) struct FlowRow {
    org_id: String,
    id: Uuid,
    state_hash: Vec<u8>,
    provider: String,
    credential_type: String,
    oauth_app_id: Option<Uuid>,
    actor: String,
    initiator_id: String,
    user_id: Option<String>,
    subject_hash: Option<Vec<u8>>,
    redirect_uri: String,
    redirect_to: Option<String>,
    name: String,
    scope: String,
    inputs: String,
    completion: String,
    credential_id: Uuid,
    reauthorizes: Option<i64>,
    connects: Option<Uuid>,
    created_at: OffsetDateTime,
}

/// A flow and what is sealed beside it.
#[derive(Queryable, Selectable)]
#[diesel(table_name = authorization_flows)]
pub(crate) struct SealedFlowRow {
    #[diesel(embed)]
    flow: FlowRow,
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
    completion_hash: Option<Vec<u8>>,
}

/// Everything of a new flow but its end, which the server's clock decides.
#[derive(Insertable)]
#[diesel(table_name = authorization_flows)]
pub(crate) struct NewFlow<'f> {
    org_id: &'f str,
    id: Uuid,
    state_hash: &'f [u8],
    stage: &'static str,
    provider: &'f str,
    credential_type: &'f str,
    oauth_app_id: Option<Uuid>,
    actor: &'f str,
    initiator_id: &'f str,
    user_id: Option<&'f str>,
    subject_hash: Option<&'f [u8]>,
    redirect_uri: &'f str,
    redirect_to: Option<&'f str>,
    name: &'f str,
    scope: &'f str,
    inputs: String,
    completion: &'static str,
    credential_id: Uuid,
    reauthorizes: Option<i64>,
    connects: Option<Uuid>,
    kek_id: &'f [u8],
    envelope: &'f [u8],
    created_at: OffsetDateTime,
}

impl<'f> NewFlow<'f> {
    pub(crate) fn of(new: &'f SealedFlow) -> StoreResult<Self> {
        let (flow, initiator) = (&new.flow, &new.flow.initiator);
        Ok(Self {
            org_id: flow.organization.as_str(),
            id: flow.id.0,
            state_hash: &flow.state,
            stage: BEGUN,
            provider: flow.provider.as_str(),
            credential_type: flow.credential_type.as_str(),
            oauth_app_id: flow.app.map(|app| app.0),
            actor: initiator.actor.as_str(),
            initiator_id: &initiator.id,
            user_id: initiator.user.as_ref().map(UserId::as_str),
            subject_hash: initiator.subject.as_ref().map(|digest| digest.as_slice()),
            redirect_uri: &flow.redirect_uri,
            redirect_to: flow.redirect_to.as_deref(),
            name: flow.name.as_str(),
            scope: &flow.scope,
            inputs: flow.inputs.to_canonical_json(),
            completion: flow.completion.as_str(),
            credential_id: flow.credential.0,
            reauthorizes: flow.reauthorizes.map(stored_counter).transpose()?,
            connects: flow.connects.map(|connection| connection.0),
            kek_id: &new.sealed.kek_id.0,
            envelope: &new.sealed.envelope,
            created_at: flow.created_at,
        })
    }
}

impl FlowRow {
    pub(crate) fn read(self) -> StoreResult<AuthorizationFlow> {
        let row = RowName { table: "authorization_flows", organization: &self.org_id, id: &self.id };
        let reauthorizes = self.reauthorizes.map(|version| row.counter("reauthorizes", version));
        let subject = self.subject_hash.map(|digest| row.bytes("subject_hash", digest));
        Ok(AuthorizationFlow {
            organization: row.organization()?,
            id: FlowId(self.id),
            state: row.bytes("state_hash", self.state_hash)?,
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            credential_type: row.column("credential_type", CredentialType::parse(&self.credential_type))?,
            app: self.oauth_app_id.map(OauthAppId),
            initiator: Initiator {
                actor: Actor::from_stored(self.actor),
                id: self.initiator_id,
                user: row.column("user_id", self.user_id.as_deref().map(UserId::parse).transpose())?,
                subject: subject.transpose()?,
            },
            redirect_uri: self.redirect_uri,
            redirect_to: self.redirect_to,
            name: row.column("name", CredentialName::parse(&self.name))?,
            scope: self.scope,
            inputs: row.column("inputs", PublicConfig::from_canonical_json(&self.inputs))?,
            completion: row.column("completion", Completion::parse(&self.completion))?,
            credential: CredentialId(self.credential_id),
            reauthorizes: reauthorizes.transpose()?,
            connects: self.connects.map(Connects),
            created_at: self.created_at,
        })
    }
}

impl SealedFlowRow {
    pub(crate) fn read(self) -> StoreResult<SealedFlow> {
        let row =
            RowName { table: "authorization_flows", organization: &self.flow.org_id, id: &self.flow.id };
        let sealed = Sealed { kek_id: KekId(row.bytes("kek_id", self.kek_id)?), envelope: self.envelope };
        let completion_code = self.completion_hash.map(|digest| row.bytes("completion_hash", digest));
        Ok(SealedFlow { completion_code: completion_code.transpose()?, flow: self.flow.read()?, sealed })
    }
}
