//! AWS Signature Version 4, verified as AWS documents it ("Signature Version 4 for API requests" in the IAM
//! user guide). It is written independently of the tester's signer, so that each of them checks the other.

use ring::digest::{SHA256, digest};
use ring::hmac;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};
use url::form_urlencoded;

use crate::capture::decode;
use crate::wire::Received;

/// The one secret access key that the simulator knows, 40 characters. The access key id decides how the
/// simulator behaves.
pub(crate) const SECRET: &str = "simulator/good+secret0000000000000000000";

/// The largest difference between the time of a request and that of the server.
const TOLERANCE: Duration = Duration::minutes(15);

/// What a signed request says about its signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signed {
    pub(crate) access_key_id: String,
    pub(crate) session_token: Option<String>,
    pub(crate) region: String,
    pub(crate) service: String,
    /// The time of the signature, by the signer's clock.
    pub(crate) time: OffsetDateTime,
    /// Whether the signature was made with the secret.
    pub(crate) genuine: bool,
}

/// How the time of a signature differs from the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Skew {
    Expired,
    NotYetCurrent,
}

impl Signed {
    /// Whether the signature is too old or too early.
    pub(crate) fn skew(&self, now: OffsetDateTime) -> Option<Skew> {
        match now - self.time {
            age if age > TOLERANCE => Some(Skew::Expired),
            age if age < -TOLERANCE => Some(Skew::NotYetCurrent),
            _ => None,
        }
    }
}

/// Reads and checks the signature of a request.
///
/// # Errors
/// The part that is missing or malformed. A signature that was made with another secret is no error.
pub(crate) fn verify(received: &Received, secret: &str) -> Result<Signed, &'static str> {
    let authorization = received.header("authorization").ok_or("header `authorization` is missing")?;
    let claim = Claim::parse(authorization).ok_or("header `authorization` is no AWS4-HMAC-SHA256")?;
    let time = received.header("x-amz-date").ok_or("header `x-amz-date` is missing")?;
    let signed_at = moment(time).ok_or("header `x-amz-date` is no time")?;
    if !time.starts_with(claim.date) {
        return Err("header `x-amz-date` does not fit the credential scope");
    }
    let names: Vec<_> = claim.signed_headers.split(';').collect();
    let all_signed = received.headers.iter().all(|(name, _)| {
        let must = name == "host" || name == "content-type" || name.starts_with("x-amz-");
        !must || names.contains(&name.as_str())
    });
    if !all_signed {
        return Err("`host`, `content-type` and every `x-amz-` header must be signed");
    }
    let canonical = canonical_request(received, &claim, &names)?;
    let text = format!("AWS4-HMAC-SHA256\n{time}\n{}\n{}", claim.scope(), sha256(canonical.as_bytes()));
    let expected = hex::encode(hmac_sha256(&claim.key(secret), text.as_bytes()));
    Ok(Signed {
        access_key_id: claim.access_key_id.to_owned(),
        session_token: received.header("x-amz-security-token").map(str::to_owned),
        region: claim.region.to_owned(),
        service: claim.service.to_owned(),
        time: signed_at,
        genuine: expected == claim.signature,
    })
}

/// Reads a time in ISO 8601 without punctuation: `20150830T123600Z`.
fn moment(text: &str) -> Option<OffsetDateTime> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    PrimitiveDateTime::parse(text, format).ok().map(PrimitiveDateTime::assume_utc)
}

struct Claim<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(authorization: &'a str) -> Option<Self> {
        let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part =
            |name: &str| rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let credential: Vec<_> = part("Credential")?.split('/').collect();
        let [access_key_id, date, region, service, "aws4_request"] = credential.as_slice() else {
            return None;
        };
        let (signed_headers, signature) = (part("SignedHeaders")?, part("Signature")?);
        Some(Self { access_key_id, date, region, service, signed_headers, signature })
    }

    fn scope(&self) -> String {
        format!("{}/{}/{}/aws4_request", self.date, self.region, self.service)
    }

    fn key(&self, secret: &str) -> Vec<u8> {
        let chain = [self.date, self.region, self.service, "aws4_request"];
        chain
            .iter()
            .fold(format!("AWS4{secret}").into_bytes(), |key, part| hmac_sha256(&key, part.as_bytes()))
    }
}

fn canonical_request(received: &Received, claim: &Claim<'_>, names: &[&str]) -> Result<String, &'static str> {
    let mut headers = String::new();
    for name in names {
        let value = received.header(name).ok_or("a signed header is missing, or there twice")?;
        let value: Vec<_> = value.split_ascii_whitespace().collect();
        headers.push_str(&format!("{name}:{}\n", value.join(" ")));
    }
    let body = sha256(&received.body);
    let payload = received.header("x-amz-content-sha256").unwrap_or(&body);
    if payload != body && payload != "UNSIGNED-PAYLOAD" {
        return Err("header `x-amz-content-sha256` is not the hash of the body");
    }
    Ok(format!(
        "{}\n{}\n{}\n{headers}\n{}\n{payload}",
        received.method,
        canonical_path(&received.path, claim.service),
        canonical_query(&received.query).ok_or("the query is not percent-encoded")?,
        claim.signed_headers,
    ))
}

/// The path as it was sent. It is encoded once more for all services except S3.
fn canonical_path(path: &str, service: &str) -> String {
    if service == "s3" {
        return path.to_owned();
    }
    path.split('/').map(encode).collect::<Vec<_>>().join("/")
}

fn canonical_query(query: &str) -> Option<String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        Some((encode(&decode(name)?), encode(&decode(value)?)))
    });
    let mut pairs: Vec<_> = pairs.collect::<Option<_>>()?;
    pairs.sort();
    Some(pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"))
}

/// Encodes all but the unreserved characters of RFC 3986.
fn encode(text: &str) -> String {
    let escaped: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    // The form encoding differs in these three.
    escaped.replace('+', "%20").replace('*', "%2A").replace("%7E", "~")
}

fn hmac_sha256(key: &[u8], text: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text).as_ref().to_vec()
}

fn sha256(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}
