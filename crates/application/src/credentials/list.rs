//! Lists the credentials of an organisation.

use strongroom_domain::{Credential, CredentialId, CredentialName, CredentialStatus, ProviderId, Slot};
use strongroom_repository::CredentialFilter;

use super::Credentials;
use crate::Failure;
use crate::ground::{Permitted, to};

/// How many bytes the metadata of a page have at most, about; a page has one credential at least.
const PAGE_BYTES: usize = 1024 * 1024;
/// How many bytes the metadata of a credential have beside its public fields, about.
const ROW_BYTES: usize = 1024;
/// How many rows are read first. After that it is known how long the rows of this organisation are.
const FIRST_ROWS: usize = 24;

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
    /// The credentials that the caller reaches, newest first, and whether there are more. A page is shorter
    /// than its limit when its metadata reach about 1 MiB.
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
        // One more row than the caller asked for is read, to know whether there are more.
        let (limit, mut after) = (query.limit.clamp(1, 500) as usize, query.after);
        let (mut page, mut bytes) = (Vec::new(), 0);
        loop {
            let fitting = match page.len() {
                0 => FIRST_ROWS,
                // At the length of the rows so far.
                read => (PAGE_BYTES - bytes) * read / bytes + 1,
            };
            let rows = fitting.min(limit + 1 - page.len());
            let asked = u32::try_from(rows).unwrap_or(u32::MAX);
            let found = self.repository.list(caller.organization(), &filter, after, asked).await?;
            let is_last = found.len() < rows;
            for credential in found {
                let size = ROW_BYTES + credential.config.text_bytes();
                if page.len() == limit || (bytes + size > PAGE_BYTES && !page.is_empty()) {
                    return Ok((page, true));
                }
                bytes += size;
                after = Some(credential.id);
                page.push(credential);
            }
            if is_last {
                return Ok((page, false));
            }
        }
    }
}
