use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::{CredentialId, Integration, IntegrationId, Issuer, ProviderId};
use strongroom_repository::ConnectedCredential;

use crate::schema::integrations;
use crate::{BadColumn, CredentialRow, Micros, RowId, RowName, Stored};

/// A connection. Without a credential it is disconnected.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = integrations, check_for_backend(Pg, Sqlite))]
pub struct IntegrationRow {
    org_id: String,
    provider: String,
    id: RowId,
    credential_id: Option<RowId>,
    connected_by: String,
    issuer: Option<String>,
    connected_at: Micros,
}

impl IntegrationRow {
    /// The row of a new connection with its credential.
    pub fn of(new: &Integration, credential: CredentialId) -> Self {
        Self {
            org_id: new.organization.as_str().to_owned(),
            provider: new.provider.as_str().to_owned(),
            id: RowId(new.id.0),
            credential_id: Some(RowId(credential.0)),
            connected_by: new.connected_by.clone(),
            issuer: new.issuer.as_ref().map(String::from),
            connected_at: new.connected_at.into(),
        }
    }
}

impl Stored for IntegrationRow {
    type Value = Integration;

    fn read(self) -> Result<Integration, BadColumn> {
        let row = RowName { table: "integrations", organization: &self.org_id, id: &self.id };
        Ok(Integration {
            organization: row.organization()?,
            id: IntegrationId(self.id.0),
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            connected_by: self.connected_by,
            issuer: self.issuer.map(Issuer::from_stored),
            connected_at: row.time("connected_at", self.connected_at)?,
        })
    }
}

/// A connection with its credential.
impl Stored for (IntegrationRow, Option<CredentialRow>) {
    type Value = ConnectedCredential;

    fn read(self) -> Result<ConnectedCredential, BadColumn> {
        Ok(ConnectedCredential { integration: self.0.read()?, credential: self.1.read()? })
    }
}
