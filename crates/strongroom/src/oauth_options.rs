//! Checks the OAuth part of a configuration.

use strongroom_application::OauthSettings;
use strongroom_domain::oauth::RedirectAllowList;
use url::{Host, Url};

use crate::StartError;
use crate::builder::OauthOptions;

const PUBLIC_URL: &str = "server.public_url";
const REDIRECTS: &str = "oauth.redirect_allowlist";

/// The settings of OAuth flows.
pub(crate) fn settings(options: &OauthOptions) -> Result<OauthSettings, StartError> {
    let public_url = options.public_url.as_deref().map(public_url).transpose()?;
    let list = options.redirect_allowlist.as_deref().or(public_url.as_deref()).unwrap_or_default();
    let redirects = RedirectAllowList::parse(list).map_err(|rule| StartError::setting(REDIRECTS, rule))?;
    // With the completion `bound`, a code that completes a flow is sent to these places.
    for entry in list.split(',').filter(|entry| Url::parse(entry.trim()).is_ok_and(|url| !is_encrypted(&url)))
    {
        tracing::warn!(entry = entry.trim(), "people are sent to a place of {REDIRECTS} without encryption");
    }
    for (name, app) in &options.apps {
        if app.client_id.is_empty() {
            return Err(StartError::setting(&format!("oauth.apps.{name}.client_id"), "is required"));
        }
    }
    Ok(OauthSettings {
        public_url,
        completion: options.completion,
        redirects,
        apps: options.apps.clone(),
        hand_out_refresh_tokens: options.hand_out_refresh_tokens,
    })
}

/// Checks the public URL and removes the slashes at its end. Codes and completion codes are sent to it, so it
/// must be encrypted unless it stays on this host.
fn public_url(text: &str) -> Result<String, StartError> {
    const RULE: &str =
        "must be an https URL without user name, query and fragment (http only for a loopback address)";
    let refuse = || StartError::setting(PUBLIC_URL, RULE);
    let url = Url::parse(text).map_err(|_| refuse())?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !is_encrypted(&url) || !plain || url.query().is_some() || url.fragment().is_some() {
        return Err(refuse());
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

/// Whether data sent to a URL is encrypted on its way, or stays on this host.
fn is_encrypted(url: &Url) -> bool {
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && local)
}
