//! What authorization servers call their errors. Here is what the RFCs say and what several servers share;
//! what one provider means by a word is in its provider file.

use strongroom_declared_http::ErrorMeaning::{self, App, Dead, Doubtful, Passing, Throttled};
use strongroom_domain::Json;
use strongroom_domain::oauth::is_error_code;

use crate::pointer;

/// Codes at `/error`: RFC 6749, sections 4.1.2.1 and 5.2, RFC 8628, section 3.5, and words of GitHub, Google,
/// Notion, Slack and Zoho. `invalid_grant` is doubtful, because many servers also say it of a request that
/// came twice or too early.
const CODES: [(&str, ErrorMeaning); 32] = [
    ("invalid_grant", Doubtful),
    ("bad_refresh_token", Dead),
    ("invalid_refresh_token", Dead),
    ("invalid_code", Dead),
    ("bad_verification_code", Dead),
    ("token_revoked", Dead),
    ("invalid_client", App),
    ("unauthorized_client", App),
    ("unsupported_grant_type", App),
    ("invalid_scope", App),
    ("incorrect_client_credentials", App),
    ("invalid_client_secret", App),
    ("bad_client_secret", App),
    ("invalid_client_id", App),
    ("redirect_uri_mismatch", App),
    ("invalid_redirect_uri", App),
    ("bad_redirect_uri", App),
    ("deleted_client", App),
    ("disabled_client", App),
    ("org_internal", App),
    ("temporarily_unavailable", Passing),
    ("server_error", Passing),
    ("fatal_error", Passing),
    ("internal_error", Passing),
    ("internal_failure", Passing),
    ("internal_server_error", Passing),
    ("service_unavailable", Passing),
    ("slow_down", Throttled),
    ("rate_limited", Throttled),
    ("ratelimited", Throttled),
    ("rate_limit_exceeded", Throttled),
    ("too_many_requests", Throttled),
];

/// Codes of RFC 6749, 6750, 7009, 8628 and of OpenID Connect Core that alone say nothing certain about a
/// grant.
const STANDARD: [&str; 18] = [
    "invalid_request",
    "access_denied",
    "unsupported_response_type",
    "invalid_token",
    "insufficient_scope",
    "unsupported_token_type",
    "authorization_pending",
    "expired_token",
    "interaction_required",
    "login_required",
    "account_selection_required",
    "consent_required",
    "invalid_request_uri",
    "invalid_request_object",
    "request_not_supported",
    "request_uri_not_supported",
    "registration_not_supported",
    "invalid_target",
];

/// The values of HubSpot's `status` that mean that the grant or the code is gone.
const DEAD_STATUS: [&str; 3] = ["BAD_REFRESH_TOKEN", "BAD_AUTH_CODE", "EXPIRED_AUTH_CODE"];

/// Microsoft's error numbers, which are more precise than its codes (learn.microsoft.com, "Microsoft Entra
/// authentication and authorization error codes"). Those that end a grant count beside `invalid_grant` and
/// `interaction_required`: the refresh token has ended or was revoked, or the person must consent or sign in
/// again. The others count beside any code.
const NUMBERS: [(i64, ErrorMeaning); 21] = [
    // A client asks in a loop; a tenant has too many requests.
    (50_196, Throttled),
    (90_055, Throttled),
    // The directory does not answer, or has too much to do; the account is locked for a while; a policy of
    // the tenant refuses what is right.
    (90_033, Passing),
    (90_006, Passing),
    (90_024, Passing),
    (50_053, Passing),
    (53_003, Passing),
    // The secret is wrong, has ended or is missing; the app is not in the tenant; the tenant is unknown; the
    // redirect URI or the resource is not the app's.
    (7_000_215, App),
    (7_000_222, App),
    (7_000_218, App),
    (700_016, App),
    (90_002, App),
    (50_011, App),
    (500_011, App),
    (70_008, Dead),
    (700_082, Dead),
    (70_043, Dead),
    (50_173, Dead),
    (50_076, Dead),
    (50_079, Dead),
    (65_001, Dead),
];

/// The places where servers put their error codes. The lists of a provider file are compared with each of
/// them.
const PLACES: [&str; 11] = [
    "/error",
    "/error/code",
    "/error/type",
    "/error/status",
    "/error_code",
    "/errorCode",
    "/code",
    "/status",
    "/reason",
    "/ECODE",
    "/error_description",
];

/// What an error means that no rule of the provider file names.
pub(crate) fn meaning(json: &Json) -> Option<ErrorMeaning> {
    let error = pointer::text(json, "/error").unwrap_or_default();
    let asks_person = matches!(error, "invalid_grant" | "interaction_required");
    let of_number = NUMBERS.iter().find(|(number, meaning)| {
        (asks_person || *meaning != Dead) && numbers(json).any(|said| said == *number)
    });
    let of_code = || CODES.iter().find(|(code, _)| *code == error).map(|(_, meaning)| *meaning);
    // Elsewhere the words of the RFCs are as good, but what ends a grant must come twice.
    let of_place = || {
        let places = PLACES.iter().filter(|place| **place != "/error_description");
        let said: Vec<&str> = places.filter_map(|place| pointer::text(json, place)).collect();
        let found = CODES.iter().find(|(code, _)| said.contains(code))?;
        Some(if found.1 == Dead { Doubtful } else { found.1 })
    };
    let of_code = || of_code().or_else(of_place);
    let status = || pointer::text(json, "/status").filter(|status| DEAD_STATUS.contains(status));
    of_number.map(|(_, meaning)| *meaning).or_else(of_code).or_else(|| status().map(|_| Dead))
}

/// The texts and numbers that an answer has at the places of error codes.
pub(crate) fn said(json: &Json) -> Vec<String> {
    PLACES.iter().filter_map(|place| pointer::scalar(json, place)).collect()
}

/// The numbers in Microsoft's `error_codes`.
pub(crate) fn numbers(json: &Json) -> impl Iterator<Item = i64> + '_ {
    let numbers = match pointer::value(json, "/error_codes") {
        Some(Json::Array(numbers)) => numbers.as_slice(),
        _ => &[],
    };
    numbers.iter().filter_map(|number| match number {
        Json::Integer(number) => Some(*number),
        _ => None,
    })
}

/// The error code of an answer: Microsoft's number, else the first word at the places of error codes.
pub(crate) fn code(json: &Json) -> Option<String> {
    let is_known = |number: &i64| NUMBERS.iter().any(|(known, _)| known == number);
    let number = numbers(json).find(is_known).or_else(|| numbers(json).next());
    let number = number.map(|number| format!("AADSTS{number}"));
    let words: Vec<String> = said(json).into_iter().filter(|text| is_error_code(text)).collect();
    let says_more = |text: &&String| {
        !text.bytes().all(|b| b.is_ascii_digit())
            && !["error", "failure", "failed", "fail"].contains(&text.as_str())
    };
    number.or_else(|| words.iter().find(says_more).or(words.first()).cloned())
}

/// Whether a code is one of those listed here, so that it cannot be a secret that a server sends back.
pub(crate) fn is_known(code: &str) -> bool {
    CODES.iter().any(|(known, _)| *known == code) || STANDARD.contains(&code) || DEAD_STATUS.contains(&code)
}
