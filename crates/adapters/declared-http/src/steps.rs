//! Connection tests over HTTP, as provider files declare them. This module is data only:
//! `adapters/tester-http` runs the tests.

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_domain::{StepConditions, TestCode};

use crate::template::{Choice, Template};

/// A test of HTTP requests. It ends with the first step that is not `ok`, or with the last one.
#[derive(Debug, Clone, Default)]
pub struct HttpTest {
    /// The requests in order.
    pub steps: Vec<HttpStep>,
    /// Values that follow from a field: `{name}` in a template becomes the text that is listed here for the
    /// field's value.
    pub choices: BTreeMap<String, Choice>,
}

/// One request and how its answer is read.
#[derive(Debug, Clone)]
pub struct HttpStep {
    /// The step's name in the report: 1 to 64 characters of `a-z0-9_`.
    pub name: String,
    /// The credentials that the step is for. For all others it is left out.
    pub conditions: StepConditions,
    /// GET, POST or HEAD.
    pub method: HttpMethod,
    /// Where the request goes.
    pub origin: OriginTemplate,
    /// Path, from its first `/`.
    pub path: Template,
    /// Query parameters; one whose template names an absent field is left out.
    pub query: Vec<(String, Template)>,
    /// Headers; one whose template names an absent field is left out. The name may be a template too.
    pub headers: Vec<(Template, Template)>,
    /// User name and password of RFC 7617.
    pub basic: Option<(Template, Template)>,
    /// The body.
    pub body: HttpBody,
    /// AWS Signature Version 4, when the request is signed.
    pub aws_sigv4: Option<AwsSigV4>,
    /// How the answer is read: the first rule that fits decides. When none fits, 429 means `rate_limited` and
    /// every other answer means `provider_error`.
    pub outcomes: Vec<OutcomeRule>,
    /// Facts to report when the step is `ok` or `insufficient`: the name, and the place in the JSON body (RFC
    /// 6901).
    pub facts: Vec<(&'static str, String)>,
}

/// The methods that a test may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpMethod {
    /// GET.
    Get,
    /// POST.
    Post,
    /// HEAD.
    Head,
}

/// Scheme, host and port of a request.
#[derive(Debug, Clone)]
pub enum OriginTemplate {
    /// An origin that is written in the file, perhaps with variables in the host.
    Host {
        /// `https`, or `http` in a rehearsal.
        plain_http: bool,
        /// The host.
        host: Template,
        /// The port, when it is not the default port of the scheme. The egress policy allows a port that is
        /// written here.
        port: Option<u16>,
        /// The hosts that are allowed when variables could make the host anything: exact names, or suffixes
        /// that begin with a dot. It is empty when the file alone decides the host (it has no variables, or
        /// only choices), or when the file allows every host that the egress policy allows.
        hosts: Vec<String>,
    },
    /// The origin of a URL field.
    Field {
        /// The field.
        name: String,
        /// Whether the path of the field's value is kept and comes before `path`.
        keep_path: bool,
        /// The hosts that are allowed: exact names, or suffixes that begin with a dot. Empty means every host
        /// that the egress policy allows.
        hosts: Vec<String>,
    },
}

/// Whether a provider file may not declare this header. Such headers decide how a message is framed, routed,
/// selected or cached, or state its sender (RFC 9110, RFC 9112, RFC 7239). Only the code that sends the
/// request writes them.
pub fn is_reserved_header(name: &str) -> bool {
    const RESERVED: [&str; 34] = [
        "host",
        "content-length",
        "content-encoding",
        "content-range",
        "transfer-encoding",
        "connection",
        "te",
        "upgrade",
        "http2-settings",
        "trailer",
        "keep-alive",
        "cookie",
        "cookie2",
        "expect",
        "accept-encoding",
        "range",
        "via",
        "forwarded",
        "max-forwards",
        "early-data",
        "x-forwarded",
        "x-real-ip",
        "x-client-ip",
        "x-cluster-client-ip",
        "x-original-host",
        "x-original-url",
        "x-rewrite-url",
        "x-host",
        "x-http-method",
        "x-http-method-override",
        "x-method-override",
        "true-client-ip",
        "cf-connecting-ip",
        "fastly-client-ip",
    ];
    const PREFIXES: [&str; 3] = ["proxy-", "x-forwarded-", "if-"];
    let name = name.to_ascii_lowercase();
    RESERVED.contains(&name.as_str()) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// The body of a request.
#[derive(Debug, Clone)]
pub enum HttpBody {
    /// No body, and no `Content-Type`.
    None,
    /// JSON as it is written in the file.
    Json(String),
    /// `application/x-www-form-urlencoded`; a pair whose template names an absent field is left out.
    Form(Vec<(String, Template)>),
}

/// How a request is signed for AWS. The key comes from the fields `access_key_id`, `secret_access_key` and
/// `session_token`.
#[derive(Debug, Clone)]
pub struct AwsSigV4 {
    /// The service's signing name, such as `ses`.
    pub service: String,
    /// The region.
    pub region: Template,
}

/// One rule for reading an answer. All of its conditions must hold.
#[derive(Debug, Clone)]
pub struct OutcomeRule {
    /// The statuses that the rule is for; empty means every status.
    pub status: Vec<u16>,
    /// The conditions on the JSON body.
    pub json: Vec<JsonCondition>,
    /// Headers that must be present: the name in lower case, and a list of values. The header must contain
    /// one of them, without regard to case (a number does not count inside a longer number). An empty list
    /// accepts any value.
    pub headers: Vec<(String, Vec<String>)>,
    /// Texts of which the body must contain one; empty means no condition.
    pub text: Vec<String>,
    /// The code of the test when the rule fits.
    pub code: TestCode,
    /// A message that is more precise than the one of the code.
    pub message: Option<String>,
    /// A hint that is more precise than the one of the code.
    pub hint: Option<String>,
}

/// A condition on one value of a JSON body.
#[derive(Debug, Clone)]
pub struct JsonCondition {
    /// The place of the value (RFC 6901); the empty text means the whole body.
    pub pointer: String,
    /// The condition on the value there.
    pub check: JsonCheck,
}

/// A condition on a value of a JSON body.
#[derive(Debug, Clone)]
pub enum JsonCheck {
    /// The value exists, and is neither `null` nor an empty text, list or object.
    Present,
    /// The value does not exist, or is `null` or an empty text, list or object.
    Absent,
    /// The value is one of these scalars; texts are compared without regard to case.
    OneOf(Vec<Value>),
}
