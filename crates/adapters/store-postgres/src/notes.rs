//! Stores when rows were last used. Rows are locked in the order of their keys, so that two instances that
//! update the same rows never deadlock.

use std::collections::BTreeMap;

use diesel::sql_types::{Array, Text};
use strongroom_domain::{ApiKeyId, CredentialId, OrganizationId};
use strongroom_repository::StoreResult;
use strongroom_store_rows::sql_types::{Id, Moment};
use strongroom_store_rows::{Micros, RowId};
use time::OffsetDateTime;

use crate::connection::RunQueryDsl;
use crate::failure::{OPERATION_LIMIT, within};
use crate::store::Store;

const NOTE_READS: &str = "
    UPDATE credentials AS c SET last_read_at = greatest(c.last_read_at, noted.at)
    FROM (
        SELECT c.org_id, c.id, n.at
        FROM credentials AS c JOIN unnest($1, $2, $3) AS n (org_id, id, at) ON c.org_id = n.org_id AND c.id = n.id
        ORDER BY c.org_id, c.id FOR UPDATE OF c
    ) AS noted
    WHERE c.org_id = noted.org_id AND c.id = noted.id";

const NOTE_USES: &str = "
    UPDATE api_keys AS k SET last_used_at = greatest(k.last_used_at, noted.at)
    FROM (
        SELECT k.org_id, k.key_id, n.at
        FROM api_keys AS k
        JOIN unnest($1, $2, $3) AS n (org_id, key_id, at) ON k.org_id = n.org_id AND k.key_id = n.key_id
        ORDER BY k.org_id, k.key_id FOR UPDATE OF k
    ) AS noted
    WHERE k.org_id = noted.org_id AND k.key_id = noted.key_id";

/// Stores when secrets were last read.
pub(crate) async fn reads(
    store: &Store,
    reads: &[(OrganizationId, CredentialId, OffsetDateTime)],
) -> StoreResult<()> {
    let latest = Latest::of(reads.iter().map(|(organization, id, at)| (organization, RowId(id.0), *at)));
    if latest.ids.is_empty() {
        return Ok(());
    }
    let note = || {
        diesel::sql_query(NOTE_READS)
            .bind::<Array<Text>, _>(&latest.organizations)
            .bind::<Array<Id>, _>(&latest.ids)
            .bind::<Array<Moment>, _>(&latest.times)
    };
    within(OPERATION_LIMIT, || async {
        note().execute(&mut *store.database.checkout().await?).await?;
        Ok(())
    })
    .await
}

/// Stores when keys were last used.
pub(crate) async fn uses(
    store: &Store,
    uses: &[(OrganizationId, ApiKeyId, OffsetDateTime)],
) -> StoreResult<()> {
    let latest = Latest::of(uses.iter().map(|(organization, key, at)| (organization, key.as_str(), *at)));
    if latest.ids.is_empty() {
        return Ok(());
    }
    let note = || {
        diesel::sql_query(NOTE_USES)
            .bind::<Array<Text>, _>(&latest.organizations)
            .bind::<Array<Text>, _>(&latest.ids)
            .bind::<Array<Moment>, _>(&latest.times)
    };
    within(OPERATION_LIMIT, || async {
        note().execute(&mut *store.database.checkout().await?).await?;
        Ok(())
    })
    .await
}

/// The latest time of each row, one list per column.
struct Latest<'n, K> {
    organizations: Vec<&'n str>,
    ids: Vec<K>,
    times: Vec<Micros>,
}

impl<'n, K: Ord + Copy> Latest<'n, K> {
    fn of(notes: impl Iterator<Item = (&'n OrganizationId, K, OffsetDateTime)>) -> Self {
        let mut latest = BTreeMap::new();
        for (organization, id, at) in notes {
            let noted = latest.entry((organization.as_str(), id)).or_insert(at);
            *noted = (*noted).max(at);
        }
        Self {
            organizations: latest.keys().map(|(organization, _)| *organization).collect(),
            ids: latest.keys().map(|(_, id)| *id).collect(),
            times: latest.values().map(|at| Micros::from(*at)).collect(),
        }
    }
}
