use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use strongroom_domain::{Issuer, KekId, OauthApp, OauthAppId, Sealed};
use strongroom_repository::SealedOauthApp;

use crate::schema::oauth_apps;
use crate::{BadColumn, Micros, RowId, RowName, Stored};

/// An app without its secret, which is not selected.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = oauth_apps, check_for_backend(Pg, Sqlite))]
pub struct AppRow {
    org_id: String,
    id: RowId,
    app: String,
    client_id: String,
    created_at: Micros,
    updated_at: Micros,
    created_by: String,
    issuer: Option<String>,
}

/// An app and its sealed secret.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = oauth_apps, check_for_backend(Pg, Sqlite))]
pub struct SealedAppRow {
    org_id: String,
    id: RowId,
    app: String,
    created_at: Micros,
    created_by: String,
    issuer: Option<String>,
    #[diesel(embed)]
    changes: AppChanges,
}

/// The columns that a replacement changes.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = oauth_apps, check_for_backend(Pg, Sqlite))]
pub struct AppChanges {
    client_id: String,
    kek_id: Vec<u8>,
    envelope: Vec<u8>,
    updated_at: Micros,
}

impl SealedAppRow {
    /// The row of a new app.
    pub fn of(new: &SealedOauthApp) -> Self {
        Self {
            org_id: new.app.organization.as_str().to_owned(),
            id: RowId(new.app.id.0),
            app: new.app.app.clone(),
            created_at: new.app.created_at.into(),
            created_by: new.app.created_by.clone(),
            issuer: new.app.issuer.as_ref().map(String::from),
            changes: AppChanges::of(new),
        }
    }
}

impl AppChanges {
    /// The columns that a replacement by this app changes.
    pub fn of(changed: &SealedOauthApp) -> Self {
        Self {
            client_id: changed.app.client_id.clone(),
            kek_id: changed.sealed.kek_id.0.to_vec(),
            envelope: changed.sealed.envelope.clone(),
            updated_at: changed.app.updated_at.into(),
        }
    }
}

impl Stored for AppRow {
    type Value = OauthApp;

    fn read(self) -> Result<OauthApp, BadColumn> {
        let row = RowName { table: "oauth_apps", organization: &self.org_id, id: &self.id };
        Ok(OauthApp {
            organization: row.organization()?,
            id: OauthAppId(self.id.0),
            app: self.app,
            client_id: row.column("client_id", OauthApp::client_id(&self.client_id))?,
            created_at: row.time("created_at", self.created_at)?,
            updated_at: row.time("updated_at", self.updated_at)?,
            created_by: self.created_by,
            issuer: self.issuer.map(Issuer::from_stored),
        })
    }
}

impl Stored for SealedAppRow {
    type Value = SealedOauthApp;

    fn read(self) -> Result<SealedOauthApp, BadColumn> {
        let Self { org_id, id, app, created_at, created_by, issuer, changes } = self;
        let row = RowName { table: "oauth_apps", organization: &org_id, id: &id };
        let kek_id = KekId(row.bytes("kek_id", changes.kek_id)?);
        let (client_id, updated_at) = (changes.client_id, changes.updated_at);
        let app = AppRow { org_id, id, app, client_id, created_at, updated_at, created_by, issuer };
        Ok(SealedOauthApp { app: app.read()?, sealed: Sealed { kek_id, envelope: changes.envelope } })
    }
}
