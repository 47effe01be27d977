//! Changes a credential of the CRM dialect in part.

use strongroom_domain::oauth::{ACCESS_TOKEN, Digest, REFRESH_TOKEN, sha256};
use strongroom_domain::{
    Action, Credential, CredentialId, CrmPatch, Evidence, Operation, Outcome, Rule, SecretPayload, permitted,
};
use strongroom_repository::Selector;
use tokio::time::Instant;

use super::Crm;
use crate::credentials::Checked;
use crate::ground::{CrmCredential, PATIENCE, check_revision, read_content};
use crate::ground::{Permitted, to};
use crate::{Caller, Conflict, Failure};

/// The change to a credential; absent parts stay as they are.
#[derive(Debug, Default)]
pub struct UpdateCrmCredential {
    /// The provider, which must be the credential's own.
    pub provider: Option<String>,
    /// The fields to change.
    pub patch: CrmPatch,
    /// The revision that the caller has seen.
    pub expected_revision: Option<u64>,
}

impl Crm {
    /// Merges an update into a credential. The result is untested, like all new content. An update that sends
    /// nothing changes nothing. A caller who may read secrets gets the result in the clear, and that is
    /// recorded as a read.
    ///
    /// # Errors
    /// `Invalid` for another provider, a masked value, content that breaks the provider's rules, and another
    /// destination without a token; `Conflict(StaleRevision)`. On any error the old content is still there.
    pub async fn update(
        &self,
        caller: &Permitted<to::UpdateCredential>,
        id: CredentialId,
        change: UpdateCrmCredential,
    ) -> Result<CrmCredential, Failure> {
        let began = Instant::now();
        loop {
            let row = self.crm_row(caller, &Selector::Id(id)).await?;
            check_revision(change.expected_revision, &row.credential)?;
            check_provider(change.provider.as_deref(), row.credential.provider.as_str())?;
            let masks = change.patch.masks();
            if !masks.is_empty() {
                return Err(Failure::Invalid(masks));
            }
            if change.patch.is_empty() {
                return self.show_row(caller, row).await;
            }
            let (provider, mapping) = self.rows.crm_mapping_of(&row.credential)?;
            let mut payload = self.sealing.open(caller, &row).await?;
            let grant = grant_of(&payload);
            let current = read_content(&mapping, &row.credential, &mut payload)?;
            let merged = current.merge(&change.patch, &mapping).map_err(Failure::invalid)?;
            let (kind, content) = merged.into_content(&provider, &mapping).map_err(Failure::Invalid)?;
            let checked = Checked { kind, content, run: None };
            let same_grant = grant == grant_of(&checked.content.secret);
            match self.write_crm_change(caller, &row.credential, &checked, same_grant).await {
                Ok((changed, in_clear)) => {
                    return CrmCredential::put_together(&mapping, changed, checked.content.secret, in_clear);
                }
                Err(Failure::Conflict(Conflict::StaleRevision)) if began.elapsed() < PATIENCE => {}
                Err(Failure::Conflict(Conflict::StaleRevision)) => return Err(Failure::unavailable()),
                Err(failure) => return Err(failure),
            }
        }
    }

    async fn write_crm_change(
        &self,
        caller: &Caller,
        current: &Credential,
        checked: &Checked,
        same_grant: bool,
    ) -> Result<(Credential, bool), Failure> {
        let mut changed = self.rows.next_revision(caller, current);
        // An end that a person stated stays. An end that followed from the old token does not.
        let stated = current.expires_at.filter(|end| current.access_token_expires_at != Some(*end));
        checked.put_into(&mut changed, stated);
        if same_grant {
            // Only values beside the tokens have changed: the tokens still belong to this app and this
            // account.
            changed.oauth_app = current.oauth_app;
            changed.account.clone_from(&current.account);
            changed.google_email.clone_from(&current.google_email);
            changed.refreshed_at = current.refreshed_at;
            changed.grant_expires_at = current.grant_expires_at;
        }
        changed.refresh_at = self.schedule.first_refresh(&changed, &checked.content);
        let sealed = self.sealing.seal(&changed, &checked.content.secret).await?;
        let in_clear = permitted(&caller.principal, Operation::ReadSecrets);
        let mut evidence = Evidence::from(self.rows.change_event(caller, current, &changed, Some(&sealed)));
        if in_clear {
            evidence = evidence.and(caller.event(Action::SecretRead, Outcome::Success).about(&changed));
        }
        let (revision, version) = (current.revision, current.version);
        self.repository.replace(&changed, &sealed, revision, version, evidence).await?;
        Ok((changed, in_clear))
    }
}

/// A digest that identifies a grant: of its refresh token, or of its access token when it has no refresh
/// token.
fn grant_of(payload: &SecretPayload) -> Option<Digest> {
    let token = payload.get(REFRESH_TOKEN).or_else(|| payload.get(ACCESS_TOKEN))?;
    Some(sha256(token.expose()))
}

fn check_provider(sent: Option<&str>, own: &str) -> Result<(), Failure> {
    match sent {
        Some(sent) if !sent.eq_ignore_ascii_case(own) => {
            Err(Failure::invalid(Rule::fixed("cannot be changed").on("provider")))
        }
        _ => Ok(()),
    }
}
