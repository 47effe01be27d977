//! What is derived from a root key: its id, its wrap key and its key check value; and from an organisation's
//! key: the keys that wrap data keys. Neither of them encrypts anything itself.

use ring::digest::{SHA256, digest};
use ring::error::Unspecified;
use ring::hkdf::{HKDF_SHA256, Salt};
use strongroom_domain::KekId;
use strongroom_domain::canonical::Canonical;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::key_bytes::{KEY_LEN, KeyBytes};

/// HKDF-SHA-256 (RFC 5869) of one KEK, salted with the deployment id.
pub(crate) struct Derived {
    /// The key that wraps organisation keys and purpose keys; in format 1 it wraps data keys.
    pub(crate) wrap: KeyBytes,
    /// The value that shows whether the KEK is the one that the store knows. It cannot decrypt anything.
    pub(crate) check_value: [u8; 32],
}

impl Derived {
    pub(crate) fn from_kek(kek: &KeyBytes, deployment: Uuid) -> Result<Self, Unspecified> {
        let root = Salt::new(HKDF_SHA256, deployment.as_bytes()).extract(kek.expose());
        let fill = |info: &[u8], out: &mut [u8; KEY_LEN]| root.expand(&[info], HKDF_SHA256)?.fill(out);
        let mut check_value = [0; 32];
        fill(b"strongroom/v1/check", &mut check_value)?;
        Ok(Self { wrap: KeyBytes::filled(|out| fill(b"strongroom/v1/wrap", out))?, check_value })
    }
}

/// HKDF-SHA-256 of an organisation's key: the key for the one wrap that has this salt.
pub(crate) fn wrap_key(organization_key: &KeyBytes, salt: &[u8]) -> Result<KeyBytes, Unspecified> {
    let root = Salt::new(HKDF_SHA256, salt).extract(organization_key.expose());
    KeyBytes::filled(|out| root.expand(&[b"strongroom/v2/wrap"], HKDF_SHA256)?.fill(out))
}

/// The first 8 bytes of SHA-256 over a label and the key.
pub(crate) fn kek_id(kek: &KeyBytes) -> KekId {
    // The label and the key fit the capacity that `Canonical` starts with, so no copy is left behind.
    let preimage = Zeroizing::new(Canonical::labelled("strongroom/kek-id/v1").bytes(kek.expose()).finish());
    let mut id = [0; 8];
    id.iter_mut().zip(sha256(&preimage)).for_each(|(to, from)| *to = from);
    KekId(id)
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    out
}
