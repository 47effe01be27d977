use serde_json::json;

use super::identity;
use crate::call::{Call, Wanted};
use crate::wire::Reply;

/// The user info endpoint of Salesforce, which refuses a token with 403 and plain text.
pub(crate) fn salesforce(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.path != "/services/oauth2/userinfo" {
        return None;
    }
    let accepted = json!({
        "sub": "https://login.salesforce.com/id/00D000000000001EAA/005000000000001AAA",
        "user_id": "005000000000001AAA",
        "organization_id": "00D000000000001EAA",
        "preferred_username": "rehearsal@example.com",
        "nickname": "rehearsal",
        "name": "Rehearsal User",
        "email": "rehearsal@example.com",
        "email_verified": true,
        "zoneinfo": "Europe/Berlin",
        "active": true,
        "urls": { "rest": "https://example.my.salesforce.com/services/data/v{version}/" }
    });
    match wanted {
        Wanted::Accept => Some(Reply::json(200, &accepted)),
        Wanted::Reject | Wanted::WrongSignature => {
            Some(Reply::new(403, "text/html;charset=UTF-8", "Bad_OAuth_Token"))
        }
        Wanted::Denied => None,
    }
}

/// Account information of HubSpot.
pub(crate) fn hubspot(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    const CORRELATION: &str = "01234567-89ab-cdef-0123-456789abcdef";
    if call.path != "/account-info/v3/details" {
        return None;
    }
    Some(match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "portalId": 1_234_567, "accountType": "DEVELOPER_TEST", "timeZone": "Europe/Berlin",
                "companyCurrency": "EUR", "additionalCurrencies": [], "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000, "uiDomain": "app.hubspot.com", "dataHostingLocation": "eu1"
            }),
        ),
        Wanted::Denied => Reply::json(
            403,
            &json!({
                "status": "error", "category": "MISSING_SCOPES", "correlationId": CORRELATION,
                "message": "This app hasn't been granted all required scopes to make this call."
            }),
        ),
        Wanted::Reject | Wanted::WrongSignature => Reply::json(
            401,
            &json!({
                "status": "error", "category": "INVALID_AUTHENTICATION", "correlationId": CORRELATION,
                "message": "Authentication credentials not found. This API supports OAuth 2.0 authentication."
            }),
        ),
    })
}

/// The current user of Pipedrive.
pub(crate) fn pipedrive(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.path != "/api/v1/users/me" && call.path != "/v1/users/me" {
        return None;
    }
    let reply = match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "success": true,
                "data": {
                    "id": 1, "name": "Rehearsal User", "email": "rehearsal@example.com", "is_admin": 1,
                    "company_id": 77, "company_name": "Rehearsal", "company_domain": "example-company"
                }
            }),
        ),
        Wanted::Reject | Wanted::WrongSignature => {
            Reply::json(401, &json!({ "success": false, "error": "unauthorized access", "errorCode": 401 }))
        }
        Wanted::Denied => return None,
    };
    Some(reply.with("x-ratelimit-limit", "80").with("x-ratelimit-remaining", "79"))
}

/// The current user of Zoho CRM, which answers 401 when a scope is missing.
pub(crate) fn zoho(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if !call.path.starts_with("/crm/v") || !call.path.ends_with("/users") {
        return None;
    }
    let error = |code: &str, message: &str| json!({ "code": code, "details": {}, "message": message, "status": "error" });
    Some(match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "users": [{
                    "id": "4150868000000225013", "full_name": "Rehearsal User", "status": "active",
                    "email": "rehearsal@example.com", "country_locale": "en_US"
                }],
                "info": { "per_page": 200, "count": 1, "page": 1, "more_records": false }
            }),
        ),
        Wanted::Denied => {
            Reply::json(401, &error("OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL"))
        }
        Wanted::Reject | Wanted::WrongSignature => {
            Reply::json(401, &error("INVALID_TOKEN", "invalid oauth token"))
        }
    })
}

/// `WhoAmI` of Dataverse, and the token endpoint from which an application gets its token.
pub(crate) fn dynamics(call: &Call<'_>, wanted: Wanted) -> Option<Reply> {
    if call.host.starts_with("login.") {
        return identity::microsoft_token(wanted);
    }
    if !call.path.ends_with("/WhoAmI") {
        return None;
    }
    Some(match wanted {
        Wanted::Accept => Reply::json(
            200,
            &json!({
                "@odata.context": "https://example.crm4.dynamics.com/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse",
                "BusinessUnitId": "38e0dbe4-131b-e111-ba7e-78e7d1620f5e",
                "UserId": "4026be43-6b69-e111-8f65-78e7d1620f5e",
                "OrganizationId": "883278f5-07af-45eb-a0bc-3fea67caa544"
            }),
        )
        .with("OData-Version", "4.0"),
        Wanted::Denied => Reply::json(
            403,
            &json!({ "error": { "code": "0x80072560", "message": "The user is not a member of the organization." } }),
        ),
        Wanted::Reject | Wanted::WrongSignature => {
            Reply::new(401, "text/html", "").with("WWW-Authenticate", "Bearer authorization_uri=https://login.microsoftonline.com/common/oauth2/authorize")
        }
    })
}
