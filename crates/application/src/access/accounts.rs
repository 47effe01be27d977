//! Makes, shows, changes and removes service accounts.

use std::collections::BTreeSet;

use strongroom_domain::audit::Origin;
use strongroom_domain::service_account::AccountName;
use strongroom_domain::{
    Action, Actor, AuditEvent, CredentialId, Evidence, Outcome, ProviderId, Reach, Rule, Scope, ScopeSet,
    ServiceAccount, ServiceAccountId, ServiceAccountStatus,
};

use super::Access;
use crate::ground::{Permitted, to};
use crate::{Caller, Conflict, Failure, Missing};

/// A service account to make.
#[derive(Debug)]
pub struct NewServiceAccount {
    /// Its name.
    pub name: AccountName,
    /// What it is for, up to 1,000 characters.
    pub description: Option<String>,
    /// What it may do; `credentials:read secrets:read` when absent.
    pub scopes: Option<ScopeSet>,
    /// How far it reaches.
    pub reach: Reach,
}

/// A change to a service account; what is absent stays.
#[derive(Debug, Default)]
pub struct ChangeServiceAccount {
    /// A new name.
    pub name: Option<AccountName>,
    /// A new description; the inner `None` removes the description.
    pub description: Option<Option<String>>,
    /// New scopes.
    pub scopes: Option<ScopeSet>,
    /// Only these providers from now on; the inner `None` means all again.
    pub providers: Option<Option<BTreeSet<ProviderId>>>,
    /// Only these credentials from now on; the inner `None` means all again.
    pub credentials: Option<Option<BTreeSet<CredentialId>>>,
    /// Whether its keys work.
    pub status: Option<ServiceAccountStatus>,
}

impl Access {
    /// Makes a service account. The scopes that it gets are recorded in an event of their own, because an
    /// admin may grant scopes for operations that an admin may not do.
    pub async fn create_account(
        &self,
        caller: &Permitted<to::ManageServiceAccounts>,
        new: NewServiceAccount,
    ) -> Result<ServiceAccount, Failure> {
        self.check_reach(&new.reach)?;
        let now = self.clock.now();
        let account = ServiceAccount {
            organization: caller.organization().clone(),
            id: ServiceAccountId(self.ids.next()),
            name: new.name,
            description: new.description,
            scopes: new
                .scopes
                .unwrap_or_else(|| ScopeSet::from([Scope::CredentialsRead, Scope::SecretsRead])),
            reach: new.reach,
            status: ServiceAccountStatus::Active,
            created_at: now,
            updated_at: now,
            created_by: caller.principal.id().to_owned(),
            issuer: caller.principal.issuer().cloned(),
        };
        let id = account.id.to_string();
        let created = caller.event(Action::ServiceAccountCreated, Outcome::Success).targeting(&id);
        let evidence = Evidence::from(created).and(granted_by(caller, &account));
        self.service_accounts.insert(&account, evidence).await?;
        Ok(account)
    }

    /// Returns one service account.
    pub async fn get_account(
        &self,
        caller: &Permitted<to::ManageServiceAccounts>,
        id: ServiceAccountId,
    ) -> Result<ServiceAccount, Failure> {
        let found = self.service_accounts.find(caller.organization(), id).await?;
        found.ok_or(Failure::NotFound(Missing::ServiceAccount))
    }

    /// Service accounts, newest first; `limit` 1 to 500.
    pub async fn list_accounts(
        &self,
        caller: &Permitted<to::ManageServiceAccounts>,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<ServiceAccount>, Failure> {
        Ok(self.service_accounts.list(caller.organization(), offset, limit.clamp(1, 500)).await?)
    }

    /// Changes a service account. The change applies to its keys at once on this instance and within 2
    /// seconds on others.
    pub async fn change_account(
        &self,
        caller: &Permitted<to::ManageServiceAccounts>,
        id: ServiceAccountId,
        change: ChangeServiceAccount,
    ) -> Result<ServiceAccount, Failure> {
        let before = self.get_account(caller, id).await?;
        let mut after = before.clone();
        after.updated_at = self.clock.now().max(before.updated_at + time::Duration::microseconds(1));
        after.name = change.name.unwrap_or(after.name);
        after.description = change.description.unwrap_or(after.description);
        after.scopes = change.scopes.unwrap_or(after.scopes);
        after.reach.providers = change.providers.unwrap_or(after.reach.providers);
        after.reach.credentials = change.credentials.unwrap_or(after.reach.credentials);
        after.status = change.status.unwrap_or(after.status);
        self.check_reach(&after.reach)?;
        let updated = caller
            .event(Action::ServiceAccountUpdated, Outcome::Success)
            .targeting(id.to_string())
            .detail("status", after.status.as_str());
        let mut evidence = Evidence::from(updated);
        if after.scopes != before.scopes || after.reach != before.reach {
            evidence = evidence.and(granted_by(caller, &after));
        }
        let written = self.service_accounts.replace(&after, before.updated_at, evidence).await;
        self.verified_keys.forget();
        match written.map_err(Failure::from) {
            Ok(()) => Ok(after),
            Err(Failure::Conflict(Conflict::StaleRevision)) => {
                // Another caller was faster: it removed the account, or changed what this change would
                // overwrite.
                self.get_account(caller, id).await?;
                Err(Failure::unavailable())
            }
            Err(failure) => Err(failure),
        }
    }

    /// Puts on record which accounts a migration has given a scope: those that could read refresh tokens
    /// before there was a scope for that. It is called at a start.
    pub async fn announce_migrated_scopes(&self) {
        loop {
            let accounts = match self.service_accounts.unannounced_scopes().await {
                Ok(accounts) if accounts.is_empty() => return,
                Ok(accounts) => accounts,
                Err(error) => return tracing::warn!(%error, "scopes of a migration were not put on record"),
            };
            for account in &accounts {
                let (organization, id) = (account.organization.clone(), account.id);
                let actor = Actor::system("upgrade");
                let event = AuditEvent::new(
                    organization.clone(),
                    Action::ScopesGranted,
                    Outcome::Success,
                    actor,
                    Origin::default(),
                );
                let event = granted(event, account);
                if let Err(error) =
                    self.service_accounts.announce_scopes(&organization, id, event.into()).await
                {
                    return tracing::warn!(%error, "scopes of a migration were not put on record");
                }
            }
        }
    }

    /// Removes a service account and its keys.
    pub async fn delete_account(
        &self,
        caller: &Permitted<to::ManageServiceAccounts>,
        id: ServiceAccountId,
    ) -> Result<(), Failure> {
        let event = caller.event(Action::ServiceAccountDeleted, Outcome::Success).targeting(id.to_string());
        let deleted = self.service_accounts.delete(caller.organization(), id, event.into()).await;
        self.verified_keys.forget();
        if deleted? { Ok(()) } else { Err(Failure::NotFound(Missing::ServiceAccount)) }
    }

    fn check_reach(&self, reach: &Reach) -> Result<(), Failure> {
        const MOST: usize = 500;
        if reach.credentials.as_ref().is_some_and(|ids| ids.len() > MOST) {
            return Err(Failure::invalid(
                Rule::fixed("must name at most 500 credentials").on("credential_ids"),
            ));
        }
        let mut named = reach.providers.iter().flatten();
        if let Some(unknown) = named.find(|id| self.catalog.find(id.as_str()).is_none()) {
            let rule = Rule::naming(format!("must name providers of the catalog; `{unknown}` is none"));
            return Err(Failure::invalid(rule.on("providers")));
        }
        Ok(())
    }
}

fn granted_by(caller: &Caller, account: &ServiceAccount) -> AuditEvent {
    granted(caller.event(Action::ScopesGranted, Outcome::Success), account)
}

fn granted(event: AuditEvent, account: &ServiceAccount) -> AuditEvent {
    let scopes: Vec<_> = account.scopes.iter().map(|scope| scope.as_str()).collect();
    let limited = account.reach != Reach::default();
    event
        .targeting(account.id.to_string())
        .detail("scopes", scopes.join(" "))
        .detail("limited", limited.to_string())
}
