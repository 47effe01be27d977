//! Finds keys that were not drawn at random: zeros, patterns, passphrases and the sample of the
//! documentation.

use crate::key_bytes::KEY_LEN;

/// The fewest different bytes of an accepted key. A random key has about 30 among its 32 bytes; fewer than 16
/// occur once in 10^15 keys.
const FEWEST_DISTINCT: usize = 16;

/// Returns what is wrong with a key, as the end of a sentence, or `None`.
pub(crate) fn weakness(key: &[u8; KEY_LEN]) -> Option<&'static str> {
    let [first, second, ..] = *key;
    let step = second.wrapping_sub(first);
    // The sample of the documentation counts from 00 to 1f; other counts are as easy to guess.
    let counts = key.iter().zip(key.iter().skip(1)).all(|(one, next)| next.wrapping_sub(*one) == step);
    if key.iter().all(|byte| *byte == 0) {
        Some("is all zeros; make one with `strongroom keys generate`")
    } else if counts && step == 0 {
        Some("is one byte repeated; make one with `strongroom keys generate`")
    } else if counts {
        Some("is a sample or a count, not random; make one with `strongroom keys generate`")
    } else if key.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace()) {
        Some("is printable text, probably a passphrase; make one with `strongroom keys generate`")
    } else if distinct(key) < FEWEST_DISTINCT {
        Some("has too few different bytes to be random; make one with `strongroom keys generate`")
    } else {
        None
    }
}

fn distinct(key: &[u8; KEY_LEN]) -> usize {
    (0..=u8::MAX).filter(|byte| key.contains(byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_nobody_drew_at_random_are_refused() {
        let counted = |from: u8, step: u8| -> [u8; 32] {
            std::array::from_fn(|at| from.wrapping_add(step.wrapping_mul(u8::try_from(at).unwrap())))
        };
        let fifteen = std::array::from_fn(|at| u8::try_from(at % 15 * 17).unwrap());
        let table = [
            ("zeros", [0; 32], "is all zeros"),
            ("one byte", [0xa5; 32], "is one byte repeated"),
            ("the documentation's sample", counted(0, 1), "is a sample"),
            ("counting down over the edge", counted(3, 0xff), "is a sample"),
            ("a passphrase", *b"correct horse battery staple! 42", "is printable text"),
            ("a passphrase and a line end", *b"correct horse battery staple 42\n", "is printable text"),
            ("few bytes", fifteen, "has too few different bytes"),
        ];
        for (what, key, rule) in table {
            let found = weakness(&key).unwrap_or_else(|| panic!("{what} was accepted"));
            assert!(found.starts_with(rule), "{what}: {found}");
        }
    }

    #[test]
    fn a_key_with_sixteen_different_bytes_is_accepted() {
        let key = std::array::from_fn(|at| u8::try_from((at % 16) * 15).unwrap());
        assert_eq!(distinct(&key), FEWEST_DISTINCT);
        assert_eq!(weakness(&key), None);
    }
}
