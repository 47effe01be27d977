//! The implementation of the vault port: envelope encryption with AES-256-GCM under a ring of named root keys
//! and a key of each organisation, and keyed digests under purpose keys. `docs/adr/0002-vault-format.md` has
//! the format and its reasons.
//!
//! [`KeyRing::parse`] reads the operator's keys, [`open_vault`] checks them against the store and returns the
//! two ports. Raw keys stay inside this crate, and only the module `aead` uses the cipher.

mod aead;
mod derivation;
mod envelope;
mod format1;
mod format2;
mod key_bytes;
mod key_ring;
mod key_status;
mod open_vault;
mod organization_keys;
mod plaintext;
mod purpose_keys;
mod ring_vault;
mod root_keys;
mod weak_key;
mod wrap_counter;

#[cfg(test)]
#[path = "../tests/golden/contexts.rs"]
mod golden;

pub use key_ring::{KeyRing, KeyRingError};
pub use key_status::{KeyStatus, key_status};
pub use open_vault::{OpenVaultError, open_vault};
pub use purpose_keys::RingPurposeKeys;
pub use ring_vault::RingVault;
pub use wrap_counter::{WRAP_BLOCK, WRAP_LIMIT, WRAP_WARNING};
