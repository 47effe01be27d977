//! Format 2: `0x02 format | 0x01 algorithm | organisation key id (8) | salt (16) | wrapped data key
//! (12 + 32 + 16) | payload (12 + ciphertext + 16)`. The organisation's key wraps the data key.
//!
//! The wrap is made with a key of its own, derived from the organisation's key and the salt. Random nonces
//! under one key would need a count of all wraps; under a key that is used once they need none.

use ring::error::Unspecified;
use ring::rand::SecureRandom;
use strongroom_domain::canonical::Canonical;
use strongroom_domain::{AuthorizationFlow, KekId, OrganizationId, PublicConfig};
use strongroom_vault::{SealContext, SealSubject};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::aead;
use crate::derivation::{self, sha256};
use crate::envelope::{self, AES_256_GCM, FORMAT_2, WRAPPED_LEN};
use crate::key_bytes::KeyBytes;

/// The length of a salt, in bytes.
const SALT_LEN: usize = 16;

/// An envelope split into its parts. Nothing has been decrypted yet.
pub(crate) struct Envelope<'a> {
    /// The key of the organisation that it names.
    pub(crate) key: KekId,
    salt: &'a [u8; SALT_LEN],
    wrapped: &'a [u8],
    /// Nonce, ciphertext and tag of the payload: the part that stays when a data key is wrapped anew.
    pub(crate) payload: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Splits what follows the header. Returns `None` when it is not in this format.
    pub(crate) fn parse(rest: &'a [u8]) -> Option<Self> {
        let (key, rest) = rest.split_first_chunk()?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (wrapped, payload) = envelope::split(rest)?;
        Some(Self { key: KekId(*key), salt, wrapped, payload })
    }

    /// Unwraps the data key and opens the payload with it.
    pub(crate) fn open(
        &self,
        organization_key: &KeyBytes,
        deployment: Uuid,
        context: &SealContext,
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        let wrap_key = derivation::wrap_key(organization_key, self.salt)?;
        let data_key = aead::open(&wrap_key, &data_key_aad(deployment, context, self.key), self.wrapped)?;
        let data_key = KeyBytes::copied(&data_key).ok_or(Unspecified)?;
        aead::open(&data_key, &payload_aad(deployment, context), self.payload)
    }
}

/// Encrypts `text` in place under a fresh data key and returns the envelope.
pub(crate) fn seal(
    (id, organization_key): (KekId, &KeyBytes),
    random: &dyn SecureRandom,
    deployment: Uuid,
    context: &SealContext,
    text: &mut [u8],
) -> Result<Vec<u8>, Unspecified> {
    let (data_key, mut salt) = (KeyBytes::random(random)?, [0; SALT_LEN]);
    random.fill(&mut salt)?;
    let header = [FORMAT_2, AES_256_GCM];
    let length = header.len() + id.0.len() + SALT_LEN + WRAPPED_LEN + text.len() + aead::OVERHEAD;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(&header);
    out.extend_from_slice(&id.0);
    out.extend_from_slice(&salt);
    let mut wrapped = Zeroizing::new(*data_key.expose());
    let wrap_key = derivation::wrap_key(organization_key, &salt)?;
    aead::seal_onto(&mut out, &wrap_key, random, &data_key_aad(deployment, context, id), &mut *wrapped)?;
    aead::seal_onto(&mut out, &data_key, random, &payload_aad(deployment, context), text)?;
    Ok(out)
}

/// The AAD of an organisation's key under a root key.
pub(crate) fn organization_key_aad(
    deployment: Uuid,
    organization: &OrganizationId,
    (generation, id): (u64, KekId),
    root: KekId,
) -> Vec<u8> {
    let label = Canonical::labelled("strongroom/organization-key/v2");
    let level = label.id(deployment).text(organization.as_str());
    level.integer(generation).bytes(&id.0).bytes(&root.0).finish()
}

/// The AAD of a data key under an organisation's key.
fn data_key_aad(deployment: Uuid, context: &SealContext, key: KekId) -> Vec<u8> {
    let label = Canonical::labelled("strongroom/data-key/v2");
    let level = label.id(deployment).text(context.organization.as_str()).bytes(&key.0);
    facts(level, &context.subject).finish()
}

/// The AAD of a payload under its data key.
fn payload_aad(deployment: Uuid, context: &SealContext) -> Vec<u8> {
    let label = Canonical::labelled("strongroom/payload/v2");
    facts(label.id(deployment).text(context.organization.as_str()), &context.subject).finish()
}

/// Appends what decides whether, and to whom, a secret goes.
fn facts(level: Canonical, subject: &SealSubject) -> Canonical {
    match subject {
        SealSubject::Credential(of) => level
            .text("credential")
            .id(of.id.0)
            .integer(of.version)
            .text(of.provider.as_str())
            .text(of.credential_type.as_str())
            .bytes(&digest(&of.config))
            .optional_text(of.slot.as_ref().map(|slot| slot.as_str()))
            .text(if of.pending { "pending" } else { "usable" })
            .optional_id(of.oauth_app.map(|app| app.0))
            .optional_text(of.account.as_deref()),
        SealSubject::OauthApp { id, app, client_id } => {
            level.text("oauth-app").id(id.0).text(app).text(client_id)
        }
        SealSubject::AuthorizationFlow { flow, completion_code } => flow_facts(level, flow)
            .text(if completion_code.is_some() { "granted" } else { "begun" })
            .bytes(completion_code.as_ref().map_or(&[], <[u8; 32]>::as_slice)),
    }
}

fn flow_facts(level: Canonical, flow: &AuthorizationFlow) -> Canonical {
    let initiator = &flow.initiator;
    let reauthorizes = flow.reauthorizes.map(u64::to_be_bytes);
    level
        .text("authorization-flow")
        .id(flow.id.0)
        .bytes(&flow.state)
        .text(flow.provider.as_str())
        .text(flow.credential_type.as_str())
        .optional_id(flow.app.map(|app| app.0))
        .text(initiator.actor.as_str())
        .optional_text(initiator.actor.issuer().map(|issuer| issuer.as_str()))
        .text(&initiator.id)
        .optional_text(initiator.user.as_ref().map(|user| user.as_str()))
        .bytes(initiator.subject.as_ref().map_or(&[], <[u8; 32]>::as_slice))
        .text(&flow.redirect_uri)
        .optional_text(flow.redirect_to.as_deref())
        .text(flow.name.as_str())
        .text(&flow.scope)
        .bytes(&digest(&flow.inputs))
        .text(flow.completion.as_str())
        .id(flow.credential.0)
        .bytes(reauthorizes.as_ref().map_or(&[], <[u8; 8]>::as_slice))
        .optional_id(flow.connects.map(|connection| connection.0))
        .integer(u64::try_from(flow.created_at.unix_timestamp_nanos() / 1_000).unwrap_or(0))
}

fn digest(config: &PublicConfig) -> [u8; 32] {
    sha256(config.to_canonical_json().as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::golden::{context, text};

    #[test]
    fn the_authenticated_bytes_are_those_of_the_golden_file() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/v2.json")).unwrap();
        let deployment: Uuid = text(&golden, "deployment").parse().unwrap();
        let organization = text(&golden, "organization");
        let id =
            |name| KekId(hex::decode(text(&golden["organization_key"], name)).unwrap().try_into().unwrap());
        let (key, root) = (id("id"), id("root"));
        let generation = golden["organization_key"]["generation"].as_u64().unwrap();
        let named = OrganizationId::parse(organization).unwrap();
        let level = organization_key_aad(deployment, &named, (generation, key), root);
        assert_eq!(hex::encode(level), text(&golden["organization_key"], "aad"));
        let cases = golden["cases"].as_array().unwrap();
        assert_eq!(cases.len(), 5);
        for case in cases {
            let (context, name) = (context(organization, case), text(case, "name"));
            let level = data_key_aad(deployment, &context, key);
            assert_eq!(hex::encode(level), text(case, "data_key_aad"), "{name}");
            assert_eq!(hex::encode(payload_aad(deployment, &context)), text(case, "payload_aad"), "{name}");
        }
    }
}
