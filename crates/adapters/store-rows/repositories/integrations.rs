use async_trait::async_trait;
use diesel::prelude::*;
use diesel::query_dsl::methods;
use diesel::upsert::excluded;
use strongroom_domain::{Credential, Evidence, Integration, IntegrationId, OrganizationId, ProviderId};
use strongroom_repository::{ConnectedCredential, IntegrationRepository, StoreError, StoreResult, Unique};
use strongroom_store_rows::schema::{credentials, integrations};
use strongroom_store_rows::{Aborted, Change, CredentialRow, IntegrationRow, RowId, sought};

use crate::connection::{Connection, RunQueryDsl, for_share};
use crate::store::Store;

#[async_trait]
impl IntegrationRepository for Store {
    async fn connect(
        &self,
        new: &Integration,
        credential: &Credential,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let row = IntegrationRow::of(new, credential.id);
        let key = (new.organization.as_str().to_owned(), RowId(credential.id.0));
        let provider = credentials::provider.eq(new.provider.as_str().to_owned());
        let (version, status) = (sought(credential.version), credential.status.as_str());
        self.mutate(evidence, async move |connection: &mut Connection| {
            let credential = credentials::table.find((&key.0, key.1)).filter(&provider);
            // Keeps the credential from being deleted before this commits, and also from being changed, which
            // FOR KEY SHARE would not: version and status are no key.
            let seen = for_share!(credential.select((credentials::version, credentials::status)));
            let stored: Option<(i64, String)> = seen.get_result(connection).await.optional()?;
            let Some(stored) = stored else { return Ok(Change::None) };
            if (stored.0, stored.1.as_str()) != (version, status) {
                return Err(StoreError::StaleVersion.into());
            }
            if !write_unless_connected(connection, &row).await? {
                return Err(StoreError::Duplicate(Unique::Integration).into());
            }
            Ok(Change::Made)
        })
        .await
    }

    async fn disconnect(
        &self,
        organization: &OrganizationId,
        id: IntegrationId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let (organization, id) = (organization.as_str().to_owned(), RowId(id.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let connected = integrations::table
                .filter(integrations::org_id.eq(&organization).and(integrations::id.eq(id)))
                .filter(integrations::credential_id.is_not_null());
            let change = integrations::credential_id.eq(None::<RowId>);
            Ok(diesel::update(connected).set(change).execute(connection).await?.into())
        })
        .await
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        provider: &ProviderId,
    ) -> StoreResult<Option<ConnectedCredential>> {
        let connection = integrations::table
            .left_join(credentials::table.on(with_its_credential()))
            .filter(integrations::org_id.eq(organization.as_str().to_owned()))
            .filter(integrations::provider.eq(provider.as_str().to_owned()));
        self.database
            .one::<(IntegrationRow, Option<CredentialRow>), _>(
                None,
                connection.select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select())),
            )
            .await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<ConnectedCredential>> {
        let connections = integrations::table
            .left_join(credentials::table.on(with_its_credential()))
            .filter(integrations::org_id.eq(organization.as_str().to_owned()))
            .order(integrations::provider);
        self.database
            .all::<(IntegrationRow, Option<CredentialRow>), _>(
                None,
                connections.select((IntegrationRow::as_select(), Option::<CredentialRow>::as_select())),
            )
            .await
    }
}

/// Writes a connection, over one that has ended too, unless its provider is connected; whether it did. The
/// caller's transaction has locked the row of its credential.
pub(crate) async fn write_unless_connected(
    connection: &mut Connection,
    row: &IntegrationRow,
) -> Result<bool, Aborted> {
    let upsert = diesel::insert_into(integrations::table)
        .values(row)
        .on_conflict((integrations::org_id, integrations::provider))
        .do_update()
        .set((
            integrations::id.eq(excluded(integrations::id)),
            integrations::credential_id.eq(excluded(integrations::credential_id)),
            integrations::connected_by.eq(excluded(integrations::connected_by)),
            integrations::issuer.eq(excluded(integrations::issuer)),
            integrations::connected_at.eq(excluded(integrations::connected_at)),
        ));
    let over_disconnected = methods::FilterDsl::filter(upsert, integrations::credential_id.is_null());
    Ok(over_disconnected.execute(connection).await? == 1)
}

/// Disconnects what uses a credential that is about to be deleted, and whose row the caller's transaction has
/// locked, so that nothing can be connected with it from here on.
pub(crate) async fn release(
    connection: &mut Connection,
    organization: &OrganizationId,
    credential: RowId,
) -> Result<Option<IntegrationId>, Aborted> {
    let connected = integrations::table.filter(
        integrations::org_id.eq(organization.as_str()).and(integrations::credential_id.eq(credential)),
    );
    let released: Option<RowId> = diesel::update(connected)
        .set(integrations::credential_id.eq(None::<RowId>))
        .returning(integrations::id)
        .get_result(connection)
        .await
        .optional()?;
    Ok(released.map(|id| IntegrationId(id.0)))
}

/// The condition that joins a connection with the credential that it uses.
#[diesel::dsl::auto_type]
fn with_its_credential() -> _ {
    credentials::org_id
        .eq(integrations::org_id)
        .and(integrations::credential_id.eq(credentials::id.nullable()))
}
