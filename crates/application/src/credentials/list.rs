//! Lists the credentials of an organisation.

use strongroom_domain::{Credential, CredentialId, CredentialName, CredentialStatus, ProviderId, Slot};
use strongroom_repository::CredentialFilter;

use super::Credentials;
use crate::Failure;
use crate::ground::{Permitted, to};

/// The credentials to list, and the place where the list continues.
#[derive(Debug, Default)]
pub struct ListCredentials {
    /// Only of this provider.
    pub provider: Option<ProviderId>,
    /// Only in this status.
    pub status: Option<CredentialStatus>,
    /// Only with this name.
    pub name: Option<CredentialName>,
    /// Only the holder of this slot.
    pub slot: Option<Slot>,
    /// Only those after (older than) this one.
    pub after: Option<CredentialId>,
    /// At most this many credentials, 1 to 500.
    pub limit: u32,
}

impl Credentials {
    /// The credentials that the caller reaches, newest first, and whether there are more.
    pub async fn list(
        &self,
        caller: &Permitted<to::ListCredentials>,
        query: ListCredentials,
    ) -> Result<(Vec<Credential>, bool), Failure> {
        let filter = CredentialFilter {
            provider: query.provider,
            status: query.status,
            name: query.name,
            slot: query.slot,
            reach: caller.principal.reach(),
        };
        let limit = query.limit.clamp(1, 500);
        // One more row than the caller asked for is read, to know whether there are more.
        let mut page = self.repository.list(caller.organization(), &filter, query.after, limit + 1).await?;
        let more = page.len() > limit as usize;
        page.truncate(limit as usize);
        Ok((page, more))
    }
}
