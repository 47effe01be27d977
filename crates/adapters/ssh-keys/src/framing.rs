//! Reads the text around a key: exactly one block with one label.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use strongroom_environment::KeyFileRefused;
use zeroize::Zeroizing;

const MAX_TEXT_BYTES: usize = 32 * 1024;
const LEGACY_CIPHER: &str = "DEK-Info: AES-128-CBC,";

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
    /// PKCS#8, encrypted with PBES2.
    EncryptedPkcs8,
}

const LABELS: [(&str, Label); 5] = [
    ("OPENSSH PRIVATE KEY", Label::OpenSsh),
    ("RSA PRIVATE KEY", Label::Pkcs1),
    ("EC PRIVATE KEY", Label::Sec1),
    ("PRIVATE KEY", Label::Pkcs8),
    ("ENCRYPTED PRIVATE KEY", Label::EncryptedPkcs8),
];

/// The label and the content of a block.
pub(crate) struct Framed {
    pub(crate) label: Label,
    pub(crate) der: Zeroizing<Vec<u8>>,
    /// Whether the legacy header lines of OpenSSL say that a PKCS#1 key is encrypted.
    pub(crate) legacy_encryption: bool,
}

impl Framed {
    /// Reads exactly one block.
    ///
    /// `russh` skips lines that it does not understand and uses the last label that it sees. This reader
    /// refuses such text, so that the key whose cost is checked here is the key that `russh` opens. PuTTY's
    /// format is refused as well: `russh` would allocate the memory that its Argon2 header asks for.
    pub(crate) fn parse(text: &str) -> Result<Self, KeyFileRefused> {
        if text.len() > MAX_TEXT_BYTES {
            return Err(KeyFileRefused::Limits);
        }
        let mut lines = text.lines().skip_while(|line| line.trim().is_empty());
        let begin = lines.next().unwrap_or_default();
        let (name, label) = LABELS
            .into_iter()
            .find(|(name, _)| begin == format!("-----BEGIN {name}-----"))
            .ok_or(KeyFileRefused::Unreadable)?;
        let end = format!("-----END {name}-----");
        let mut body = Zeroizing::new(String::with_capacity(text.len()));
        let mut legacy_encryption = false;
        let mut ended = false;
        for line in lines.by_ref() {
            if line == end {
                ended = true;
                break;
            }
            if label == Label::Pkcs1 && body.is_empty() && line.contains(": ") {
                legacy_encryption |= line.starts_with(LEGACY_CIPHER);
            } else {
                body.push_str(line);
            }
        }
        if !ended || lines.any(|line| !line.trim().is_empty()) {
            return Err(KeyFileRefused::Unreadable);
        }
        let der = STANDARD.decode(body.as_bytes()).map_err(|_| KeyFileRefused::Unreadable)?;
        Ok(Self { label, der: Zeroizing::new(der), legacy_encryption })
    }
}
