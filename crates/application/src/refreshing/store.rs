//! Commits the result of a refresh. Until then the new tokens exist nowhere else, and the old ones may be
//! worth nothing.

use std::time::Duration;

use strongroom_domain::oauth::{Granted, REFRESH_TOKEN};
use strongroom_domain::{ConfigValue, Content, Outcome, SecretText, TokenResponse};
use strongroom_repository::{SealedCredential, Selector};
use time::OffsetDateTime;
use tokio::time::Instant;

use super::Refreshing;
use super::ask::APP_RETRY;
use super::attempt::Attempt;
use super::flights::{RefreshFailed, RefreshOutcome};
use crate::Failure;

/// How long new tokens are offered to a store that does not answer. After that they are lost.
const WAIT_FOR_STORE: Duration = Duration::from_secs(60);

/// The result of a refresh.
struct News {
    granted: Granted,
    /// The refresh token that was sent to get it.
    sent: Option<SecretText>,
    obtained_at: OffsetDateTime,
}

impl Refreshing {
    /// Commits new tokens before any reader sees them. It repeats the commit for 60 seconds while the store
    /// cannot be reached, because the old refresh token may be worth nothing by now.
    pub(crate) async fn store_refreshed(
        &self,
        attempt: &Attempt<'_>,
        content: Content,
        response: TokenResponse,
        obtained_at: OffsetDateTime,
    ) -> Result<RefreshOutcome, Failure> {
        let current = &attempt.row.credential;
        let kind = current.credential_type;
        let requested = match current.config.get("scope") {
            Some(ConfigValue::Text(scope)) => scope.clone(),
            _ => String::new(),
        };
        let sent = content.secret.get(REFRESH_TOKEN).map(SecretText::duplicate);
        let when = (obtained_at, self.schedule.jitter());
        let (granted, unfit) = attempt.provider.take_refresh(kind, content, response, &requested, when);
        if !unfit.is_empty() {
            let rules: Vec<_> = unfit.iter().map(ToString::to_string).collect();
            tracing::warn!(credential = %current.id, ?rules, "what came with a refreshed token does not fit");
        }
        let outcome = match granted.is_new {
            true => RefreshOutcome::Fresh,
            // The new refresh token, if the answer has one, is stored all the same.
            false => RefreshOutcome::Failed(RefreshFailed::Away(APP_RETRY)),
        };
        let news = News { granted, sent, obtained_at };
        let began = Instant::now();
        loop {
            match self.write(attempt, &news).await {
                Ok(true) => return Ok(outcome),
                Ok(false) => {
                    tracing::info!(credential = %current.id, "a late answer gives way to what was stored meanwhile");
                    return Ok(RefreshOutcome::Fresh);
                }
                Err(Failure::Unavailable { .. }) if began.elapsed() < WAIT_FOR_STORE => {
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(failure) => {
                    tracing::error!(credential = %current.id, "a refreshed token could not be stored and is lost");
                    return Err(failure);
                }
            }
        }
    }

    /// Writes the news over the row that was refreshed, or over that row after a caller's edit. Returns
    /// `false` when the row has other tokens by now.
    async fn write(&self, attempt: &Attempt<'_>, news: &News) -> Result<bool, Failure> {
        if self.commit(attempt, news, None).await? {
            return Ok(true);
        }
        let Some(row) = self.still_ours(attempt, news).await? else { return Ok(false) };
        match self.commit(attempt, news, Some(&row)).await? {
            true => Ok(true),
            // The row has changed once more; the caller of this function tries again.
            false => Err(Failure::unavailable()),
        }
    }

    /// Writes the news over one state of the row. Returns `false` when the row has changed since.
    async fn commit(
        &self,
        attempt: &Attempt<'_>,
        news: &News,
        over: Option<&SealedCredential>,
    ) -> Result<bool, Failure> {
        let base = over.unwrap_or(&attempt.row);
        let mut refreshed = base.credential.clone();
        let changed = match over {
            None => None,
            Some(row) => Some(self.put_over(attempt, news, row).await?),
        };
        let content = changed.as_ref().unwrap_or(&news.granted.content);
        refreshed.take_refresh(content, news.granted.refresh_at, news.obtained_at);
        let sealed = self.sealing.seal(&refreshed, &content.secret).await?;
        let event = attempt.need.event(&refreshed, Outcome::Success).sealed_as(self.sealing.digest(&sealed));
        let leases = &self.leases;
        let version = base.credential.version;
        Ok(leases.store(&refreshed, &sealed, version, attempt.owner, event.into()).await?)
    }

    async fn put_over(
        &self,
        attempt: &Attempt<'_>,
        news: &News,
        row: &SealedCredential,
    ) -> Result<Content, Failure> {
        let server = attempt.provider.oauth.as_ref().ok_or(Failure::Internal)?;
        let job = (attempt.need.actor.clone(), attempt.need.origin.clone());
        let secret = self.sealing.open_for_job(row, job).await?;
        let config = row.credential.config.clone();
        Ok(news.granted.put_over(server, Content { config, secret, ..Content::default() }))
    }

    /// The row as it is now, when it still has the refresh token that was sent and was not refreshed
    /// meanwhile. Then a caller has edited something else, such as the metadata of a CRM credential, and the
    /// edit must not lose the new token.
    async fn still_ours(
        &self,
        attempt: &Attempt<'_>,
        news: &News,
    ) -> Result<Option<SealedCredential>, Failure> {
        let credential = &attempt.row.credential;
        let selector = Selector::Id(credential.id);
        let found = self.credentials.find_sealed(&credential.organization, &selector).await?;
        let edited = found.filter(|row| {
            let (now, before) = (&row.credential, credential);
            now.credential_type == before.credential_type
                // An edit keeps the time of the last refresh or forgets it.
                && now.refreshed_at.is_none_or(|at| Some(at) == before.refreshed_at)
        });
        let (Some(row), Some(sent)) = (edited, &news.sent) else { return Ok(None) };
        let job = (attempt.need.actor.clone(), attempt.need.origin.clone());
        let payload = self.sealing.open_for_job(&row, job).await?;
        let same = payload.get(REFRESH_TOKEN).is_some_and(|token| token.expose() == sent.expose());
        Ok(same.then_some(row))
    }
}
