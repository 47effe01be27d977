//! Connection tests over HTTP, as provider files declare them. Data only: `adapters/tester-http` runs them.

use std::collections::BTreeMap;

use serde_json::Value;
use strongroom_domain::{StepConditions, TestCode};

use crate::template::{Choice, Template};

/// A test of HTTP requests. It ends with the first step that is not `ok`, or with the last one.
#[derive(Debug, Clone, Default)]
pub struct HttpTest {
    /// The requests in order.
    pub steps: Vec<HttpStep>,
    /// Values that follow from a field: `{name}` in a template is the text that stands beside the field's
    /// value here.
    pub choices: BTreeMap<String, Choice>,
}

/// One request and how its answer is read.
#[derive(Debug, Clone)]
pub struct HttpStep {
    /// What the report calls it: 1 to 64 characters of `a-z0-9_`.
    pub name: String,
    /// The credentials it is for; it is left out for all others.
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
    /// How the answer is read: the first rule that fits decides. After them: 429 is `rate_limited`, all else
    /// `provider_error`.
    pub outcomes: Vec<OutcomeRule>,
    /// Facts to report when the step is `ok` or `insufficient`: name, and where in the JSON body (RFC 6901).
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
    /// Written in the file, perhaps with variables in the host.
    Host {
        /// `https`, or `http` in a rehearsal.
        plain_http: bool,
        /// The host.
        host: Template,
        /// The port when it is not the scheme's own. One that is written here is allowed by the egress
        /// policy.
        port: Option<u16>,
        /// What the host must be when its variables could make it anything: exact names, or suffixes that
        /// begin with a dot. Empty when the file alone decides (no variables, or only choices), or when it
        /// admits any host that the egress policy admits.
        hosts: Vec<String>,
    },
    /// The origin of a URL field.
    Field {
        /// The field.
        name: String,
        /// Whether the path of its value stays in front of `path`.
        keep_path: bool,
        /// What the host must be: exact names, or suffixes that begin with a dot; empty means any host that
        /// the egress policy admits.
        hosts: Vec<String>,
    },
}

/// Headers that decide how a message is framed, routed, selected or remembered, or whom it is said to come
/// from (RFC 9110, RFC 9112, RFC 7239): whoever sends the request writes them, a provider file never does.
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
    /// None, and no `Content-Type`.
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
    /// The statuses it is for; empty means any.
    pub status: Vec<u16>,
    /// What the JSON body must say.
    pub json: Vec<JsonCondition>,
    /// Headers that must be there: name in lower case, and the values of which one must be contained, without
    /// regard to case (a number not inside a longer one); none means any value.
    pub headers: Vec<(String, Vec<String>)>,
    /// Texts of which one must be in the body; empty means no condition.
    pub text: Vec<String>,
    /// What the test has found then.
    pub code: TestCode,
    /// A message that says more than the code's own.
    pub message: Option<String>,
    /// A hint that says more than the code's own.
    pub hint: Option<String>,
}

/// A condition on one place of a JSON body.
#[derive(Debug, Clone)]
pub struct JsonCondition {
    /// Where (RFC 6901); the empty text is the whole body.
    pub pointer: String,
    /// What must hold there.
    pub check: JsonCheck,
}

/// What must hold at a place of a JSON body.
#[derive(Debug, Clone)]
pub enum JsonCheck {
    /// It is there, and neither `null`, nor an empty text, list or object.
    Present,
    /// It is not there, or `null`, or an empty text, list or object.
    Absent,
    /// It is one of these scalars; texts are compared without regard to case.
    OneOf(Vec<Value>),
}
