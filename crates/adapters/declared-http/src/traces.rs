//! The forms in which a server may send a secret back.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use strongroom_domain::SecretText;

/// A secret of fewer bytes is in every other text by chance.
const SHORTEST: usize = 4;

/// The texts that reveal a secret.
pub struct Traces {
    /// A secret that is too short to be looked for inside a text, in lower case.
    whole: Option<SecretText>,
    /// Texts that are compared exactly.
    exact: Vec<SecretText>,
    /// Texts in lower case, compared without regard to case.
    any_case: Vec<SecretText>,
}

impl Traces {
    /// The secret as it is, backwards, in hexadecimal, and in base64 at any position of a longer text. One of
    /// fewer than 4 bytes is recognised only when it is the whole text.
    pub fn of(secret: &str) -> Self {
        let secret = secret.trim();
        if secret.len() < SHORTEST {
            let whole = Some(SecretText::new(secret.to_lowercase()));
            return Self { whole, exact: Vec::new(), any_case: Vec::new() };
        }
        let backwards = SecretText::new(secret.chars().rev().collect());
        let hex = secret.bytes().flat_map(|byte| [byte >> 4, byte & 15]);
        let hex = hex.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect();
        let lower = |text: &str| SecretText::new(text.to_lowercase());
        let any_case = vec![lower(secret), lower(backwards.expose()), SecretText::new(hex)];
        let exact = (0..3).flat_map(|before| {
            [base64_after(before, secret, &STANDARD_NO_PAD), base64_after(before, secret, &URL_SAFE_NO_PAD)]
        });
        Self { whole: None, exact: exact.collect(), any_case }
    }

    /// Whether a text contains one of them.
    pub fn are_in(&self, text: &str) -> bool {
        let lower = text.to_lowercase();
        if let Some(whole) = &self.whole {
            return !whole.is_empty() && lower.trim() == whole.expose();
        }
        let is_in = |text: &str, trace: &SecretText| !trace.is_empty() && text.contains(trace.expose());
        self.exact.iter().any(|trace| is_in(text, trace))
            || self.any_case.iter().any(|trace| is_in(&lower, trace))
    }
}

/// The base64 digits that depend on the secret alone when it is encoded after this many other bytes. One
/// digit is 6 bits.
fn base64_after(before: usize, secret: &str, alphabet: &impl Engine) -> SecretText {
    let padded = SecretText::new(["\0".repeat(before).as_str(), secret].concat());
    let encoded = SecretText::new(alphabet.encode(padded.expose()));
    let (first, end) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    SecretText::new(encoded.expose().get(first..end).unwrap_or_default().to_owned())
}
