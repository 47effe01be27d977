//! Format 1, which is opened and no longer written: `0x01 format | 0x01 algorithm | root key id (8) | wrapped
//! data key (12 + 32 + 16) | payload (12 + ciphertext + 16)`. A root key wraps the data key.

use ring::error::Unspecified;
use strongroom_domain::canonical::Canonical;
use strongroom_domain::{ConfigValue, CredentialType, KekId, PublicConfig};
use strongroom_vault::{SealContext, SealSubject};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::derivation::sha256;
use crate::key_bytes::KeyBytes;
use crate::{aead, envelope};

/// An envelope split into its parts. Nothing has been decrypted yet.
pub(crate) struct Envelope<'a> {
    /// The root key that it names.
    pub(crate) root: KekId,
    wrapped: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Splits what follows the header. Returns `None` when it is not in this format.
    pub(crate) fn parse(rest: &'a [u8]) -> Option<Self> {
        let (root, rest) = rest.split_first_chunk()?;
        let (wrapped, payload) = envelope::split(rest)?;
        Some(Self { root: KekId(*root), wrapped, payload })
    }

    /// Unwraps the data key and opens the payload with it.
    pub(crate) fn open(
        &self,
        root_key: &KeyBytes,
        deployment: Uuid,
        context: &SealContext,
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let data_key = aead::open(root_key, &wrap(deployment, context, self.root), self.wrapped)?;
        let data_key = KeyBytes::copied(&data_key).ok_or(Unspecified)?;
        aead::open(&data_key, &payload(deployment, context), self.payload)
    }
}

/// The AAD of a payload under its data key.
fn payload(deployment: Uuid, context: &SealContext) -> Vec<u8> {
    let label = match context.subject {
        SealSubject::Credential(_) => "strongroom/payload/v1",
        SealSubject::OauthApp { .. } => "strongroom/oauth-app/v1",
        SealSubject::AuthorizationFlow { .. } => "strongroom/authorization-flow/v1",
    };
    bind(Canonical::labelled(label), deployment, context).finish()
}

/// The AAD of a data key under a root key: the payload's fields, then the root key's id.
fn wrap(deployment: Uuid, context: &SealContext, root: KekId) -> Vec<u8> {
    let label = match context.subject {
        SealSubject::Credential(_) => "strongroom/wrap/v1",
        SealSubject::OauthApp { .. } => "strongroom/oauth-app-wrap/v1",
        SealSubject::AuthorizationFlow { .. } => "strongroom/authorization-flow-wrap/v1",
    };
    bind(Canonical::labelled(label), deployment, context).bytes(&root.0).finish()
}

/// Binds every subject to the same kinds of facts: deployment, organisation, id, version, provider, type and
/// the digest of the public fields. A subject that has only one version uses 1. An OAuth app uses its name in
/// place of the provider, and its client id as the public field.
fn bind(label: Canonical, deployment: Uuid, context: &SealContext) -> Canonical {
    let bound = label.id(deployment).text(context.organization.as_str());
    let digest = |config: &PublicConfig| sha256(config.to_canonical_json().as_bytes());
    match &context.subject {
        SealSubject::Credential(of) => bound
            .id(of.id.0)
            .integer(of.version)
            .text(of.provider.as_str())
            .text(of.credential_type.as_str())
            .bytes(&digest(&of.config)),
        SealSubject::OauthApp { id, app, client_id } => {
            let mut config = PublicConfig::default();
            config.insert("client_id", ConfigValue::Text(client_id.clone()));
            bound.id(id.0).integer(1).text(app).text(CredentialType::Oauth2.as_str()).bytes(&digest(&config))
        }
        SealSubject::AuthorizationFlow { flow, .. } => bound
            .id(flow.id.0)
            .integer(1)
            .text(flow.provider.as_str())
            .text(flow.credential_type.as_str())
            .bytes(&digest(&flow.inputs)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::golden::{context, text};

    #[test]
    fn the_authenticated_bytes_are_those_of_the_golden_file() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/v1.json")).unwrap();
        let deployment: Uuid = text(&golden, "deployment").parse().unwrap();
        let root = KekId(hex::decode(text(&golden["keks"][0], "id")).unwrap().try_into().unwrap());
        let context = context(text(&golden, "organization"), &golden);
        assert_eq!(hex::encode(payload(deployment, &context)), text(&golden, "payload_aad"));
        assert_eq!(hex::encode(wrap(deployment, &context, root)), text(&golden, "wrap_aad"));
    }
}
