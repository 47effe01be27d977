use serde_json::json;

use crate::call::{Call, Wanted};
use crate::wire::Reply;

/// `/api/v1/validate` checks the API key alone, `/api/v2/validate_keys` checks both keys.
pub(crate) fn datadog(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    let forbidden = Reply::json(403, &json!({ "errors": ["Forbidden"] }));
    let reply = match (call.path, wanted) {
        ("/api/v1/validate", Wanted::Accept | Wanted::Denied) => Reply::json(200, &json!({ "valid": true })),
        ("/api/v1/validate", _) => forbidden,
        ("/api/v2/validate_keys", Wanted::Accept) => Reply::json(200, &json!({ "status": "ok" })),
        ("/api/v2/validate_keys", Wanted::Reject | Wanted::WrongSignature) => forbidden,
        _ => return None,
    };
    let limits = [("Limit", "1000"), ("Remaining", "999"), ("Reset", "10"), ("Period", "60")];
    Some(limits.iter().fold(reply, |reply, (name, value)| reply.with(&format!("X-RateLimit-{name}"), *value)))
}

/// REST API v2 of PagerDuty.
pub(crate) fn pagerduty(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    let users = || {
        json!({
            "users": [{
                "id": "PXPGF42", "type": "user", "name": "Rehearsal User", "email": "user@example.com",
                "time_zone": "Etc/UTC", "role": "admin", "html_url": "https://example.pagerduty.com/users/PXPGF42"
            }],
            "limit": 1, "offset": 0, "total": null, "more": false
        })
    };
    let error = |code: u32, message: &str| json!({ "error": { "message": message, "code": code } });
    match (call.path, wanted) {
        ("/users", Wanted::Accept) => Some(Reply::json(200, &users()).with("ratelimit-remaining", "959")),
        ("/users", Wanted::Denied) => Some(Reply::json(403, &error(2010, "Access Denied"))),
        ("/users", _) => Some(Reply::json(401, &error(2006, "Unauthorized"))),
        _ => None,
    }
}
