use async_trait::async_trait;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use strongroom_domain::{Credential, Evidence, Integration, IntegrationId, OrganizationId, ProviderId};
use strongroom_repository::{ConnectedCredential, IntegrationRepository, StoreError, StoreResult, Unique};

use crate::SqliteStore;
use crate::columns::{Row, blob, integer, micros};
use crate::credentials::CredentialRow;
use crate::failure::{BadColumn, Failure, RowKey};
use crate::schema::{credentials, integrations};

/// A connection as it is stored.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = integrations)]
pub(crate) struct IntegrationRow {
    org_id: String,
    provider: String,
    id: Vec<u8>,
    credential_id: Option<Vec<u8>>,
    connected_by: String,
    connected_at: i64,
}

impl IntegrationRow {
    pub(crate) fn of(new: &Integration, credential: &Credential) -> Self {
        Self {
            org_id: new.organization.as_str().to_owned(),
            provider: new.provider.as_str().to_owned(),
            id: blob(new.id.0),
            credential_id: Some(blob(credential.id.0)),
            connected_by: new.connected_by.clone(),
            connected_at: micros(new.connected_at),
        }
    }

    fn into_integration(self) -> Result<Integration, BadColumn> {
        let row = Row { table: "integrations", organization: &self.org_id, key: RowKey::Bytes(&self.id) };
        Ok(Integration {
            organization: row.organization()?,
            id: IntegrationId(row.uuid("id", &self.id)?),
            provider: row.read("provider", ProviderId::parse(&self.provider))?,
            connected_by: self.connected_by,
            connected_at: row.time("connected_at", self.connected_at)?,
        })
    }
}

fn connected(
    (integration, credential): (IntegrationRow, Option<CredentialRow>),
) -> Result<ConnectedCredential, BadColumn> {
    Ok(ConnectedCredential {
        integration: integration.into_integration()?,
        credential: credential.map(CredentialRow::into_credential).transpose()?,
    })
}

/// The condition that joins a connection with the credential that it uses.
#[diesel::dsl::auto_type]
fn with_its_credential() -> _ {
    credentials::org_id
        .eq(integrations::org_id)
        .and(integrations::credential_id.eq(credentials::id.nullable()))
}

/// The version and the status of a credential.
type Seen = (i64, String);

/// Writes a connection, over a disconnected one too; `None` when its credential is gone.
fn connect(
    connection: &mut SqliteConnection,
    row: IntegrationRow,
    seen: &Seen,
) -> Result<Option<()>, Failure> {
    let credential: Option<Seen> = credentials::table
        .filter(credentials::org_id.eq(&row.org_id).and(credentials::provider.eq(&row.provider)))
        .filter(credentials::id.nullable().eq(&row.credential_id))
        .select((credentials::version, credentials::status))
        .first(connection)
        .optional()?;
    let Some(stored) = credential else { return Ok(None) };
    if stored != *seen {
        return Err(StoreError::StaleVersion.into());
    }
    match write_unless_connected(connection, row)? {
        true => Ok(Some(())),
        false => Err(StoreError::Duplicate(Unique::Integration).into()),
    }
}

/// Writes a connection, over one that has ended too, unless its provider is connected; whether it did.
pub(crate) fn write_unless_connected(
    connection: &mut SqliteConnection,
    row: IntegrationRow,
) -> Result<bool, Failure> {
    let upsert = diesel::insert_into(integrations::table)
        .values(row)
        .on_conflict((integrations::org_id, integrations::provider))
        .do_update()
        .set((
            integrations::id.eq(excluded(integrations::id)),
            integrations::credential_id.eq(excluded(integrations::credential_id)),
            integrations::connected_by.eq(excluded(integrations::connected_by)),
            integrations::connected_at.eq(excluded(integrations::connected_at)),
        ));
    let over_disconnected = methods::FilterDsl::filter(upsert, integrations::credential_id.is_null());
    Ok(over_disconnected.execute(connection)? == 1)
}

/// Disconnects what uses a credential that is about to be deleted.
pub(crate) fn release(
    connection: &mut SqliteConnection,
    organization: &str,
    credential: &[u8],
) -> Result<Option<IntegrationId>, Failure> {
    let users = integrations::table
        .filter(integrations::org_id.eq(organization).and(integrations::credential_id.eq(credential)));
    let released: Option<Vec<u8>> = diesel::update(users)
        .set(integrations::credential_id.eq(None::<Vec<u8>>))
        .returning(integrations::id)
        .get_result(connection)
        .optional()?;
    let Some(id) = released else { return Ok(None) };
    let row = Row { table: "integrations", organization, key: RowKey::Bytes(&id) };
    Ok(Some(IntegrationId(row.uuid("id", &id)?)))
}

#[async_trait]
impl IntegrationRepository for SqliteStore {
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let row = IntegrationRow::of(new, credential);
        let seen = (integer(credential.version), credential.status.as_str().to_owned());
        let mutation = move |connection: &mut SqliteConnection| connect(connection, row, &seen);
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let organization = organization.as_str().to_owned();
        let mutation = move |connection: &mut SqliteConnection| {
            let connected = integrations::table
                .filter(integrations::org_id.eq(organization).and(integrations::id.eq(blob(id.0))))
                .filter(integrations::credential_id.is_not_null());
            let change = integrations::credential_id.eq(None::<Vec<u8>>);
            let disconnected = diesel::update(connected).set(change).execute(connection)?;
            Ok((disconnected > 0).then_some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>> {
        let (organization, provider) = (organization.as_str().to_owned(), provider.as_str().to_owned());
        let work = move |connection: &mut SqliteConnection| {
            let row = integrations::table
                .left_join(credentials::table.on(with_its_credential()))
                .filter(integrations::org_id.eq(organization).and(integrations::provider.eq(provider)))
                .select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select()))
                .first(connection)
                .optional()?;
            Ok(row.map(connected).transpose()?)
        };
        self.database.read(work).await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let rows = integrations::table
                .left_join(credentials::table.on(with_its_credential()))
                .filter(integrations::org_id.eq(organization))
                .order(integrations::provider)
                .select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select()))
                .load(connection)?;
            Ok(rows.into_iter().map(connected).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }
}
