//! Reads the text around a key: one block of a private key, and no other.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_environment::KeyFileRefused;
use zeroize::Zeroizing;

use crate::traditional::Traditional;

const MAX_TEXT_BYTES: usize = 32 * 1024;

/// The format that the label of a block names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Label {
    /// OpenSSH's own format.
    OpenSsh,
    /// PKCS#1: RSA.
    Pkcs1,
    /// SEC 1: elliptic curves.
    Sec1,
    /// PKCS#8.
    Pkcs8,
    /// PKCS#8, encrypted.
    EncryptedPkcs8,
}

const LABELS: [(&str, Label); 5] = [
    ("OPENSSH PRIVATE KEY", Label::OpenSsh),
    ("RSA PRIVATE KEY", Label::Pkcs1),
    ("EC PRIVATE KEY", Label::Sec1),
    ("PRIVATE KEY", Label::Pkcs8),
    ("ENCRYPTED PRIVATE KEY", Label::EncryptedPkcs8),
];

/// OpenSSL writes the curve in a block of its own before a key of SEC 1, which names the curve again.
const CURVE: [&str; 2] = ["-----BEGIN EC PARAMETERS-----", "-----END EC PARAMETERS-----"];

/// The label and the content of a block.
pub(crate) struct Framed {
    pub(crate) label: Label,
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// The encryption that the headers of the traditional form name.
    pub(crate) traditional: Option<Traditional>,
}

impl Framed {
    /// Reads exactly one block, after a block with the curve when there is one.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyFileRefused> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(KeyFileRefused::Limits);
        }
        let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
        let [curve, end_of_curve] = CURVE;
        let mut begin = lines.next().unwrap_or_default();
        if begin == curve {
            begin = lines.by_ref().skip_while(|line| *line != end_of_curve).nth(1).unwrap_or_default();
        }
        if begin == "-----BEGIN DSA PRIVATE KEY-----" {
            return Err(KeyFileRefused::Dsa);
        }
        let (name, label) = LABELS
            .into_iter()
            .find(|(name, _)| begin == format!("-----BEGIN {name}-----"))
            .ok_or(KeyFileRefused::Unreadable)?;
        let end = format!("-----END {name}-----");
        let may_have_headers = matches!(label, Label::Pkcs1 | Label::Sec1);
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        let mut traditional = None;
        let mut ended = false;
        for line in lines.by_ref() {
            if line == end {
                ended = true;
                break;
            }
            if may_have_headers && body.is_empty() && line.contains(':') {
                if let Some(encryption) = line.strip_prefix("DEK-Info:") {
                    traditional = Some(Traditional::parse(encryption.trim_start())?);
                }
            } else {
                body.push_str(line);
            }
        }
        if !ended || lines.any(|line| !line.trim().is_empty()) {
            return Err(KeyFileRefused::Unreadable);
        }
        let der = STANDARD.decode(body.as_bytes()).map_err(|_| KeyFileRefused::Unreadable)?;
        Ok(Self { label, der: Zeroizing::new(der), traditional })
    }
}
