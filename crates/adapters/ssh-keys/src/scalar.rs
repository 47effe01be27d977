//! Gives the private number of an elliptic-curve key the length that its curve asks for (SEC 1, section C.4).
//! PuTTYgen writes it with a zero in front when its first bit is set, and some libraries leave out zeros.

use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Encode};
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef};
use sec1::EcPrivateKey;
use zeroize::Zeroizing;

/// The curves of SSH and the bytes of their scalars (RFC 5656, section 10.1).
const CURVES: [(ObjectIdentifier, usize); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), 32),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), 48),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), 66),
];

/// Returns the key with a number of the right length; `None` when it needs no change, or is no such key.
pub(crate) fn fitted(der: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let Ok(info) = PrivateKeyInfoRef::try_from(der) else { return fitted_sec1(der, None) };
    let fitted = fitted_sec1(info.private_key.as_bytes(), info.algorithm.parameters_oid().ok())?;
    let key = OctetStringRef::new(&fitted).ok()?;
    PrivateKeyInfoRef::new(info.algorithm, key).to_der().ok().map(Zeroizing::new)
}

fn fitted_sec1(der: &[u8], curve: Option<ObjectIdentifier>) -> Option<Zeroizing<Vec<u8>>> {
    let key = EcPrivateKey::from_der(der).ok()?;
    let named = key.parameters.and_then(|parameters| parameters.named_curve()).or(curve)?;
    let (_, length) = CURVES.into_iter().find(|(known, _)| *known == named)?;
    if key.private_key.len() == length {
        return None;
    }
    let first = key.private_key.iter().position(|byte| *byte != 0)?;
    let number = key.private_key.get(first..).filter(|number| number.len() <= length)?;
    let mut scalar = Zeroizing::new(vec![0; length - number.len()]);
    scalar.reserve_exact(number.len());
    scalar.extend_from_slice(number);
    EcPrivateKey { private_key: &scalar, ..key }.to_der().ok().map(Zeroizing::new)
}
