//! Refuses HS256 secrets that are short, samples of documentation, or patterns.

use super::settings::TokenSettingsProblem;

const MIN_BYTES: usize = 32;
const MIN_DISTINCT_BYTES: usize = 8;

/// Parts of the secrets in tutorials, templates and token debuggers, in lower case.
const SAMPLES: [&str; 9] = [
    "your-256-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "your-secret-key",
    "your_secret_key",
    "change-me",
    "change_me",
    "changeme",
    "replace-me",
    "replace_me",
];

/// Accepts a secret of at least 32 bytes that is neither a known sample nor a simple pattern.
pub(super) fn check_secret(secret: &[u8]) -> Result<(), TokenSettingsProblem> {
    if secret.len() < MIN_BYTES {
        return Err(TokenSettingsProblem::ShortSecret);
    }
    if is_sample(secret) || repeats_itself(secret) || is_sequence(secret) || has_few_bytes(secret) {
        return Err(TokenSettingsProblem::WeakSecret);
    }
    Ok(())
}

fn is_sample(secret: &[u8]) -> bool {
    SAMPLES.iter().any(|sample| {
        secret.windows(sample.len()).any(|window| window.eq_ignore_ascii_case(sample.as_bytes()))
    })
}

/// Whether the secret is a shorter block written at least twice; the last copy may be cut off.
fn repeats_itself(secret: &[u8]) -> bool {
    (1..=secret.len() / 2).any(|period| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b))
}

/// Whether every byte has the same distance from the one before it, as in `0, 1, 2, …`.
fn is_sequence(secret: &[u8]) -> bool {
    let mut steps = secret.iter().zip(secret.iter().skip(1)).map(|(a, b)| b.wrapping_sub(*a));
    steps.next().is_none_or(|first| steps.all(|step| step == first))
}

fn has_few_bytes(secret: &[u8]) -> bool {
    let mut distinct = secret.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let few = distinct.len() < MIN_DISTINCT_BYTES;
    zeroize::Zeroize::zeroize(&mut distinct);
    few
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_secrets_are_refused_and_random_ones_are_not() {
        assert_eq!(check_secret(&[7; 31]), Err(TokenSettingsProblem::ShortSecret));
        assert_eq!(check_secret(b""), Err(TokenSettingsProblem::ShortSecret));
        for good in ["0N8PjDTOR3yPRB6y3q1yzYhbVv4lGtnr", "8d1f6b0c2a9e4735d06b91fc3e52a874"] {
            assert_eq!(check_secret(good.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn samples_and_patterns_are_refused() {
        let sequence: Vec<u8> = (0..32).collect();
        let descending: Vec<u8> = (0..64).rev().collect();
        for weak in [
            [0; 32].as_slice(),
            &[b'a'; 64],
            &sequence,
            &descending,
            b"0123456789abcdef0123456789abcdef",
            b"secretsecretsecretsecretsecretsecret",
            b"ababababababababcbabababababababab",
            b"Change-Me-change-me-please-1234567890",
            b"your-256-bit-secret-0000000000000000",
            b"a-string-secret-at-least-256-bits-long",
        ] {
            assert_eq!(check_secret(weak), Err(TokenSettingsProblem::WeakSecret));
        }
    }
}
