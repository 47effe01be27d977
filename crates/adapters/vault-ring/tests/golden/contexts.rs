//! Reads the contexts of the golden files.

use serde_json::Value;
use strongroom_domain::credential::Slot;
use strongroom_domain::oauth::{Completion, Connects, Digest, FlowId, Initiator};
use strongroom_domain::{
    Actor, AuthorizationFlow, CredentialId, CredentialName, CredentialType, Issuer, OauthAppId,
    OrganizationId, ProviderId, PublicConfig, UserId,
};
use strongroom_vault::{CredentialFacts, SealContext, SealSubject};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}"))
}

fn optional(value: &Value, name: &str) -> Option<String> {
    value[name].as_str().map(str::to_owned)
}

fn id(value: &Value, name: &str) -> Uuid {
    text(value, name).parse().unwrap()
}

fn optional_id(value: &Value, name: &str) -> Option<Uuid> {
    value[name].as_str().map(|text| text.parse().unwrap())
}

fn optional_digest(value: &Value, name: &str) -> Option<Digest> {
    value[name].as_str().map(|text| hex::decode(text).unwrap().try_into().unwrap())
}

/// The context of a case, which holds a `credential`, an `app` or a `flow`.
pub(crate) fn context(organization: &str, case: &Value) -> SealContext {
    let organization = OrganizationId::parse(organization).unwrap();
    let subject = if case["credential"].is_object() {
        credential(&case["credential"])
    } else if case["app"].is_object() {
        let app = &case["app"];
        SealSubject::OauthApp {
            id: OauthAppId(id(app, "id")),
            app: text(app, "app").to_owned(),
            client_id: text(app, "client_id").to_owned(),
        }
    } else {
        flow(&organization, &case["flow"])
    };
    SealContext { organization, subject }
}

fn credential(of: &Value) -> SealSubject {
    SealSubject::Credential(Box::new(CredentialFacts {
        id: CredentialId(id(of, "id")),
        version: of["version"].as_u64().unwrap(),
        provider: ProviderId::parse(text(of, "provider")).unwrap(),
        credential_type: CredentialType::parse(text(of, "type")).unwrap(),
        config: PublicConfig::from_canonical_json(text(of, "config")).unwrap(),
        slot: optional(of, "slot").map(Slot::from_stored),
        pending: of["pending"].as_bool().unwrap(),
        oauth_app: optional_id(of, "oauth_app").map(OauthAppId),
        account: optional(of, "account"),
    }))
}

fn flow(organization: &OrganizationId, of: &Value) -> SealSubject {
    let flow = AuthorizationFlow {
        organization: organization.clone(),
        id: FlowId(id(of, "id")),
        state: optional_digest(of, "state").unwrap(),
        provider: ProviderId::parse(text(of, "provider")).unwrap(),
        credential_type: CredentialType::parse(text(of, "type")).unwrap(),
        app: optional_id(of, "app").map(OauthAppId),
        initiator: Initiator {
            actor: Actor::from_stored(
                text(of, "actor").to_owned(),
                optional(of, "issuer").map(|issuer| Issuer::parse(&issuer).unwrap()),
            ),
            id: text(of, "initiator").to_owned(),
            user: optional(of, "user").map(|user| UserId::parse(&user).unwrap()),
            subject: optional_digest(of, "subject"),
        },
        redirect_uri: text(of, "redirect_uri").to_owned(),
        redirect_to: optional(of, "redirect_to"),
        name: CredentialName::parse(text(of, "name")).unwrap(),
        scope: text(of, "scope").to_owned(),
        inputs: PublicConfig::from_canonical_json(text(of, "inputs")).unwrap(),
        completion: Completion::parse(text(of, "completion")).unwrap(),
        credential: CredentialId(id(of, "credential")),
        reauthorizes: of["reauthorizes"].as_u64(),
        connects: optional_id(of, "connects").map(Connects),
        created_at: OffsetDateTime::parse(text(of, "created_at"), &Rfc3339).unwrap(),
    };
    SealSubject::AuthorizationFlow {
        flow: Box::new(flow),
        completion_code: optional_digest(of, "completion_code"),
    }
}
