//! ECDSA on the curve P-521, which ring does not have. OpenSSL makes such keys as `secp521r1`.

use std::sync::LazyLock;

use p521::ecdsa::signature::hazmat::PrehashVerifier;
use p521::ecdsa::{DerSignature, Signature, VerifyingKey};
use ring::digest::{self, digest};
use rustls::SignatureScheme;
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring as rustls_ring};
use rustls::pki_types::{AlgorithmIdentifier, InvalidSignature, SignatureVerificationAlgorithm, alg_id};

/// How many bytes a field element of the curve has.
const FIELD_BYTES: usize = 66;

#[derive(Debug)]
struct EcdsaP521 {
    hash: &'static digest::Algorithm,
    signature: AlgorithmIdentifier,
}

static SHA256: EcdsaP521 = EcdsaP521 { hash: &digest::SHA256, signature: alg_id::ECDSA_SHA256 };
static SHA384: EcdsaP521 = EcdsaP521 { hash: &digest::SHA384, signature: alg_id::ECDSA_SHA384 };
static SHA512: EcdsaP521 = EcdsaP521 { hash: &digest::SHA512, signature: alg_id::ECDSA_SHA512 };

impl SignatureVerificationAlgorithm for EcdsaP521 {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = VerifyingKey::from_sec1_bytes(public_key).map_err(|_| InvalidSignature)?;
        let signature = DerSignature::try_from(signature).map_err(|_| InvalidSignature)?;
        let signature = Signature::try_from(signature).map_err(|_| InvalidSignature)?;
        // A hash that is shorter than the field counts as the same number (FIPS 186-5, section 6.4.2). The
        // library refuses short ones, so the zeros are written out.
        let hash = digest(self.hash, message);
        let mut number = [0; FIELD_BYTES];
        let (_, low) = number.split_at_mut(FIELD_BYTES - hash.as_ref().len());
        low.copy_from_slice(hash.as_ref());
        key.verify_prehash(&number, &signature).map_err(|_| InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::ECDSA_P521
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        self.signature
    }
}

/// The cryptography of ring, with signatures of P-521 keys besides, in handshakes and in certificates.
pub fn provider() -> CryptoProvider {
    CryptoProvider { signature_verification_algorithms: *ALGORITHMS, ..rustls_ring::default_provider() }
}

/// Made once in a process, because rustls wants it for ever.
static ALGORITHMS: LazyLock<WebPkiSupportedAlgorithms> = LazyLock::new(|| {
    let of_ring = rustls_ring::default_provider().signature_verification_algorithms;
    let own: [&'static dyn SignatureVerificationAlgorithm; 3] = [&SHA256, &SHA384, &SHA512];
    let all = [of_ring.all, &own].concat();
    // TLS 1.3 uses the first algorithm of a scheme, whose curve is the one that the scheme names. In TLS 1.2
    // a scheme is a hash, and the curve is that of the key (RFC 8446, section 4.2.3).
    let mut mapping: Vec<_> = of_ring
        .mapping
        .iter()
        .map(|(scheme, algorithms)| {
            let also: &[&'static dyn SignatureVerificationAlgorithm] = match scheme {
                SignatureScheme::ECDSA_NISTP256_SHA256 => &[&SHA256],
                SignatureScheme::ECDSA_NISTP384_SHA384 => &[&SHA384],
                _ => &[],
            };
            (*scheme, leaked([*algorithms, also].concat()))
        })
        .collect();
    mapping.push((SignatureScheme::ECDSA_NISTP521_SHA512, leaked(vec![&SHA512])));
    WebPkiSupportedAlgorithms { all: leaked(all), mapping: leaked(mapping) }
});

fn leaked<T>(list: Vec<T>) -> &'static [T] {
    Vec::leak(list)
}
