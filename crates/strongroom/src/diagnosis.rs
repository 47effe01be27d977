//! The checks that `strongroom doctor` makes once the vault is open.

use strongroom_application::{Application, Audit, Failure};
use strongroom_environment::Clock;
use strongroom_environment_system::SystemClock;

use crate::error::chain;
use crate::stores::Stores;

/// The result of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// One finding for each check.
    pub findings: Vec<Finding>,
}

/// The result of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The subject of the check.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// Whether it is good enough, and could be better.
    pub warns: bool,
    /// A description of the state, or of the problem and what to do about it.
    pub text: String,
}

impl Diagnosis {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }
}

impl Finding {
    /// What a check has found that does not warn.
    pub const fn new(subject: &'static str, good: bool, text: String) -> Self {
        Self { subject, good, warns: false, text }
    }
}

/// What is said of a store's role that nothing holds back.
pub(crate) const SUPERUSER: &str = "the store's role is a superuser, who can turn off the triggers that guard the audit \
     trail; use a role that owns the tables of this service and nothing else";

async fn role(stores: &Stores) -> Finding {
    let subject = "role";
    match stores.database.is_superuser().await {
        Ok(true) => Finding { warns: true, ..Finding::new(subject, true, SUPERUSER.into()) },
        Ok(false) => Finding::new(subject, true, "the store's role is no superuser".into()),
        Err(error) => Finding::new(subject, false, chain(&error)),
    }
}

/// The largest difference of the clocks that is reported as good.
const SKEW: time::Duration = time::Duration::seconds(5);

pub(crate) async fn diagnose(stores: &Stores, application: &Application) -> Diagnosis {
    let mut findings = Vec::new();
    findings.push(role(stores).await);
    let mut note = |subject, good, text: String| findings.push(Finding::new(subject, good, text));
    match stores.deployment.now().await {
        Ok(there) => {
            let apart = (SystemClock.now() - there).abs();
            let text = format!("the store's clock and ours are {} ms apart", apart.whole_milliseconds());
            note(
                "clock",
                apart <= SKEW,
                if apart <= SKEW { text } else { format!("{text}; synchronise them") },
            );
        }
        Err(error) => note("clock", false, format!("the store does not answer: {error}")),
    }
    match stores.deployment.check_writable().await {
        Ok(()) => note("writes", true, "the store can be written, so reads can be put on record".into()),
        Err(error) => {
            let text = format!("the store cannot be written, so no secret is handed out: {}", chain(&error));
            note("writes", false, text);
        }
    }
    match stores.organizations.quota_drift().await {
        Ok(drift) if drift.is_empty() => note("quota", true, "every counter equals its rows".into()),
        Ok(drift) => {
            let off = drift.iter().map(|drift| {
                format!(
                    "{}/{} counts {} and holds {}",
                    drift.organization, drift.provider, drift.counted, drift.stored
                )
            });
            note("quota", false, off.collect::<Vec<_>>().join("; "));
        }
        Err(error) => note("quota", false, error.to_string()),
    }
    match stores.deployment.changed_triggers().await {
        Ok(changed) if changed.is_empty() => note("triggers", true, "as the migrations made them".into()),
        Ok(changed) => {
            let text = "added, changed, turned off or missing, which nothing of ours does";
            note("triggers", false, format!("{}: {text}", changed.join(", ")));
        }
        Err(error) => note("triggers", false, chain(&error)),
    }
    match sample(&application.audit).await {
        Ok((compared, differing)) if differing.is_empty() => {
            note("rows", true, format!("a sample of {compared} organisations is as the audit trail says"));
        }
        Ok((_, differing)) => note("rows", false, differing.join("; ")),
        Err(error) => note("rows", false, chain(&error)),
    }
    Diagnosis { findings }
}

/// How many organisations a sample has.
const ORGANIZATIONS: u32 = 100;
/// How many credentials of each, the newest, are compared with the audit trail.
const CREDENTIALS: u32 = 10;

/// The number of organisations whose newest credentials were compared with the audit trail, and what differs.
async fn sample(audit: &Audit) -> Result<(usize, Vec<String>), Failure> {
    let heads = audit.heads(None, ORGANIZATIONS).await?;
    let mut differing = Vec::new();
    for head in &heads {
        for difference in audit.sample(&head.organization, CREDENTIALS).await? {
            let id = difference.credential.map_or_else(String::new, |id| format!(" {id}"));
            differing.push(format!("{}{id}: {}", head.organization, difference.reason));
        }
    }
    Ok((heads.len(), differing))
}
