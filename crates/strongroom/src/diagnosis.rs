//! What `strongroom doctor` looks at once the vault is open.

use strongroom_environment::Clock;
use strongroom_environment_system::SystemClock;

use crate::stores::Stores;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// One entry for each thing that was looked at.
    pub findings: Vec<Finding>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at.
    pub subject: &'static str,
    /// Whether it is as it should be.
    pub good: bool,
    /// What is there, or what is wrong and what to do.
    pub text: String,
}

impl Diagnosis {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }
}

/// Clocks further apart than tokens allow for.
const SKEW: time::Duration = time::Duration::seconds(5);

pub(crate) async fn diagnose(stores: &Stores) -> Diagnosis {
    let mut findings = Vec::new();
    let mut note = |subject, good, text: String| findings.push(Finding { subject, good, text });
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
    Diagnosis { findings }
}
