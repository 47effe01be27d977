use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error;
use strongroom_domain::{Evidence, KekId, OauthApp, OauthAppId, OrganizationId, Sealed};
use strongroom_repository::{OauthAppRepository, SealedOauthApp, StoreError, StoreResult, Unique};

use crate::SqliteStore;
use crate::columns::{Row, blob, micros};
use crate::failure::{BadColumn, Failure, RowKey, violated};
use crate::schema::oauth_apps;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_apps)]
struct AppRow {
    org_id: String,
    id: Vec<u8>,
    app: String,
    client_id: String,
    created_at: i64,
    updated_at: i64,
    created_by: String,
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = oauth_apps)]
struct SecretRow {
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
}

impl AppRow {
    fn of(app: &OauthApp) -> Self {
        Self {
            org_id: app.organization.as_str().to_owned(),
            id: blob(app.id.0),
            app: app.app.clone(),
            client_id: app.client_id.clone(),
            created_at: micros(app.created_at),
            updated_at: micros(app.updated_at),
            created_by: app.created_by.clone(),
        }
    }

    fn into_app(self) -> Result<OauthApp, BadColumn> {
        let row = Row { table: "oauth_apps", organization: &self.org_id, key: RowKey::Bytes(&self.id) };
        Ok(OauthApp {
            organization: row.organization()?,
            id: OauthAppId(row.uuid("id", &self.id)?),
            app: self.app,
            client_id: row.read("client_id", OauthApp::client_id(&self.client_id))?,
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", self.updated_at)?,
            created_by: self.created_by,
        })
    }
}

impl SecretRow {
    fn of(sealed: &Sealed) -> Self {
        Self { kek_id: sealed.kek_id.0.to_vec(), envelope: sealed.envelope.clone() }
    }
}

fn sealed((app, secret): (AppRow, SecretRow)) -> Result<SealedOauthApp, BadColumn> {
    let row = Row { table: "oauth_apps", organization: &app.org_id, key: RowKey::Bytes(&app.id) };
    let kek_id = KekId(row.bytes("kek_id", &secret.kek_id)?);
    Ok(SealedOauthApp { app: app.into_app()?, sealed: Sealed { kek_id, envelope: secret.envelope } })
}

/// Which unique value an insert collided with.
fn taken(error: Error) -> Failure {
    match violated(&error) {
        Some(columns) if columns.contains("oauth_apps.app") => StoreError::Duplicate(Unique::OauthApp).into(),
        Some(_) => StoreError::Duplicate(Unique::Id).into(),
        None => error.into(),
    }
}

#[async_trait]
impl OauthAppRepository for SqliteStore {
    async fn insert(&self, new: &SealedOauthApp, evidence: Evidence) -> StoreResult<()> {
        let row = (AppRow::of(&new.app), SecretRow::of(&new.sealed));
        let mutation = move |connection: &mut SqliteConnection| {
            diesel::insert_into(oauth_apps::table).values(row).execute(connection).map_err(taken)?;
            Ok(Some(()))
        };
        self.mutate(evidence, mutation).await.map(|_| ())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let columns = (AppRow::as_select(), SecretRow::as_select());
            let query = oauth_apps::table.find((organization, blob(id.0))).select(columns);
            Ok(query.first(connection).optional()?.map(sealed).transpose()?)
        };
        self.database.read(work).await
    }

    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>> {
        let (organization, app) = (organization.as_str().to_owned(), app.to_owned());
        let work = move |connection: &mut SqliteConnection| {
            let query = oauth_apps::table
                .filter(oauth_apps::org_id.eq(organization).and(oauth_apps::app.eq(app)))
                .select((AppRow::as_select(), SecretRow::as_select()));
            Ok(query.first(connection).optional()?.map(sealed).transpose()?)
        };
        self.database.read(work).await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>> {
        let organization = organization.as_str().to_owned();
        let work = move |connection: &mut SqliteConnection| {
            let rows = oauth_apps::table
                .filter(oauth_apps::org_id.eq(organization))
                .select(AppRow::as_select())
                .order(oauth_apps::app)
                .load(connection)?;
            Ok(rows.into_iter().map(AppRow::into_app).collect::<Result<_, _>>()?)
        };
        self.database.read(work).await
    }

    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool> {
        let row = AppRow::of(&changed.app);
        let secret = SecretRow::of(&changed.sealed);
        let mutation = move |connection: &mut SqliteConnection| {
            let changes =
                (oauth_apps::client_id.eq(row.client_id), oauth_apps::updated_at.eq(row.updated_at), secret);
            let this = oauth_apps::table.find((row.org_id, row.id));
            let replaced = diesel::update(this).set(changes).execute(connection)?;
            Ok((replaced > 0).then_some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let organization = organization.as_str().to_owned();
        let mutation = move |connection: &mut SqliteConnection| {
            let this = oauth_apps::table.find((organization, blob(id.0)));
            let deleted = diesel::delete(this).execute(connection)?;
            Ok((deleted > 0).then_some(()))
        };
        Ok(self.mutate(evidence, mutation).await?.is_some())
    }
}
