//! The few pages that a person sees during a flow. They load nothing and run nothing. The only foreign text
//! on them is the name of the account that the provider tells, and it is escaped.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_application::Confirmation;
use strongroom_domain::oauth::{CallbackProblem, sha256};

pub(super) const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1rem}\
dt{color:#555}dd{margin:0 0 .5rem;font-weight:600;overflow-wrap:anywhere}\
button{font:inherit;padding:.5rem 1rem;margin:1rem 1rem 0 0}code{overflow-wrap:anywhere}";

/// Asks the person whether this grant is theirs.
pub(super) fn confirm(asked: &Confirmation) -> HttpResponse {
    let account = match &asked.account {
        Some(account) => escaped(account),
        None => "the provider does not say".to_owned(),
    };
    let issuer = asked.issuer.as_ref();
    let issuer = issuer.map(|issuer| format!("<dt>Signed in by</dt><dd>{}</dd>", escaped(issuer)));
    let body = format!(
        "<h1>Connect {provider}?</h1><p>Somebody asked for access to your account. Go on only if you know them.</p>\
         <dl><dt>Asked by</dt><dd>{asked_by}</dd>{issuer}<dt>For the organisation</dt>\
         <dd>{organization}</dd><dt>Provider</dt><dd>{provider}</dd><dt>Account</dt><dd>{account}</dd></dl>\
         <form method=\"post\" action=\"{action}\"><input type=\"hidden\" name=\"state\" value=\"{state}\">\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <button name=\"answer\" value=\"connect\">Connect</button>\
         <button name=\"answer\" value=\"disown\">This was not me</button></form>",
        provider = escaped(&asked.provider),
        asked_by = escaped(&asked.asked_by),
        issuer = issuer.unwrap_or_default(),
        organization = escaped(&asked.organization),
        action = escaped(&asked.action),
        state = escaped(asked.state.expose()),
        token = escaped(asked.token.expose()),
    );
    // Browsers apply `form-action` to where an answer redirects to as well.
    let then = asked.then.as_deref().map(|origin| format!(" {origin}")).unwrap_or_default();
    page(StatusCode::OK, "Connect", &body, &format!("'self'{then}"))
}

/// Shows the code that completes a flow to a person who has nowhere to go back to.
pub(super) fn code(credential_id: &str, completion_code: &str) -> HttpResponse {
    let body = format!(
        "<h1>One step is left</h1><p>Give this code to the program that asked you to come here. It is good for 10 \
         minutes, once.</p><dl><dt>Completion code</dt><dd><code>{}</code></dd><dt>Credential</dt>\
         <dd><code>{}</code></dd></dl>",
        escaped(completion_code),
        escaped(credential_id),
    );
    page(StatusCode::OK, "One step is left", &body, "'none'")
}

/// Tells that the credential is connected.
pub(super) fn connected() -> HttpResponse {
    let body = "<h1>Connected</h1><p>The credential is ready. You can close this page.</p>";
    page(StatusCode::OK, "Connected", body, "'none'")
}

/// Tells why nothing was connected.
pub(super) fn refused(problem: CallbackProblem) -> HttpResponse {
    let status = match problem {
        CallbackProblem::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        CallbackProblem::Disowned => StatusCode::OK,
        CallbackProblem::ForeignPage => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_REQUEST,
    };
    let body =
        format!("<h1>Not connected</h1><p>{}</p><p><code>{}</code></p>", problem.message(), problem.as_str());
    page(status, "Not connected", &body, "'none'")
}

/// Sends the browser on. 303 makes it ask by GET, whatever it did before (RFC 9110, section 15.4.4).
pub(super) fn redirect(url: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, url)).insert_header(NO_REFERRER).finish()
}

const NO_REFERRER: (HeaderName, &str) = (header::REFERRER_POLICY, "no-referrer");

fn page(status: StatusCode, title: &str, body: &str, form_action: &str) -> HttpResponse {
    let style = STANDARD.encode(sha256(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action {form_action}; \
         frame-ancestors 'none'"
    );
    // The address of this page holds a code. Under `no-referrer` browsers would send the form with `Origin:
    // null` (Fetch, section 3.2), so that the page itself says `origin`, which keeps the address back as
    // well.
    let text = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"referrer\" content=\"origin\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title><style>{STYLE}</style>{body}"
    );
    HttpResponse::build(status)
        .content_type(HTML)
        .insert_header((header::CONTENT_SECURITY_POLICY, policy))
        .insert_header((header::X_FRAME_OPTIONS, "DENY"))
        .insert_header(NO_REFERRER)
        .body(text)
}

/// A text that means nothing to a browser.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}
