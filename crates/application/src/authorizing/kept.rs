//! What is kept, sealed beside a flow, so that the callback that brought its grant can be answered again.

use strongroom_domain::oauth::{Digest, sha256};
use strongroom_domain::{SecretPayload, SecretText};
use strongroom_vault::PurposeKeys;
use zeroize::Zeroizing;

const COMPLETION_CODE: &str = "completion_code";
/// The SHA-256 of the provider's code, in hexadecimal.
const CODE_DIGEST: &str = "code_sha256";

/// The digest of a provider's code.
pub(crate) fn digest_of(code: &SecretText) -> Digest {
    sha256(code.expose())
}

/// Puts the code that completes a flow into its payload, with the digest of the code that brought the grant.
pub(crate) fn put(payload: &mut SecretPayload, completion_code: &str, brought_by: Digest) {
    payload.insert(COMPLETION_CODE, SecretText::new(completion_code.to_owned()));
    payload.insert(CODE_DIGEST, SecretText::new(hex(brought_by)));
}

/// The code that completes a flow, when the provider's code is the one that brought its grant.
pub(crate) fn completion_code(
    payload: &SecretPayload,
    code: &SecretText,
    keys: &dyn PurposeKeys,
) -> Option<Zeroizing<String>> {
    let brought_by = sha256(payload.get(CODE_DIGEST)?.expose());
    let is_same = keys.equal(&brought_by, &sha256(&hex(digest_of(code))));
    let completion_code = payload.get(COMPLETION_CODE)?;
    is_same.then(|| Zeroizing::new(completion_code.expose().to_owned()))
}

fn hex(digest: Digest) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
