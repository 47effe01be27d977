use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::oauth::{Completion, Connects, Digest, FlowId, Initiator};
use strongroom_domain::{
    Actor, AuthorizationFlow, CredentialId, CredentialName, CredentialType, Issuer, KekId, OauthAppId,
    ProviderId, PublicConfig, Sealed, UserId,
};
use strongroom_repository::{SealedFlow, StoreResult};

use crate::schema::authorization_flows;
use crate::{BadColumn, Micros, RowId, RowName, Stored, stored};

/// How far a flow has progressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The user has not come back from the provider.
    Begun,
    /// Its callback is being processed, or has failed.
    Taken,
    /// It waits for its completion.
    Granted,
}

impl Stage {
    /// The value of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::Taken => "taken",
            Self::Granted => "granted",
        }
    }
}

/// The columns of a flow, without its stage, its end and what is sealed beside it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_flows, check_for_backend(Pg, Sqlite))]
pub struct FlowRow {
    org_id: String,
    id: RowId,
    state_hash: Vec<u8>,
    provider: String,
    credential_type: String,
    oauth_app_id: Option<RowId>,
    actor: String,
    issuer: Option<String>,
    initiator_id: String,
    user_id: Option<String>,
    subject_hash: Option<Vec<u8>>,
    redirect_uri: String,
    redirect_to: Option<String>,
    name: String,
    scope: String,
    inputs: String,
    completion: String,
    credential_id: RowId,
    reauthorizes: Option<i64>,
    connects: Option<RowId>,
    created_at: Micros,
}

/// What is sealed beside a flow, and the digest of the code that completes it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = authorization_flows, check_for_backend(Pg, Sqlite))]
pub struct FlowSecret {
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
    completion_hash: Option<Vec<u8>>,
}

/// A flow with what is sealed beside it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = authorization_flows, check_for_backend(Pg, Sqlite))]
pub struct SealedFlowRow {
    #[diesel(embed)]
    flow: FlowRow,
    #[diesel(embed)]
    secret: FlowSecret,
}

impl SealedFlowRow {
    /// The row of a new flow.
    pub fn of(new: &SealedFlow) -> StoreResult<Self> {
        Ok(Self { flow: FlowRow::of(&new.flow)?, secret: FlowSecret::of(&new.sealed, None) })
    }
}

impl FlowRow {
    fn of(flow: &AuthorizationFlow) -> StoreResult<Self> {
        let initiator = &flow.initiator;
        Ok(Self {
            org_id: flow.organization.as_str().to_owned(),
            id: RowId(flow.id.0),
            state_hash: flow.state.to_vec(),
            provider: flow.provider.as_str().to_owned(),
            credential_type: flow.credential_type.as_str().to_owned(),
            oauth_app_id: flow.app.map(|app| RowId(app.0)),
            actor: initiator.actor.as_str().to_owned(),
            issuer: initiator.actor.issuer().map(String::from),
            initiator_id: initiator.id.clone(),
            user_id: initiator.user.as_ref().map(|user| user.as_str().to_owned()),
            subject_hash: initiator.subject.map(|digest| digest.to_vec()),
            redirect_uri: flow.redirect_uri.clone(),
            redirect_to: flow.redirect_to.clone(),
            name: flow.name.as_str().to_owned(),
            scope: flow.scope.clone(),
            inputs: flow.inputs.to_canonical_json(),
            completion: flow.completion.as_str().to_owned(),
            credential_id: RowId(flow.credential.0),
            reauthorizes: flow.reauthorizes.map(stored).transpose()?,
            connects: flow.connects.map(|connection| RowId(connection.0)),
            created_at: flow.created_at.into(),
        })
    }
}

impl FlowSecret {
    /// The columns of what is sealed.
    pub fn of(sealed: &Sealed, completion_code: Option<&Digest>) -> Self {
        Self {
            kek_id: sealed.kek_id.0.to_vec(),
            envelope: sealed.envelope.clone(),
            completion_hash: completion_code.map(|digest| digest.to_vec()),
        }
    }
}

impl Stored for FlowRow {
    type Value = AuthorizationFlow;

    fn read(self) -> Result<AuthorizationFlow, BadColumn> {
        let row = RowName { table: "authorization_flows", organization: &self.org_id, id: &self.id };
        let subject = self.subject_hash.map(|digest| row.bytes("subject_hash", digest));
        let reauthorizes = self.reauthorizes.map(|version| row.counter("reauthorizes", version));
        Ok(AuthorizationFlow {
            organization: row.organization()?,
            id: FlowId(self.id.0),
            state: row.bytes("state_hash", self.state_hash)?,
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            credential_type: row.column("credential_type", CredentialType::parse(&self.credential_type))?,
            app: self.oauth_app_id.map(|id| OauthAppId(id.0)),
            initiator: Initiator {
                actor: Actor::from_stored(self.actor, self.issuer.map(Issuer::from_stored)),
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
            credential: CredentialId(self.credential_id.0),
            reauthorizes: reauthorizes.transpose()?,
            connects: self.connects.map(|id| Connects(id.0)),
            created_at: row.time("created_at", self.created_at)?,
        })
    }
}

impl Stored for SealedFlowRow {
    type Value = SealedFlow;

    fn read(self) -> Result<SealedFlow, BadColumn> {
        let Self { flow, secret } = self;
        let row = RowName { table: "authorization_flows", organization: &flow.org_id, id: &flow.id };
        let sealed = Sealed { kek_id: KekId(row.bytes("kek_id", secret.kek_id)?), envelope: secret.envelope };
        let completion_code = secret.completion_hash.map(|digest| row.bytes("completion_hash", digest));
        Ok(SealedFlow { completion_code: completion_code.transpose()?, flow: flow.read()?, sealed })
    }
}
