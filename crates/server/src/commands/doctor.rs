//! `strongroom doctor`

use serde_json::{Value, json};
use strongroom::{Builder, EgressSettings, Finding, Strongroom};

use super::Invocation;
use crate::output;
use crate::settings::Settings;

pub(crate) async fn run(invocation: Invocation) -> anyhow::Result<()> {
    let findings = look(invocation.settings).await;
    let values: Vec<Value> = findings
        .iter()
        .map(|finding| {
            let Finding { subject, good, warns, text } = finding;
            json!({ "subject": subject, "ok": good, "warning": warns, "text": text })
        })
        .collect();
    let good = findings.iter().all(|finding| finding.good);
    let line = |finding: &Finding| {
        let mark = match (finding.good, finding.warns) {
            (true, false) => "ok  ",
            (true, true) => "WARN",
            (false, _) => "BAD ",
        };
        format!("{mark} {}: {}", finding.subject, finding.text)
    };
    let lines: Vec<String> = findings.iter().map(line).collect();
    output::result(invocation.json, &json!({ "ok": good, "findings": values }), &lines);
    anyhow::ensure!(good, "something is wrong; see above");
    Ok(())
}

/// Opens the vault, which checks settings, store, migrations, keys and catalog. When that fails, the error is
/// the finding.
async fn look(settings: Settings) -> Vec<Finding> {
    let network = match settings.listen.ip().is_loopback() {
        true => format!("listens on loopback only, at {}", settings.listen),
        false => format!("listens at {} behind a proxy", settings.listen),
    };
    let mut findings = vec![Finding::new("listener", true, network)];
    findings.push(egress(settings.builder.egress_settings()));
    findings.push(oauth(&settings.builder));
    findings.push(settings.builder.issuer_keys_finding());
    match settings.builder.open().await {
        Err(error) => findings.push(Finding::new("start", false, error.to_string())),
        Ok(strongroom) => {
            findings.push(opened(&strongroom));
            findings.extend(strongroom.diagnose().await.findings);
            strongroom.shutdown().await;
        }
    }
    findings
}

/// Reports which networks connection tests may reach.
fn egress(settings: &EgressSettings) -> Finding {
    if let Err(error) = settings.check() {
        return Finding::new("egress", false, error.to_string());
    }
    let mut text = "connection tests reach public addresses".to_owned();
    let more = [
        ("networks", &settings.allow_cidrs),
        ("names", &settings.allow_hosts),
        ("ports", &settings.allow_ports),
        ("internal_postgresql", &settings.internal_postgresql_hosts),
    ];
    for (what, list) in more.into_iter().filter(|(_, list)| !list.is_empty()) {
        text.push_str(&format!("; {what} {list}"));
    }
    if settings.plain_http {
        text.push_str("; HTTP without TLS, which is for rehearsals only");
    }
    Finding::new("egress", true, text)
}

/// Reports which OAuth apps are set, and whether a provider uses them.
fn oauth(builder: &Builder) -> Finding {
    let subject = "oauth";
    let providers = match builder.providers() {
        Ok(providers) => providers,
        Err(error) => return Finding::new(subject, false, error.to_string()),
    };
    let used = |app: &&str| {
        let mut servers = providers.iter().filter_map(|provider| provider.oauth.as_ref());
        servers.any(|server| server.app == **app)
    };
    let (known, unknown): (Vec<&str>, Vec<&str>) = builder.oauth_apps().partition(used);
    if !unknown.is_empty() {
        let text = format!("no provider of the catalog uses the app {}", unknown.join(", "));
        return Finding::new(subject, false, text);
    }
    let apps = if known.is_empty() {
        "no apps of the operator".into()
    } else {
        format!("apps {}", known.join(", "))
    };
    let place = if builder.has_public_url() {
        ""
    } else {
        "; people come back to the listener (server.public_url is not set)"
    };
    Finding::new(subject, true, format!("{apps}{place}"))
}

fn opened(strongroom: &Strongroom) -> Finding {
    let text =
        format!("store, migrations, keys and catalog are good; deployment {}", strongroom.deployment_id());
    Finding::new("start", true, text)
}
