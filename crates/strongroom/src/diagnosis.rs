//! The checks that `strongroom doctor` makes once the vault is open.

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
    /// A description of the state, or of the problem and what to do about it.
    pub text: String,
}

impl Diagnosis {
    /// Whether everything is as it should be.
    pub fn is_good(&self) -> bool {
        self.findings.iter().all(|finding| finding.good)
    }
}

/// The largest difference of the clocks that is reported as good.
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
    Diagnosis { findings }
}
