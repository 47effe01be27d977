//! Masks secrets that are not shown, and keeps the mask from being written back.

use super::plain::PlainUrl;
use super::{ACCESS_TOKEN, CrmContent, CrmMapping, CrmPatch, DSN, MASK, METADATA, Metadata};
use crate::json::Json;
use crate::secret::SecretText;
use crate::violation::{Rule, Violation};

impl CrmPatch {
    /// Returns a violation for every value that contains the mask: the client has read it masked and sends it
    /// back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(self.dsn.as_ref(), self.access_token.as_ref(), self.metadata.as_ref())
    }
}

impl CrmContent {
    /// What is shown in place of content that cannot be opened.
    pub fn hidden() -> Self {
        let mask = || SecretText::new(MASK.to_owned());
        Self { dsn: mask(), access_token: mask(), metadata: Metadata::new() }
    }

    /// Returns a violation for every value that contains the mask: the client has read it masked and sends it
    /// back.
    pub fn masks(&self) -> Vec<Violation> {
        masks(Some(&self.dsn), Some(&self.access_token), Some(&self.metadata))
    }

    /// This content with the mask in place of every secret: the token, the parts of the dsn that may hold a
    /// secret, and every metadata value that the provider file does not name as public. In lists and objects
    /// each value is masked by itself.
    #[must_use]
    pub fn masked(self, mapping: &CrmMapping) -> Self {
        let metadata =
            self.metadata.into_iter().map(|(name, value)| match mapping.is_public(&name, &value) {
                true => (name, value),
                false => (name, masked(value)),
            });
        Self {
            dsn: SecretText::new(masked_dsn(self.dsn.expose())),
            access_token: SecretText::new(MASK.to_owned()),
            metadata: metadata.collect(),
        }
    }
}

fn masks(
    dsn: Option<&SecretText>,
    access_token: Option<&SecretText>,
    metadata: Option<&Metadata>,
) -> Vec<Violation> {
    const RULE: Rule = Rule::fixed("must not contain the mask that stands for a secret");
    let is_mask = |text: &SecretText| text.expose().contains(MASK);
    let mut places: Vec<String> = Vec::new();
    for (name, text) in [(DSN, dsn), (ACCESS_TOKEN, access_token)] {
        places.extend(text.filter(|text| is_mask(text)).map(|_| name.to_owned()));
    }
    let masked = metadata.into_iter().flatten().filter(|(_, value)| value.any_text(&is_mask));
    places.extend(masked.map(|(name, _)| format!("{METADATA}.{name}")));
    places.into_iter().map(|place| RULE.on(place)).collect()
}

fn masked(value: Json) -> Json {
    match value {
        Json::Array(items) => Json::Array(items.into_iter().map(masked).collect()),
        Json::Object(fields) => {
            Json::Object(fields.into_iter().map(|(name, value)| (name, masked(value))).collect())
        }
        _ => Json::Text(SecretText::new(MASK.to_owned())),
    }
}

/// Shows scheme, host, port and path of a URL and masks its other parts. Any other dsn is masked whole.
fn masked_dsn(dsn: &str) -> String {
    let Some(url) = PlainUrl::parse(dsn) else { return MASK.to_owned() };
    let PlainUrl { scheme, userinfo, authority, path, query, fragment } = url;
    let userinfo = if userinfo { format!("{MASK}@") } else { String::new() };
    let query = if query { format!("?{MASK}") } else { String::new() };
    let fragment = if fragment { format!("#{MASK}") } else { String::new() };
    format!("{scheme}://{userinfo}{authority}{path}{query}{fragment}")
}
