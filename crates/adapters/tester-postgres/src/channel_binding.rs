//! Channel binding `tls-server-end-point` (RFC 5929, section 4.1): the hash of the server's certificate, with
//! the hash function of the certificate's signature. SCRAM includes it, so that a login cannot be relayed to
//! another server.

use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};
use rustls::pki_types::{AlgorithmIdentifier, alg_id};

/// The hash functions of signature algorithms. Other algorithms have none (Ed25519) or an outdated one; for
/// them there is no channel binding.
const HASHES: [(AlgorithmIdentifier, &Algorithm); 9] = [
    (alg_id::ECDSA_SHA256, &SHA256),
    (alg_id::ECDSA_SHA384, &SHA384),
    (alg_id::ECDSA_SHA512, &SHA512),
    (alg_id::RSA_PKCS1_SHA256, &SHA256),
    (alg_id::RSA_PKCS1_SHA384, &SHA384),
    (alg_id::RSA_PKCS1_SHA512, &SHA512),
    (alg_id::RSA_PSS_SHA256, &SHA256),
    (alg_id::RSA_PSS_SHA384, &SHA384),
    (alg_id::RSA_PSS_SHA512, &SHA512),
];

const SEQUENCE: u8 = 0x30;

/// The binding to a certificate in DER form. It is `None` when [`HASHES`] lacks its signature algorithm.
pub(crate) fn tls_server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let algorithm = signature_algorithm(certificate)?;
    let (_, hash) = HASHES.into_iter().find(|(identifier, _)| identifier.as_ref() == algorithm)?;
    Some(digest(hash, certificate).as_ref().to_vec())
}

/// Reads the algorithm of a certificate (RFC 5280, section 4.1), which has the form
/// `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm SEQUENCE { … }, … }`.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = sequence(certificate)?;
    let (_, rest) = sequence(certificate)?;
    sequence(rest).map(|(algorithm, _)| algorithm)
}

/// Reads the first DER element, a sequence of at most 65535 bytes. Returns its content and what follows it.
fn sequence(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match *input {
        [SEQUENCE, length @ 0..=0x7f, ref rest @ ..] => (usize::from(length), rest),
        [SEQUENCE, 0x81, length, ref rest @ ..] => (usize::from(length), rest),
        [SEQUENCE, 0x82, high, low, ref rest @ ..] => (usize::from(u16::from_be_bytes([high, low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}
