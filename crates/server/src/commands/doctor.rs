//! `strongroom doctor`

use serde_json::{Value, json};
use strongroom::{EgressSettings, Finding, Strongroom};

use super::Invocation;
use crate::output;
use crate::settings::Settings;

pub(crate) async fn run(invocation: Invocation) -> anyhow::Result<()> {
    let findings = look(invocation.settings).await;
    let values: Vec<Value> = findings
        .iter()
        .map(|finding| json!({ "subject": finding.subject, "ok": finding.good, "text": finding.text }))
        .collect();
    let good = findings.iter().all(|finding| finding.good);
    let line = |finding: &Finding| {
        format!("{} {}: {}", if finding.good { "ok  " } else { "BAD " }, finding.subject, finding.text)
    };
    let lines: Vec<String> = findings.iter().map(line).collect();
    output::result(invocation.json, &json!({ "ok": good, "findings": values }), &lines);
    anyhow::ensure!(good, "something is wrong; see above");
    Ok(())
}

/// Opening the vault checks settings, store, migrations, keys and catalog; what it refuses is the finding.
async fn look(settings: Settings) -> Vec<Finding> {
    let network = match settings.listen.ip().is_loopback() {
        true => format!("listens on loopback only, at {}", settings.listen),
        false => format!("listens at {} behind a proxy", settings.listen),
    };
    let mut findings = vec![Finding { subject: "listener", good: true, text: network }];
    findings.push(egress(settings.builder.egress_settings()));
    match settings.builder.open().await {
        Err(error) => findings.push(Finding { subject: "start", good: false, text: error.to_string() }),
        Ok(strongroom) => {
            findings.push(opened(&strongroom));
            findings.extend(strongroom.diagnose().await.findings);
            strongroom.shutdown().await;
        }
    }
    findings
}

/// Where connection tests may go.
fn egress(settings: &EgressSettings) -> Finding {
    let mut text = match settings.allow_cidrs.is_empty() {
        true => "connection tests reach public addresses only".to_owned(),
        false => format!("connection tests reach public addresses and {}", settings.allow_cidrs),
    };
    if settings.plain_http {
        text.push_str("; HTTP without TLS is allowed, which is for rehearsals only");
    }
    Finding { subject: "egress", good: true, text }
}

fn opened(strongroom: &Strongroom) -> Finding {
    let text =
        format!("store, migrations, keys and catalog are good; deployment {}", strongroom.deployment_id());
    Finding { subject: "start", good: true, text }
}
