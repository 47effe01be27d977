use std::collections::BTreeMap;
use std::time::Duration;

use strongroom_domain::oauth::FlowId;
use strongroom_domain::service_account::ApiKey;
use strongroom_domain::{
    ApiKeyId, CredentialId, KekId, OauthAppId, OrganizationId, ProviderId, ServiceAccount, ServiceAccountId,
};
use strongroom_repository::{KekRecord, SealedCredential, SealedOauthApp, WrappedPurposeKey};
use time::OffsetDateTime;

use crate::authorization_flows::Flow;
use crate::integrations::Connection;
use crate::refresh_leases::Attempts;

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
    pub(crate) purpose_keys: Vec<WrappedPurposeKey>,
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
