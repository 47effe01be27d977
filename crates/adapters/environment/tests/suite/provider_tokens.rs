//! Tests of tokens as identity providers send them.

use serde_json::{Value, json};
use strongroom_environment::TokenRefused;
use strongroom_environment_system::tokens::{
    Audience, ClaimPath, OrganizationRule, RoleMap, ServiceMark, TokenRules,
};
use strongroom_environment_system::{IssuerKeys, IssuerSettings, JwtVerifier};

use crate::forge::{Judge as _, NOW, merged};
use crate::provider_samples::{Sent, all};

fn rules(settings: &[(&str, &str)]) -> TokenRules {
    let get = |key: &str| settings.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
    let path = |key: &str| get(key).map(|text| ClaimPath::parse(text).unwrap());
    let audience = match get("AUDIENCE").unwrap() {
        "none" => Audience::Clients(Audience::list(get("CLIENT_ID").unwrap()).unwrap()),
        list => Audience::OneOf(Audience::list(list).unwrap()),
    };
    let organization = match get("ORGANIZATION") {
        Some(fixed) => OrganizationRule::Fixed(strongroom_domain::OrganizationId::parse(fixed).unwrap()),
        None => OrganizationRule::Claimed { claim: path("ORG_CLAIM"), only: None },
    };
    TokenRules {
        audience,
        organization,
        subject_claim: path("SUBJECT_CLAIM"),
        roles_claim: path("ROLES_CLAIM"),
        role_map: get("ROLE_MAP").map(|text| RoleMap::parse(text).unwrap()),
        scope_claim: path("SCOPE_CLAIM"),
        service_mark: get("SERVICE_CLAIM").map(|text| ServiceMark::parse(text).unwrap()),
        ..TokenRules::for_audience("unused")
    }
}

/// The times of a token that is valid at [`NOW`].
fn timed(claims: Value) -> Value {
    let now = NOW.unix_timestamp();
    merged(json!({"iat": now - 10, "exp": now + 3_590, "auth_time": now - 20}), claims)
}

impl Sent {
    fn verifier(&self) -> JwtVerifier {
        let jwk = merged(self.signer.jwk(), json!({"kid": self.kid}));
        let keys = IssuerKeys::Jwks(json!({"keys": [jwk]}).to_string());
        let issuer = self.claims["iss"].as_str().unwrap().to_owned();
        let settings = IssuerSettings { name: "corp".to_owned(), issuer, keys, rules: rules(self.settings) };
        JwtVerifier::new(vec![settings]).unwrap()
    }

    fn token(&self, changes: Value) -> String {
        let header = merged(json!({"alg": self.signer.alg(), "kid": self.kid}), self.header.clone());
        let mut claims = merged(timed(self.claims.clone()), changes);
        claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.signer.token(&header.to_string(), &claims.to_string())
    }
}

#[test]
fn tokens_are_read_as_their_providers_mean_them() {
    for sent in all() {
        let read = sent.verifier().judge(&sent.token(json!({})), NOW);
        let read = read.map(|read| (read.organization.as_str().to_owned(), read.subject));
        assert_eq!(read, Ok((sent.reads.0.to_owned(), sent.reads.1.clone())), "{}", sent.provider);
    }
}

/// The settings that let a provider's tokens in let no others in.
#[test]
fn tokens_for_others_are_refused_whoever_sends_them() {
    for sent in all() {
        let verifier = sent.verifier();
        let judged = |changes| verifier.judge(&sent.token(changes), NOW).map(|_| ()).unwrap_err();
        let has_audience = sent.claims.get("aud").is_some();
        let other = match has_audience {
            true => (json!({"aud": "another"}), TokenRefused::Audience),
            false => (json!({"azp": "another"}), TokenRefused::Client),
        };
        assert_eq!(judged(other.0), other.1, "{}", sent.provider);
        let none = json!({"aud": null, "azp": null, "client_id": null});
        assert_eq!(judged(none), TokenRefused::ClaimMissing, "{}", sent.provider);
        if !has_audience {
            assert_eq!(judged(json!({"aud": "vault"})), TokenRefused::Audience, "{}", sent.provider);
        }
        assert_eq!(judged(json!({"exp": 1})), TokenRefused::Expired, "{}", sent.provider);
    }
}
