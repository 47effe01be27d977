use async_trait::async_trait;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use strongroom_domain::{
    Credential, CredentialId, Evidence, Integration, IntegrationId, OrganizationId, ProviderId,
};
use strongroom_repository::{ConnectedCredential, IntegrationRepository, StoreError, StoreResult, Unique};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::audit_chain;
use crate::bad_row::{RowName, stored_counter};
use crate::credential_row::CredentialRow;
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::schema::{credentials, integrations, integrations::dsl};

#[derive(Queryable, Selectable)]
#[diesel(table_name = integrations)]
struct IntegrationRow {
    org_id: String,
    provider: String,
    id: Uuid,
    connected_by: String,
    connected_at: OffsetDateTime,
}

/// A new connection with its credential.
#[derive(Insertable)]
#[diesel(table_name = integrations)]
pub(crate) struct NewIntegration<'i> {
    org_id: &'i str,
    provider: &'i str,
    id: Uuid,
    credential_id: Uuid,
    connected_by: &'i str,
    connected_at: OffsetDateTime,
}

#[async_trait]
impl IntegrationRepository for PostgresStore {
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_connect(new, credential, &evidence)).await
    }

    async fn disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_disconnect(organization, id, &evidence)).await
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row: Option<(IntegrationRow, Option<CredentialRow>)> = dsl::integrations
                .left_join(credentials::table.on(with_its_credential()))
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::provider.eq(provider.as_str())))
                .select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select()))
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(read).transpose()?)
        })
        .await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<(IntegrationRow, Option<CredentialRow>)> = dsl::integrations
                .left_join(credentials::table.on(with_its_credential()))
                .filter(dsl::org_id.eq(organization.as_str()))
                .order(dsl::provider)
                .select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select()))
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(read).collect::<StoreResult<_>>()?)
        })
        .await
    }
}

impl PostgresStore {
    async fn try_connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let row = NewIntegration::of(new, credential.id);
        let seen = (stored_counter(credential.version)?, credential.status.as_str());
        let (_turn, mut connection) = self.database.checkout_in_turn(&new.organization).await?;
        connection
            .transaction(async |connection| {
                // Keeps the credential from being deleted before this commits, and also from being changed,
                // which FOR KEY SHARE would not: version and status are no key.
                let stored: Option<(i64, String)> = credentials::table
                    .find((row.org_id, row.credential_id))
                    .filter(credentials::provider.eq(row.provider))
                    .select((credentials::version, credentials::status))
                    .for_share()
                    .get_result(connection)
                    .await
                    .optional()?;
                let (version, status) = stored.ok_or(Failure::Absent)?;
                if (version, status.as_str()) != seen {
                    return Err(StoreError::StaleVersion.into());
                }
                if !write_unless_connected(connection, &row).await? {
                    return Err(StoreError::Duplicate(Unique::Integration).into());
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let connected = dsl::integrations
                    .filter(dsl::org_id.eq(organization.as_str()).and(dsl::id.eq(id.0)))
                    .filter(dsl::credential_id.is_not_null());
                let change = dsl::credential_id.eq(None::<Uuid>);
                if diesel::update(connected).set(change).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}

/// Writes a connection, over one that has ended too, unless its provider is connected; whether it did. The caller's
/// transaction has locked the row of its credential.
pub(crate) async fn write_unless_connected(
    connection: &mut AsyncPgConnection,
    row: &NewIntegration<'_>,
) -> Result<bool, Failure> {
    let upsert = diesel::insert_into(dsl::integrations)
        .values(row)
        .on_conflict((dsl::org_id, dsl::provider))
        .do_update()
        .set((
            dsl::id.eq(excluded(dsl::id)),
            dsl::credential_id.eq(excluded(dsl::credential_id)),
            dsl::connected_by.eq(excluded(dsl::connected_by)),
            dsl::connected_at.eq(excluded(dsl::connected_at)),
        ));
    let over_disconnected = methods::FilterDsl::filter(upsert, dsl::credential_id.is_null());
    Ok(over_disconnected.execute(connection).await? == 1)
}

/// Disconnects what uses a credential that is about to be deleted, and whose row the caller's transaction
/// has locked, so that nothing can be connected with it from here on.
pub(crate) async fn release(
    connection: &mut AsyncPgConnection,
    organization: &OrganizationId,
    credential: CredentialId,
) -> Result<Option<IntegrationId>, Failure> {
    let connected = dsl::integrations
        .filter(dsl::org_id.eq(organization.as_str()).and(dsl::credential_id.eq(credential.0)));
    let released: Option<Uuid> = diesel::update(connected)
        .set(dsl::credential_id.eq(None::<Uuid>))
        .returning(dsl::id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(released.map(IntegrationId))
}

/// The condition that joins a connection with the credential that it uses.
#[diesel::dsl::auto_type]
fn with_its_credential() -> _ {
    credentials::org_id
        .eq(integrations::org_id)
        .and(integrations::credential_id.eq(credentials::id.nullable()))
}

fn read((row, credential): (IntegrationRow, Option<CredentialRow>)) -> StoreResult<ConnectedCredential> {
    Ok(ConnectedCredential {
        integration: row.read()?,
        credential: credential.map(CredentialRow::read).transpose()?,
    })
}

impl IntegrationRow {
    fn read(self) -> StoreResult<Integration> {
        let row = RowName { table: "integrations", organization: &self.org_id, id: &self.id };
        Ok(Integration {
            organization: row.organization()?,
            id: IntegrationId(self.id),
            provider: row.column("provider", ProviderId::parse(&self.provider))?,
            connected_by: self.connected_by,
            connected_at: self.connected_at,
        })
    }
}

impl<'i> NewIntegration<'i> {
    pub(crate) fn of(new: &'i Integration, credential: CredentialId) -> Self {
        Self {
            org_id: new.organization.as_str(),
            provider: new.provider.as_str(),
            id: new.id.0,
            credential_id: credential.0,
            connected_by: &new.connected_by,
            connected_at: new.connected_at,
        }
    }
}
