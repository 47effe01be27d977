use diesel::prelude::*;
use strongroom_repository::StoreError;

use crate::failure::Failure;
use crate::schema::{credential_quota, organization_limits};

/// Takes one place of an organisation's quota for a provider, inside the caller's transaction.
pub(crate) fn take(
    connection: &mut SqliteConnection,
    organization: &str,
    provider: &str,
    default_limit: u32,
) -> Result<(), Failure> {
    let limit = own_limit(connection, organization)?.unwrap_or(i64::from(default_limit));
    let counter = credential_quota::table.find((organization, provider));
    let counted = diesel::update(counter.filter(credential_quota::used.lt(limit)))
        .set(credential_quota::used.eq(credential_quota::used + 1))
        .execute(connection)?;
    if counted == 1 {
        return Ok(());
    }
    let first = (
        credential_quota::org_id.eq(organization),
        credential_quota::provider.eq(provider),
        credential_quota::used.eq(1),
    );
    if limit > 0
        && diesel::insert_or_ignore_into(credential_quota::table).values(first).execute(connection)? == 1
    {
        return Ok(());
    }
    Err(StoreError::QuotaExceeded.into())
}

/// Gives one place back. A counter at zero, which `doctor` would report, stays there.
pub(crate) fn give_back(
    connection: &mut SqliteConnection,
    organization: &str,
    provider: &str,
) -> Result<(), Failure> {
    let counter = credential_quota::table.find((organization, provider));
    diesel::update(counter.filter(credential_quota::used.gt(0)))
        .set(credential_quota::used.eq(credential_quota::used - 1))
        .execute(connection)?;
    Ok(())
}

/// The limit of its own that an organisation has.
pub(crate) fn own_limit(
    connection: &mut SqliteConnection,
    organization: &str,
) -> Result<Option<i64>, Failure> {
    let limit = organization_limits::table.find(organization);
    Ok(limit.select(organization_limits::credentials_per_provider).first(connection).optional()?)
}
