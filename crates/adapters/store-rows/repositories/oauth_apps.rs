use async_trait::async_trait;
use diesel::prelude::*;
use strongroom_domain::{Evidence, OauthApp, OauthAppId, OrganizationId};
use strongroom_repository::{OauthAppRepository, SealedOauthApp, StoreResult};
use strongroom_store_rows::schema::oauth_apps;
use strongroom_store_rows::{AppChanges, AppRow, Change, RowId, SealedAppRow};

use crate::connection::{Connection, RunQueryDsl};
use crate::store::Store;

#[async_trait]
impl OauthAppRepository for Store {
    async fn insert(&self, new: &SealedOauthApp, evidence: Evidence) -> StoreResult<()> {
        let row = SealedAppRow::of(new);
        self.mutate(evidence, async move |connection: &mut Connection| {
            diesel::insert_into(oauth_apps::table).values(&row).execute(connection).await?;
            Ok(Change::Made)
        })
        .await
        .map(|_| ())
    }

    async fn find(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
    ) -> StoreResult<Option<SealedOauthApp>> {
        let row = oauth_apps::table.find((organization.as_str().to_owned(), RowId(id.0)));
        self.database.one(None, row.select(SealedAppRow::as_select())).await
    }

    async fn find_named(
        &self,
        organization: &OrganizationId,
        app: &str,
    ) -> StoreResult<Option<SealedOauthApp>> {
        let of_organization = oauth_apps::org_id.eq(organization.as_str().to_owned());
        let named = oauth_apps::table.filter(of_organization.and(oauth_apps::app.eq(app.to_owned())));
        self.database.one(None, named.select(SealedAppRow::as_select())).await
    }

    async fn list(&self, organization: &OrganizationId) -> StoreResult<Vec<OauthApp>> {
        let of_organization =
            oauth_apps::table.filter(oauth_apps::org_id.eq(organization.as_str().to_owned()));
        self.database.all(None, of_organization.order(oauth_apps::app).select(AppRow::as_select())).await
    }

    async fn replace(&self, changed: &SealedOauthApp, evidence: Evidence) -> StoreResult<bool> {
        let key = (changed.app.organization.as_str().to_owned(), RowId(changed.app.id.0));
        let changes = AppChanges::of(changed);
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = oauth_apps::table.find((&key.0, key.1));
            Ok(diesel::update(row).set(&changes).execute(connection).await?.into())
        })
        .await
    }

    async fn delete(
        &self,
        organization: &OrganizationId,
        id: OauthAppId,
        evidence: Evidence,
    ) -> StoreResult<bool> {
        let key = (organization.as_str().to_owned(), RowId(id.0));
        self.mutate(evidence, async move |connection: &mut Connection| {
            let row = oauth_apps::table.find((&key.0, key.1));
            Ok(diesel::delete(row).execute(connection).await?.into())
        })
        .await
    }
}
