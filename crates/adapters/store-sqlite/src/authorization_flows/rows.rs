use diesel::prelude::*;
use strongroom_domain::oauth::{Completion, Connects, FlowId, Initiator};
use strongroom_domain::{
    Actor, AuthorizationFlow, CredentialId, CredentialName, CredentialType, KekId, OauthAppId, ProviderId,
    PublicConfig, Sealed, UserId,
};
use strongroom_repository::SealedFlow;

use crate::columns::{Row, blob, integer, micros};
use crate::failure::{BadColumn, RowKey};
use crate::schema::authorization_flows;

/// Everything but stage, end and what is sealed.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_flows)]
pub(super) struct FlowRow {
    org_id: String,
    id: Vec<u8>,
    state_hash: Vec<u8>,
    provider: String,
    credential_type: String,
    oauth_app_id: Option<Vec<u8>>,
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
    credential_id: Vec<u8>,
    reauthorizes: Option<i64>,
    connects: Option<Vec<u8>>,
    created_at: i64,
}

/// What is sealed, and the digest of the completion code.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authorization_flows)]
pub(super) struct SealedRow {
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
    completion_hash: Option<Vec<u8>>,
}

impl FlowRow {
    pub(super) fn of(flow: &AuthorizationFlow) -> Self {
        let initiator = &flow.initiator;
        Self {
            org_id: flow.organization.as_str().to_owned(),
            id: blob(flow.id.0),
            state_hash: flow.state.to_vec(),
            provider: flow.provider.as_str().to_owned(),
            credential_type: flow.credential_type.as_str().to_owned(),
            oauth_app_id: flow.app.map(|app| blob(app.0)),
            actor: initiator.actor.as_str().to_owned(),
            initiator_id: initiator.id.clone(),
            user_id: initiator.user.as_ref().map(|user| user.as_str().to_owned()),
            subject_hash: initiator.subject.map(|digest| digest.to_vec()),
            redirect_uri: flow.redirect_uri.clone(),
            redirect_to: flow.redirect_to.clone(),
            name: flow.name.as_str().to_owned(),
            scope: flow.scope.clone(),
            inputs: flow.inputs.to_canonical_json(),
            completion: flow.completion.as_str().to_owned(),
            credential_id: blob(flow.credential.0),
            reauthorizes: flow.reauthorizes.map(integer),
            connects: flow.connects.map(|connection| blob(connection.0)),
            created_at: micros(flow.created_at),
        }
    }

    pub(super) fn into_flow(self) -> Result<AuthorizationFlow, BadColumn> {
        let row =
            Row { table: "authorization_flows", organization: &self.org_id, key: RowKey::Bytes(&self.id) };
        let app = self.oauth_app_id.map(|id| row.uuid("oauth_app_id", &id)).transpose()?;
        let subject = self.subject_hash.map(|digest| row.bytes("subject_hash", &digest)).transpose()?;
        let reauthorizes = self.reauthorizes.map(|version| row.count("reauthorizes", version)).transpose()?;
        let connects = self.connects.map(|id| row.uuid("connects", &id)).transpose()?;
        Ok(AuthorizationFlow {
            organization: row.organization()?,
            id: FlowId(row.uuid("id", &self.id)?),
            state: row.bytes("state_hash", &self.state_hash)?,
            provider: row.read("provider", ProviderId::parse(&self.provider))?,
            credential_type: row.read("credential_type", CredentialType::parse(&self.credential_type))?,
            app: app.map(OauthAppId),
            initiator: Initiator {
                actor: Actor::from_stored(self.actor),
                id: self.initiator_id,
                user: row.read("user_id", self.user_id.as_deref().map(UserId::parse).transpose())?,
                subject,
            },
            redirect_uri: self.redirect_uri,
            redirect_to: self.redirect_to,
            name: row.read("name", CredentialName::parse(&self.name))?,
            scope: self.scope,
            inputs: row.read("inputs", PublicConfig::from_canonical_json(&self.inputs))?,
            completion: row.read("completion", Completion::parse(&self.completion))?,
            credential: CredentialId(row.uuid("credential_id", &self.credential_id)?),
            reauthorizes,
            connects: connects.map(Connects),
            created_at: row.time("created_at", self.created_at)?,
        })
    }
}

impl SealedRow {
    pub(super) fn of(sealed: &Sealed, completion_code: Option<&[u8]>) -> Self {
        Self {
            kek_id: sealed.kek_id.0.to_vec(),
            envelope: sealed.envelope.clone(),
            completion_hash: completion_code.map(<[u8]>::to_vec),
        }
    }
}

/// Reads back a flow with what is sealed.
pub(super) fn sealed((flow, sealed): (FlowRow, SealedRow)) -> Result<SealedFlow, BadColumn> {
    let row = Row { table: "authorization_flows", organization: &flow.org_id, key: RowKey::Bytes(&flow.id) };
    let kek_id = KekId(row.bytes("kek_id", &sealed.kek_id)?);
    let completion_code = sealed.completion_hash.map(|digest| row.bytes("completion_hash", &digest));
    Ok(SealedFlow {
        completion_code: completion_code.transpose()?,
        flow: flow.into_flow()?,
        sealed: Sealed { kek_id, envelope: sealed.envelope },
    })
}
