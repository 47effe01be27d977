use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use strongroom_domain::{Evidence, KekId, OauthApp, OauthAppId, OrganizationId, Sealed};
use strongroom_repository::{OauthAppRepository, SealedOauthApp, StoreResult};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::PostgresStore;
use crate::audit_chain;
use crate::bad_row::RowName;
use crate::failure::{Failure, OPERATION_LIMIT, found_within, within};
use crate::schema::{oauth_apps, oauth_apps::dsl};

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_apps)]
struct AppRow {
    org_id: String,
    id: Uuid,
    app: String,
    client_id: String,
    created_at: OffsetDateTime,
    updated_at: OffsetDateTime,
    created_by: String,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = oauth_apps)]
struct SealedAppRow {
    #[diesel(embed)]
    app: AppRow,
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
}

#[derive(Insertable)]
#[diesel(table_name = oauth_apps)]
struct NewApp<'a> {
    org_id: &'a str,
    id: Uuid,
    app: &'a str,
    created_at: OffsetDateTime,
    created_by: &'a str,
    #[diesel(embed)]
    changes: AppChanges<'a>,
}

/// What `replace` changes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = oauth_apps)]
struct AppChanges<'a> {
    client_id: &'a str,
    kek_id: &'a [u8],
    envelope: &'a [u8],
    updated_at: OffsetDateTime,
}

#[async_trait]
impl OauthAppRepository for PostgresStore {
    async fn insert(&self, new: &SealedOauthApp, evidence: Evidence) -> StoreResult<()> {
        within(OPERATION_LIMIT, || self.try_insert_app(new, &evidence)).await
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row: Option<SealedAppRow> = dsl::oauth_apps
                .find((organization.as_str(), id.0))
                .select(SealedAppRow::as_select())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(SealedAppRow::read).transpose()?)
        })
        .await
    }

    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let row: Option<SealedAppRow> = dsl::oauth_apps
                .filter(dsl::org_id.eq(organization.as_str()).and(dsl::app.eq(app)))
                .select(SealedAppRow::as_select())
                .get_result(&mut *connection)
                .await
                .optional()?;
            Ok(row.map(SealedAppRow::read).transpose()?)
        })
        .await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>> {
        within(OPERATION_LIMIT, || async {
            let mut connection = self.database.checkout().await?;
            let rows: Vec<AppRow> = dsl::oauth_apps
                .filter(dsl::org_id.eq(organization.as_str()))
                .order(dsl::app)
                .select(AppRow::as_select())
                .load(&mut *connection)
                .await?;
            Ok(rows.into_iter().map(AppRow::read).collect::<StoreResult<_>>()?)
        })
        .await
    }

    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_replace_app(changed, &evidence)).await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        found_within(OPERATION_LIMIT, || self.try_delete_app(organization, id, &evidence)).await
    }
}

impl PostgresStore {
    async fn try_insert_app(&self, new: &SealedOauthApp, evidence: &Evidence) -> Result<(), Failure> {
        let row = NewApp::of(new);
        let (_turn, mut connection) = self.database.checkout_in_turn(&new.app.organization).await?;
        connection
            .transaction(async |connection| {
                diesel::insert_into(dsl::oauth_apps).values(&row).execute(connection).await?;
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_replace_app(&self, changed: &SealedOauthApp, evidence: &Evidence) -> Result<(), Failure> {
        let changes = AppChanges::of(changed);
        let organization = &changed.app.organization;
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let this = dsl::oauth_apps.find((organization.as_str(), changed.app.id.0));
                if diesel::update(this).set(&changes).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }

    async fn try_delete_app(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: &Evidence,
    ) -> Result<(), Failure> {
        let (_turn, mut connection) = self.database.checkout_in_turn(organization).await?;
        connection
            .transaction(async |connection| {
                let this = dsl::oauth_apps.find((organization.as_str(), id.0));
                if diesel::delete(this).execute(connection).await? == 0 {
                    return Err(Failure::Absent);
                }
                audit_chain::record(connection, self.keys.as_ref(), evidence).await
            })
            .await
    }
}

impl<'a> NewApp<'a> {
    fn of(new: &'a SealedOauthApp) -> Self {
        Self {
            org_id: new.app.organization.as_str(),
            id: new.app.id.0,
            app: &new.app.app,
            created_at: new.app.created_at,
            created_by: &new.app.created_by,
            changes: AppChanges::of(new),
        }
    }
}

impl<'a> AppChanges<'a> {
    fn of(changed: &'a SealedOauthApp) -> Self {
        Self {
            client_id: &changed.app.client_id,
            kek_id: &changed.sealed.kek_id.0,
            envelope: &changed.sealed.envelope,
            updated_at: changed.app.updated_at,
        }
    }
}

impl AppRow {
    fn read(self) -> StoreResult<OauthApp> {
        let row = RowName { table: "oauth_apps", organization: &self.org_id, id: &self.id };
        Ok(OauthApp {
            organization: row.organization()?,
            id: OauthAppId(self.id),
            app: self.app,
            client_id: row.column("client_id", OauthApp::client_id(&self.client_id))?,
            created_at: self.created_at,
            updated_at: self.updated_at,
            created_by: self.created_by,
        })
    }
}

impl SealedAppRow {
    fn read(self) -> StoreResult<SealedOauthApp> {
        let row = RowName { table: "oauth_apps", organization: &self.app.org_id, id: &self.app.id };
        let sealed = Sealed { kek_id: KekId(row.bytes("kek_id", self.kek_id)?), envelope: self.envelope };
        Ok(SealedOauthApp { app: self.app.read()?, sealed })
    }
}
