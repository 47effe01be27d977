//! Thirty-two secret bytes that stay in one place on the heap and are wiped there.

use std::fmt;

use ring::rand::SecureRandom;
use zeroize::Zeroizing;

/// The length of every key here, in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// A raw key. The box prevents copies on the stack when the owner is moved.
pub(crate) struct KeyBytes(Box<Zeroizing<[u8; KEY_LEN]>>);

impl KeyBytes {
    /// Lets `fill` write the key in the place where it will stay.
    pub(crate) fn filled<E>(fill: impl FnOnce(&mut [u8; KEY_LEN]) -> Result<(), E>) -> Result<Self, E> {
        let mut key = Box::new(Zeroizing::new([0_u8; KEY_LEN]));
        fill(&mut key)?;
        Ok(Self(key))
    }

    /// Makes a key with the random generator.
    pub(crate) fn random(random: &dyn SecureRandom) -> Result<Self, ring::error::Unspecified> {
        Self::filled(|key| random.fill(key))
    }

    /// Copies `bytes` when they are exactly as long as a key.
    pub(crate) fn copied(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; KEY_LEN] = bytes.try_into().ok()?;
        Self::filled(|key| -> Result<(), ()> {
            key.copy_from_slice(bytes);
            Ok(())
        })
        .ok()
    }

    pub(crate) fn expose(&self) -> &[u8; KEY_LEN] {
        &self.0
    }
}

impl fmt::Debug for KeyBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}
