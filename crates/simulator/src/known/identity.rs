use serde_json::json;

use crate::call::{Call, Wanted};
use crate::wire::Reply;

/// The user of a GitHub token.
pub(crate) fn github(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.path != "/user" && call.path != "/api/v3/user" {
        return None;
    }
    let reply = match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "login": "rehearsal", "id": 1_234_567, "node_id": "MDQ6VXNlcjE=", "type": "User",
                "site_admin": false, "name": "Rehearsal User", "email": null, "public_repos": 0
            }),
        )
        .with("X-OAuth-Scopes", "read:user, user:email"),
        Wanted::Denied => Reply::json(
            403,
            &json!({
                "message": "Resource not accessible by integration",
                "documentation_url": "https://docs.github.com/rest/users/users#get-the-authenticated-user",
                "status": "403"
            }),
        ),
        Wanted::Reject | Wanted::WrongSignature => Reply::json(
            401,
            &json!({
                "message": "Bad credentials",
                "documentation_url": "https://docs.github.com/rest",
                "status": "401"
            }),
        ),
    };
    Some(reply.with("x-ratelimit-limit", "5000").with("x-ratelimit-remaining", "4999"))
}

/// The user info endpoint of Google.
pub(crate) fn google(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if !call.path.ends_with("/userinfo") {
        return None;
    }
    Some(match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "sub": "110248495921238986420", "email": "rehearsal@example.com", "email_verified": true,
                "hd": "example.com"
            }),
        ),
        Wanted::Denied => Reply::json(
            403,
            &json!({
                "error": {
                    "code": 403, "status": "PERMISSION_DENIED",
                    "message": "Request had insufficient authentication scopes.",
                    "details": [{
                        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                        "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "domain": "googleapis.com"
                    }]
                }
            }),
        ),
        Wanted::Reject | Wanted::WrongSignature => Reply::json(
            401,
            &json!({
                "error": "invalid_request",
                "error_description": "Invalid Credentials"
            }),
        ),
    })
}

/// Microsoft Graph, for people and for SharePoint sites.
pub(crate) fn microsoft(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.host.starts_with("login.") {
        return microsoft_token(wanted);
    }
    let error = |code: &str, message: &str| {
        json!({
            "error": {
                "code": code, "message": message,
                "innerError": {
                    "date": "2026-01-05T10:00:00", "request-id": "01234567-89ab-cdef-0123-456789abcdef",
                    "client-request-id": "01234567-89ab-cdef-0123-456789abcdef"
                }
            }
        })
    };
    let found = if call.path.ends_with("/me") {
        json!({
            "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
            "id": "87d349ed-44d7-43e1-9a83-5f2406dee5bd", "displayName": "Rehearsal User",
            "userPrincipalName": "rehearsal@example.com", "mail": "rehearsal@example.com"
        })
    } else if call.path.contains("/sites/") {
        json!({
            "id": "example.sharepoint.com,da60e844-ba1d-49bc-b4d4-d5e36bae9019,712a596e-90a1-49e3-9b48-bfa80bee8740",
            "name": "", "displayName": "Rehearsal", "webUrl": "https://example.sharepoint.com"
        })
    } else {
        return None;
    };
    Some(match wanted {
        Wanted::Accept => Reply::json(200, &found),
        Wanted::Denied if call.path.contains("/sites/") => {
            Reply::json(403, &error("accessDenied", "Access denied"))
        }
        Wanted::Denied => Reply::json(
            403,
            &error("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
        ),
        Wanted::Reject | Wanted::WrongSignature => {
            Reply::json(401, &error("InvalidAuthenticationToken", "Access token is empty or malformed."))
        }
    })
}

/// The token endpoint of Entra for the client credentials grant.
pub(crate) fn microsoft_token(wanted: Wanted) -> Option<Reply> {
    Some(match wanted {
        Wanted::Denied => return None,
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599,
                "access_token": "simulator-access-token"
            }),
        ),
        Wanted::Reject | Wanted::WrongSignature => Reply::json(
            401,
            &json!({
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.",
                "error_codes": [7_000_215],
                "timestamp": "2026-01-05 10:00:00Z",
                "trace_id": "01234567-89ab-cdef-0123-456789abcdef",
                "correlation_id": "01234567-89ab-cdef-0123-456789abcdef"
            }),
        ),
    })
}

/// `auth.test` of Slack, which answers 200 whatever it finds.
pub(crate) fn slack(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.path != "/api/auth.test" {
        return None;
    }
    let refused = |error: &str| json!({ "ok": false, "error": error });
    Some(match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "ok": true, "url": "https://rehearsal.slack.com/", "team": "Rehearsal", "user": "rehearsal",
                "team_id": "T0123456789", "user_id": "U0123456789", "bot_id": "B0123456789",
                "is_enterprise_install": false
            }),
        ),
        Wanted::Denied => Reply::json(200, &refused("missing_scope")),
        Wanted::Reject | Wanted::WrongSignature => Reply::json(200, &refused("invalid_auth")),
    })
}
