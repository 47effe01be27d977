//! The additional authenticated data (AAD): the facts to which sealed bytes are bound, and their order.

use strongroom_domain::canonical::Canonical;
use strongroom_domain::{ConfigValue, CredentialType, KekId, PublicConfig, PurposeKeyId};
use strongroom_vault::{SealContext, SealSubject};
use uuid::Uuid;

use crate::derivation::sha256;

/// The AAD of a payload under its data key.
pub(crate) fn payload(deployment: Uuid, context: &SealContext) -> Vec<u8> {
    let label = match context.subject {
        SealSubject::Credential { .. } => "strongroom/payload/v1",
        SealSubject::OauthApp { .. } => "strongroom/oauth-app/v1",
        SealSubject::AuthorizationFlow { .. } => "strongroom/authorization-flow/v1",
    };
    bind(Canonical::labelled(label), deployment, context).finish()
}

/// The AAD of a data key under a KEK: the payload's fields, then the KEK's id.
pub(crate) fn wrap(deployment: Uuid, context: &SealContext, kek: KekId) -> Vec<u8> {
    let label = match context.subject {
        SealSubject::Credential { .. } => "strongroom/wrap/v1",
        SealSubject::OauthApp { .. } => "strongroom/oauth-app-wrap/v1",
        SealSubject::AuthorizationFlow { .. } => "strongroom/authorization-flow-wrap/v1",
    };
    bind(Canonical::labelled(label), deployment, context).bytes(&kek.0).finish()
}

/// The AAD of a purpose key under a KEK.
pub(crate) fn purpose_wrap(deployment: Uuid, purpose: &str, id: PurposeKeyId, kek: KekId) -> Vec<u8> {
    let label = Canonical::labelled("strongroom/purpose-wrap/v1");
    label.id(deployment).text(purpose).id(id.0).bytes(&kek.0).finish()
}

/// Binds every subject to the same kinds of facts: deployment, organisation, id, version, provider, type and
/// the digest of the public fields. A subject that has only one version uses 1. An OAuth app uses its name in
/// place of the provider, and its client id as the public field.
fn bind(label: Canonical, deployment: Uuid, context: &SealContext) -> Canonical {
    let bound = label.id(deployment).text(context.organization.as_str());
    let digest = |config: &PublicConfig| sha256(config.to_canonical_json().as_bytes());
    match &context.subject {
        SealSubject::Credential { id, version, provider, credential_type, config } => bound
            .id(id.0)
            .integer(*version)
            .text(provider.as_str())
            .text(credential_type.as_str())
            .bytes(&digest(config)),
        SealSubject::OauthApp { id, app, client_id } => {
            let mut config = PublicConfig::default();
            config.insert("client_id", ConfigValue::Text(client_id.clone()));
            bound.id(id.0).integer(1).text(app).text(CredentialType::Oauth2.as_str()).bytes(&digest(&config))
        }
        SealSubject::AuthorizationFlow { id, provider, credential_type, inputs } => bound
            .id(id.0)
            .integer(1)
            .text(provider.as_str())
            .text(credential_type.as_str())
            .bytes(&digest(inputs)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    use strongroom_domain::{CredentialId, OrganizationId, ProviderId};

    use super::*;

    #[test]
    fn the_authenticated_bytes_are_those_of_the_golden_file() {
        let golden: Value = serde_json::from_str(include_str!("../tests/golden/v1.json")).unwrap();
        let text = |pointer: &str| golden.pointer(pointer).unwrap().as_str().unwrap();
        let deployment: Uuid = text("/deployment").parse().unwrap();
        let kek = KekId(hex::decode(text("/keks/0/id")).unwrap().try_into().unwrap());
        let context = SealContext {
            organization: OrganizationId::parse(text("/context/organization")).unwrap(),
            subject: SealSubject::Credential {
                id: CredentialId::parse(text("/context/credential")).unwrap(),
                version: golden["context"]["version"].as_u64().unwrap(),
                provider: ProviderId::parse(text("/context/provider")).unwrap(),
                credential_type: CredentialType::parse(text("/context/type")).unwrap(),
                config: PublicConfig::from_canonical_json(text("/context/config")).unwrap(),
            },
        };
        assert_eq!(hex::encode(payload(deployment, &context)), text("/payload_aad"));
        assert_eq!(hex::encode(wrap(deployment, &context, kek)), text("/wrap_aad"));
        for key in golden["purpose_keys"].as_array().unwrap() {
            let id = PurposeKeyId(key["id"].as_str().unwrap().parse().unwrap());
            let aad = purpose_wrap(deployment, key["purpose"].as_str().unwrap(), id, kek);
            assert_eq!(hex::encode(aad), key["aad"].as_str().unwrap());
        }
    }
}
