use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use strongroom_domain::SecretText;

/// A place in a request, which decides how a value is written there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Part of a host name, or the name of an AWS region.
    Host,
    /// One segment of a path, or several when slashes are kept.
    Path,
    /// A query parameter or a form value.
    Parameter,
    /// A header or its name.
    Header,
    /// A text that is encoded as a whole afterwards: a user name or password of RFC 7617, or a text in JSON.
    Raw,
}

impl Place {
    /// Writes a literal text of the provider file.
    pub fn literal(self, text: &str) -> SecretText {
        match self {
            Self::Parameter => percent(text, false),
            Self::Host | Self::Path | Self::Header | Self::Raw => SecretText::new(text.to_owned()),
        }
    }

    /// Writes a value. In a path its slashes are kept when `keep_slashes` says so.
    ///
    /// # Errors
    /// Returns the rule that the value breaks, such as "must not contain control characters".
    pub fn value(self, text: &str, keep_slashes: bool) -> Result<SecretText, &'static str> {
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters");
        }
        match self {
            Self::Host => labels(text).map(SecretText::new),
            Self::Path if keep_slashes && text.contains(['?', '#']) => {
                Err("must be a path without query and fragment")
            }
            Self::Path => Ok(percent(text, keep_slashes)),
            Self::Parameter => Ok(percent(text, false)),
            Self::Header if !text.bytes().all(|b| b == b' ' || b.is_ascii_graphic()) => {
                Err("must consist of ASCII characters")
            }
            Self::Header | Self::Raw => Ok(SecretText::new(text.to_owned())),
        }
    }
}

/// The characters that are percent-encoded: all except the unreserved ones of RFC 3986, section 2.3.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The characters that are percent-encoded where slashes are kept.
const RESERVED_IN_PATH: AsciiSet = RESERVED.remove(b'/');

/// Encodes all but the unreserved characters. The result is also valid `application/x-www-form-urlencoded`,
/// and it is the encoding that AWS signs.
fn percent(text: &str, keep_slashes: bool) -> SecretText {
    let set = if keep_slashes { &RESERVED_IN_PATH } else { &RESERVED };
    // The buffer has its final size from the start, because a buffer that grows leaves copies of a secret
    // behind.
    let mut encoded = String::with_capacity(text.len() * 3);
    encoded.extend(utf8_percent_encode(text, set));
    SecretText::new(encoded)
}

/// Labels of a host name in lower case. One dot at the end is dropped: it names the same host.
fn labels(text: &str) -> Result<String, &'static str> {
    let text = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
    let good = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    if text.split('.').all(good) { Ok(text) } else { Err("must be a part of a host name") }
}
