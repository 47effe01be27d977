//! The encryption of OpenSSL's traditional form (RFC 1421, section 4.6.1.3), which OpenSSH wrote until 7.8
//! and PuTTYgen and `openssl … -traditional` still write.

use aes::{Aes128, Aes192, Aes256};
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockCipherDecrypt, BlockModeDecrypt, KeyInit, KeyIvInit};
use des::TdesEde3;
use md5::{Digest, Md5};
use strongroom_environment::KeyFileRefused;
use zeroize::Zeroizing;

/// The salt is the beginning of the IV.
const SALT_BYTES: usize = 8;

/// A cipher and its IV.
#[derive(Debug)]
pub(crate) struct Traditional {
    cipher: Cipher,
    iv: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Cipher {
    TripleDes,
    Aes128,
    Aes192,
    Aes256,
}

impl Traditional {
    /// Reads the value of the header `DEK-Info`, such as `AES-128-CBC,` and 32 hexadecimal digits.
    ///
    /// # Errors
    /// `Encryption` for another cipher, `Unreadable` for an IV that is none.
    pub(crate) fn parse(header: &str) -> Result<Self, KeyFileRefused> {
        let (name, iv) = header.trim_end().split_once(',').ok_or(KeyFileRefused::Unreadable)?;
        let (cipher, iv_bytes) = match name {
            "DES-EDE3-CBC" => (Cipher::TripleDes, 8),
            "AES-128-CBC" => (Cipher::Aes128, 16),
            "AES-192-CBC" => (Cipher::Aes192, 16),
            "AES-256-CBC" => (Cipher::Aes256, 16),
            _ => return Err(KeyFileRefused::Encryption),
        };
        let iv = hexadecimal(iv).filter(|iv| iv.len() == iv_bytes).ok_or(KeyFileRefused::Unreadable)?;
        Ok(Self { cipher, iv })
    }

    /// Decrypts. There is no check that the passphrase is the right one but for the padding; `None` when that
    /// is wrong.
    pub(crate) fn decrypt(&self, text: &[u8], passphrase: &str) -> Option<Zeroizing<Vec<u8>>> {
        match self.cipher {
            Cipher::TripleDes => self.decrypt_by::<TdesEde3>(24, text, passphrase),
            Cipher::Aes128 => self.decrypt_by::<Aes128>(16, text, passphrase),
            Cipher::Aes192 => self.decrypt_by::<Aes192>(24, text, passphrase),
            Cipher::Aes256 => self.decrypt_by::<Aes256>(32, text, passphrase),
        }
    }

    fn decrypt_by<C: BlockCipherDecrypt + KeyInit>(
        &self,
        key_bytes: usize,
        text: &[u8],
        passphrase: &str,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let key = self.derive(key_bytes, passphrase);
        let mut buffer = Zeroizing::new(text.to_vec());
        let decryptor = cbc::Decryptor::<C>::new_from_slices(&key, &self.iv).ok()?;
        let length = decryptor.decrypt_padded::<Pkcs7>(&mut buffer).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }

    /// Derives a key as OpenSSL's `EVP_BytesToKey` does with MD5 and one round.
    fn derive(&self, key_bytes: usize, passphrase: &str) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(Vec::with_capacity(key_bytes + 16));
        let mut last: Zeroizing<Vec<u8>> = Zeroizing::default();
        while key.len() < key_bytes {
            let mut digest = Md5::new();
            digest.update(last.as_slice());
            digest.update(passphrase.as_bytes());
            digest.update(self.iv.get(..SALT_BYTES).unwrap_or_default());
            last = Zeroizing::new(digest.finalize().to_vec());
            key.extend_from_slice(&last);
        }
        key.truncate(key_bytes);
        key
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| {
        let digits = text.get(at..at + 2).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u8::from_str_radix(digits, 16).ok()
    };
    (0..text.len()).step_by(2).map(pair).collect()
}
