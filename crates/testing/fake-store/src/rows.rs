use std::collections::BTreeMap;
use std::time::Duration;

use strongroom_domain::oauth::FlowId;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{
    ApiKeyId, CredentialId, Integration, KekId, OauthAppId, OrganizationId, ProviderId, ServiceAccount,
    ServiceAccountId,
};
use strongroom_repository::{
    KekRecord, SealedCredential, SealedFlow, SealedOauthApp, StoreError, StoreResult, WrappedOrganizationKey,
    WrappedPurposeKey,
};
use time::OffsetDateTime;
use uuid::Uuid;

/// Rows of organisations, by organisation and id.
pub(crate) type Table<I, R> = BTreeMap<(OrganizationId, I), R>;

/// Everything that the store holds except the audit chains.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rows {
    pub(crate) credentials: Table<CredentialId, SealedCredential>,
    pub(crate) attempts: Table<CredentialId, Attempts>,
    pub(crate) integrations: Table<ProviderId, Connection>,
    pub(crate) flows: Table<FlowId, Flow>,
    pub(crate) oauth_apps: Table<OauthAppId, SealedOauthApp>,
    pub(crate) accounts: Table<ServiceAccountId, ServiceAccount>,
    pub(crate) api_keys: BTreeMap<ApiKeyId, ApiKey>,
    pub(crate) limits: BTreeMap<OrganizationId, u32>,
    pub(crate) destinations: BTreeMap<[u8; 32], Vec<OffsetDateTime>>,
    pub(crate) keks: BTreeMap<KekId, KekRecord>,
    pub(crate) organization_keys: BTreeMap<OrganizationId, WrappedOrganizationKey>,
    pub(crate) purpose_keys: Vec<WrappedPurposeKey>,
}

/// A flow as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    pub(crate) stored: SealedFlow,
    pub(crate) stage: Stage,
    pub(crate) expires_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The user has not come back from the provider.
    Begun,
    /// Its callback is being processed, or has failed.
    Taken,
    /// It waits for its completion.
    Granted,
}

/// A connection as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    pub(crate) integration: Integration,
    /// The credential that it uses, until it ends.
    pub(crate) credential: Option<CredentialId>,
}

/// The attempts to refresh one version of a credential.
#[derive(Debug, Clone, Default)]
pub(crate) struct Attempts {
    pub(crate) version: u64,
    pub(crate) owner: Option<Uuid>,
    pub(crate) held_until: Option<OffsetDateTime>,
    pub(crate) interrupted: bool,
    pub(crate) failures: u32,
    pub(crate) retry_at: Option<OffsetDateTime>,
    pub(crate) doubted_at: Option<OffsetDateTime>,
}

/// The key of a row.
pub(crate) fn key<I>(organization: &OrganizationId, id: I) -> (OrganizationId, I) {
    (organization.clone(), id)
}

/// The rows of an organisation in ascending order of their ids.
pub(crate) fn of<'t, I, R>(
    table: &'t Table<I, R>,
    organization: &OrganizationId,
) -> impl DoubleEndedIterator<Item = &'t R> {
    table.iter().filter(move |((owner, _), _)| owner == organization).map(|(_, row)| row)
}

/// Converts a limit to a length.
pub(crate) fn at_most(limit: u32) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

/// The time `by` after `now`.
pub(crate) fn later(now: OffsetDateTime, by: Duration) -> OffsetDateTime {
    now.saturating_add(by.try_into().unwrap_or(time::Duration::MAX))
}

/// Refuses counters that the columns of a database could not hold.
pub(crate) fn fit_columns(counters: impl IntoIterator<Item = u64>) -> StoreResult<()> {
    for counter in counters {
        i64::try_from(counter).map_err(|error| StoreError::Corrupt(Box::new(error)))?;
    }
    Ok(())
}
