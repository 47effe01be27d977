//! AWS Signature Version 4.
//!
//! The library writes the canonical request, which holds the session token, to the log at `TRACE`
//! (RUSTSEC-2023-0125), so it is called without a subscriber.

use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use strongroom_declared_http::{AwsSigV4, Place, Refusal, Values};
use time::OffsetDateTime;
use tracing::subscriber::{NoSubscriber, with_default};

const KEY_ID: &str = "access_key_id";
const SECRET: &str = "secret_access_key";
const TOKEN: &str = "session_token";

/// The parts of a request that are signed.
pub(crate) struct Signable<'a> {
    pub(crate) method: &'a Method,
    pub(crate) url: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// Signs a request and returns the headers to add to it. `now` is the wall clock; AWS accepts a difference of
/// 15 minutes.
pub(crate) fn headers(
    signable: &Signable<'_>,
    aws: &AwsSigV4,
    values: &Values<'_>,
    now: OffsetDateTime,
) -> Result<Vec<(HeaderName, HeaderValue)>, Refusal> {
    let unusable = || Refusal::of(KEY_ID, "cannot be used for a signature");
    let text = |name: &str| match values.field(name) {
        None => Ok(None),
        Some(value) => match Place::Header.value(&value, false) {
            Ok(text) => Ok(Some(text.expose().to_owned())),
            Err(rule) => Err(Refusal::of(name, rule)),
        },
    };
    let needed = |name: &str| text(name)?.ok_or_else(|| values.missing(name));
    let region = values.require(&aws.region, Place::Host)?;
    let identity =
        Credentials::new(needed(KEY_ID)?, needed(SECRET)?, text(TOKEN)?, None, "strongroom").into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region.expose())
        .name(&aws.service)
        .time(SystemTime::from(now))
        .settings(settings(&aws.service))
        .build()
        .map_err(|_| unusable())?;
    let signed = signable.headers.iter().filter(|(name, _)| is_signed(name));
    let signed = signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    let output = with_default(NoSubscriber::new(), || {
        let body = SignableBody::Bytes(signable.body);
        let request = SignableRequest::new(signable.method.as_str(), signable.url, signed, body)?;
        sign(request, &params.into())
    });
    let (instructions, _) = output.map_err(|_| unusable())?.into_parts();
    let (headers, _) = instructions.into_parts();
    headers
        .into_iter()
        .map(|header| {
            let mut value = HeaderValue::from_str(header.value()).map_err(|_| unusable())?;
            value.set_sensitive(true);
            Ok((HeaderName::from_static(header.name()), value))
        })
        .collect()
}

/// Whether a header is signed. AWS requires these; a proxy may change the others.
fn is_signed(name: &HeaderName) -> bool {
    matches!(name.as_str(), "host" | "content-type") || name.as_str().starts_with("x-amz-")
}

/// The settings for a service. S3 uses the path unchanged and requires the hash of the body in a header.
fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}
