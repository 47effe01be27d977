//! `strongroom audit verify`

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use strongroom::Strongroom;
use strongroom_domain::OrganizationId;

use super::{Invocation, broken, with_vault};
use crate::output;

/// How many chain heads are read at once.
const PAGE: u32 = 500;

#[derive(Default)]
struct Report {
    chains: u64,
    events: u64,
    checkpoints: u64,
    credentials: u64,
    differing: Vec<(String, Option<String>, &'static str)>,
    broken: Vec<(String, u64, String)>,
}

impl Report {
    /// The report as JSON. The comparison of credentials is a part of it when it was asked for.
    fn value(&self, deep: bool) -> Value {
        let broken = self.broken.iter();
        let broken: Vec<Value> =
            broken.map(|(org, seq, reason)| json!({ "org": org, "seq": seq, "reason": reason })).collect();
        let differing = self.differing.iter();
        let differing: Vec<Value> = differing
            .map(|(org, id, reason)| json!({ "org": org, "credential": id, "reason": reason }))
            .collect();
        let mut value = json!({
            "ok": broken.is_empty() && differing.is_empty(),
            "chains": self.chains,
            "events": self.events,
            "checkpoints": self.checkpoints,
            "broken": broken,
        });
        if let (true, Some(members)) = (deep, value.as_object_mut()) {
            members.insert("credentials".into(), json!(self.credentials));
            members.insert("differing".into(), json!(differing));
        }
        value
    }

    /// The report as lines of text.
    fn lines(&self, deep: bool) -> Vec<String> {
        let broken = self.broken.iter();
        let mut lines: Vec<String> =
            broken.map(|(org, seq, reason)| format!("BROKEN {org} at {seq}: {reason}")).collect();
        lines.extend(self.differing.iter().map(|(org, id, reason)| {
            format!("DIFFERS {org} {}: {reason}", id.as_deref().unwrap_or("(a row without a readable id)"))
        }));
        let compared = match deep {
            true => format!(", {} credentials", self.credentials),
            false => String::new(),
        };
        lines.push(format!(
            "{} chains, {} events, {} checkpoints{compared}",
            self.chains, self.events, self.checkpoints
        ));
        lines
    }
}

pub(crate) async fn run(
    invocation: Invocation,
    org: Option<&str>,
    checkpoints: Option<&Path>,
    deep: bool,
) -> anyhow::Result<()> {
    let only = org
        .map(|org| OrganizationId::from_stored(org).map_err(|rule| broken(rule.on("--org"))))
        .transpose()?;
    let report = with_vault(invocation.settings, async |strongroom| {
        let mut report = Report::default();
        match only {
            Some(organization) => check(strongroom, &organization, deep, &mut report).await?,
            None => {
                check_all(strongroom, deep, &mut report).await?;
                for organization in strongroom.application().audit.headless_chains().await? {
                    check(strongroom, &organization, deep, &mut report).await?;
                }
            }
        }
        if let Some(file) = checkpoints {
            compare(strongroom, file, &mut report).await?;
        }
        Ok(report)
    });
    let report = report.await?;
    output::result(invocation.json, &report.value(deep), &report.lines(deep));
    anyhow::ensure!(report.broken.is_empty(), "the audit trail does not hold");
    anyhow::ensure!(report.differing.is_empty(), "credentials are not what the audit trail says");
    Ok(())
}

async fn check_all(strongroom: &Strongroom, deep: bool, report: &mut Report) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let heads = strongroom.application().audit.heads(after, PAGE).await?;
        let Some(last) = heads.last() else { return Ok(()) };
        after = Some(last.organization.clone());
        for head in &heads {
            check(strongroom, &head.organization, deep, report).await?;
        }
    }
}

async fn check(
    strongroom: &Strongroom,
    organization: &OrganizationId,
    deep: bool,
    report: &mut Report,
) -> anyhow::Result<()> {
    let audit = &strongroom.application().audit;
    let found = match deep {
        false => audit.verify_chain(organization).await?,
        true => {
            let found = audit.verify_deep(organization).await?;
            report.credentials += found.credentials;
            report.differing.extend(found.differing.into_iter().map(|difference| {
                let id = difference.credential.map(|id| id.to_string());
                (organization.to_string(), id, difference.reason)
            }));
            found.chain
        }
    };
    report.chains += u64::from(found.events > 0 || found.broken.is_some());
    report.events += found.events;
    if let Some(broken) = found.broken {
        report.broken.push((organization.to_string(), broken.seq, broken.reason.to_owned()));
    }
    Ok(())
}

async fn compare(strongroom: &Strongroom, file: &Path, report: &mut Report) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("the checkpoint file {} cannot be read", file.display()))?;
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let Some(checkpoint) = strongroom.read_checkpoint(line) else {
            bail!("line {} of {} is not a checkpoint of this deployment", number + 1, file.display());
        };
        report.checkpoints += 1;
        for (organization, broken) in strongroom.application().audit.verify_checkpoint(&checkpoint).await? {
            let reason = format!("{} (checkpoint in line {})", broken.reason, number + 1);
            report.broken.push((organization.to_string(), broken.seq, reason));
        }
    }
    Ok(())
}
