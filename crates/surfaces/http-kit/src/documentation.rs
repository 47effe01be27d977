use bytes::Bytes;

/// What a server tells about its surfaces. It never changes while the server runs, so it is written once:
/// anybody may ask for it, as often as they like.
pub struct Documentation {
    /// The OpenAPI document, for each prefix that it can be asked for under.
    pub json: Vec<(&'static str, Bytes)>,
    /// The documentation for people, in HTML.
    pub page: Bytes,
}
