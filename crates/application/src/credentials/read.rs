//! Reads secrets, for service accounts only. Each read is on record before the secret is opened.

use std::time::Duration;

use futures_util::future;
use strongroom_domain::credential::Readability;
use strongroom_domain::oauth::REFRESH_TOKEN;
use strongroom_domain::{Action, Credential, CredentialId, CrmContent, Outcome, Rule, Scope, SecretPayload};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;

use super::Credentials;
use crate::ground::{Permitted, read_content, to};
use crate::{Conflict, Failure, Missing};

/// The most secrets that one call reads.
pub(crate) const MAX_BATCH: usize = 50;

/// A credential with its secret fields in the clear.
#[derive(Debug)]
pub struct OpenedCredential {
    /// Its metadata; the public fields are in its config.
    pub credential: Credential,
    /// Its secret fields.
    pub secret: SecretPayload,
    /// Its content as CRM clients know it, when it holds a slot of the CRM dialect.
    pub crm: Option<CrmContent>,
}

impl Credentials {
    /// Reads the secret of one credential by id or slot. A token that has ended, or is about to end, is
    /// refreshed first. With `min_validity` the token lives at least that long, as far as a token can.
    ///
    /// # Errors
    /// `Unavailable` when the read could not be put on record; then nothing was opened. `ProviderAway` when
    /// there is no valid token and none could be obtained. `Conflict` when the credential's authorisation is
    /// not complete, or the credential has to be authorised again and its last token has ended.
    pub async fn read(
        &self,
        caller: &Permitted<to::ReadSecrets>,
        selector: Selector,
        min_validity: Option<Duration>,
    ) -> Result<OpenedCredential, Failure> {
        let row = self.rows.sealed_reachable(caller, &selector).await?;
        let row = self.refreshing.freshened(caller, row, min_validity).await?;
        let opened = self.hand_out(caller, vec![row], self.clock.now()).await?;
        opened.into_iter().next().ok_or(Failure::NotFound(Missing::Credential))
    }

    /// Reads up to [`Self::MAX_BATCH`] secrets, recorded in one commit, in the order of `ids`. A repeated id
    /// counts once.
    ///
    /// # Errors
    /// `Argument` on `ids` when there are more; `NotFound` when any credential is unknown; `Conflict` when
    /// any may not be read now; otherwise the errors of [`Self::read`]. In all of these cases no secret is
    /// returned.
    pub async fn read_many(
        &self,
        caller: &Permitted<to::ReadSecrets>,
        ids: &[CredentialId],
        min_validity: Option<Duration>,
    ) -> Result<Vec<OpenedCredential>, Failure> {
        if ids.len() > MAX_BATCH {
            return Err(Failure::Argument(Rule::fixed("must name at most 50 credentials").on("ids")));
        }
        let mut rows = self.repository.find_sealed_many(caller.organization(), ids).await?;
        let mut ordered = Vec::with_capacity(ids.len());
        for (position, id) in ids.iter().enumerate() {
            if ids.iter().take(position).any(|earlier| earlier == id) {
                continue;
            }
            let at = rows.iter().position(|row| row.credential.id == *id);
            ordered.push(rows.swap_remove(at.ok_or(Failure::NotFound(Missing::Credential))?));
        }
        ordered.iter().try_for_each(|row| self.gate.check_reach(caller, &row.credential))?;
        let fresh = ordered.into_iter().map(|row| self.refreshing.freshened(caller, row, min_validity));
        let fresh = future::try_join_all(fresh).await?;
        self.hand_out(caller, fresh, self.clock.now()).await
    }

    /// Puts the reads on record, and only then opens the payloads. `now` is the time that decides whether
    /// they may be read.
    pub(crate) async fn hand_out(
        &self,
        caller: &Permitted<to::ReadSecrets>,
        rows: Vec<SealedCredential>,
        now: OffsetDateTime,
    ) -> Result<Vec<OpenedCredential>, Failure> {
        let caller = self.record_reads(caller, &rows, now).await?;
        let refresh_tokens = caller.principal.has_scope(Scope::RefreshTokensRead);
        let mut opened = Vec::with_capacity(rows.len());
        for row in rows {
            opened.push(self.open_recorded(&caller, row, now, refresh_tokens).await?);
        }
        Ok(opened)
    }

    /// Puts reads on record in one commit, when all of them are permitted. Returns the caller as it is by
    /// now.
    pub(crate) async fn record_reads(
        &self,
        caller: &Permitted<to::ReadSecrets>,
        rows: &[SealedCredential],
        now: OffsetDateTime,
    ) -> Result<Permitted<to::ReadSecrets>, Failure> {
        // The caller may have waited for a refresh.
        let caller = self.gate.judge_again(caller).await?;
        let mut events = Vec::with_capacity(rows.len());
        for SealedCredential { credential, .. } in rows {
            self.gate.check_reach(&caller, credential)?;
            match credential.readability(now) {
                Readability::Readable => {}
                Readability::AuthorizationPending => {
                    return Err(Failure::Conflict(Conflict::AuthorizationPending));
                }
                Readability::ReauthorizationRequired => {
                    return Err(Failure::Conflict(Conflict::ReauthorizationRequired));
                }
            }
            events.push(caller.event(Action::SecretRead, Outcome::Success).about(credential));
        }
        if !events.is_empty() {
            self.audit.record(events).await?;
        }
        Ok(caller)
    }

    /// Opens a row whose read is on record, with its refresh token or without.
    pub(crate) async fn open_recorded(
        &self,
        caller: &Permitted<to::ReadSecrets>,
        row: SealedCredential,
        now: OffsetDateTime,
        refresh_tokens: bool,
    ) -> Result<OpenedCredential, Failure> {
        let mut secret = self.sealing.open(caller, &row).await?;
        let credential = row.credential;
        let mapping = credential.is_crm().then(|| self.rows.crm_mapping_of(&credential).ok()).flatten();
        let mut crm =
            mapping.map(|(_, mapping)| read_content(&mapping, &credential, &mut secret)).transpose()?;
        let refresh_tokens = refresh_tokens && self.settings.hand_out_refresh_tokens;
        if credential.credential_type.is_oauth() && !refresh_tokens {
            secret.remove(REFRESH_TOKEN);
            crm.iter_mut().for_each(|content| drop(content.metadata.remove(REFRESH_TOKEN)));
        }
        self.usage.secret_read(&credential.organization, credential.id, now);
        Ok(OpenedCredential { credential, secret, crm })
    }

    /// The most ids that [`Self::read_many`] takes.
    pub const MAX_BATCH: usize = MAX_BATCH;
}
