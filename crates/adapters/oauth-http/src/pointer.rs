//! Finds values in answers.

use strongroom_domain::Json;

/// Reads a body that is one JSON object without repeated members, within the limits of [`Json`].
pub(crate) fn object(body: &[u8]) -> Option<Json> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    Json::parse(body).ok().filter(|json| matches!(json, Json::Object(_)))
}

/// The value at a pointer (RFC 6901).
pub(crate) fn value<'a>(json: &'a Json, pointer: &str) -> Option<&'a Json> {
    if pointer.is_empty() {
        return Some(json);
    }
    pointer.strip_prefix('/')?.split('/').try_fold(json, |json, token| match json {
        Json::Object(members) => {
            let name = token.replace("~1", "/").replace("~0", "~");
            members.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        }
        Json::Array(items) if token == "0" || !token.starts_with(['0', '+']) => {
            items.get(token.parse::<usize>().ok()?)
        }
        _ => None,
    })
}

/// The text at a pointer; an empty one counts as missing.
pub(crate) fn text<'a>(json: &'a Json, pointer: &str) -> Option<&'a str> {
    match value(json, pointer)? {
        Json::Text(text) => Some(text.expose()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// The text at a pointer, or the number there as text.
pub(crate) fn scalar(json: &Json, pointer: &str) -> Option<String> {
    match value(json, pointer)? {
        Json::Integer(number) => Some(number.to_string()),
        Json::Number(number) => Some(number.to_string()),
        _ => text(json, pointer).map(str::to_owned),
    }
}
