//! Tests of settings with which the service does not start, and of key sets with which it does.

use serde_json::{Value, json};
use strongroom_environment::{TokenRefused, TokenVerifier};
use strongroom_environment_system::tokens::{Audience, TokenSettingsProblem};
use strongroom_environment_system::{IssuerKeys, IssuerSettings, JwtVerifier, LocalIssuer, TokenRules};
use zeroize::Zeroizing;

use crate::forge::{NOW, SECRET, SIGNERS, Signer, b64, merged, verifier};

fn with_jwks(signer: Signer, jwks: impl ToString) -> Result<JwtVerifier, TokenSettingsProblem> {
    let settings = IssuerSettings { keys: IssuerKeys::Jwks(jwks.to_string()), ..signer.settings() };
    JwtVerifier::new(vec![settings]).map_err(|error| error.problem)
}

fn with_keys(signer: Signer, keys: &[Value]) -> Result<JwtVerifier, TokenSettingsProblem> {
    with_jwks(signer, json!({"keys": keys}))
}

fn problem(result: Result<JwtVerifier, TokenSettingsProblem>) -> TokenSettingsProblem {
    result.err().expect("the settings are refused")
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[test]
fn weak_secrets_are_refused_for_verifying_and_for_issuing() {
    for (secret, expected) in [
        (b"short".as_slice(), TokenSettingsProblem::ShortSecret),
        (&[0; 31], TokenSettingsProblem::ShortSecret),
        (&[b'x'; 48], TokenSettingsProblem::WeakSecret),
        (b"change-me-change-me-change-me-1234", TokenSettingsProblem::WeakSecret),
    ] {
        let keys = IssuerKeys::Secret(Zeroizing::new(secret.to_vec()));
        let refused = JwtVerifier::new(vec![IssuerSettings { keys, ..Signer::Hs.settings() }]).err().unwrap();
        assert_eq!((refused.issuer.as_str(), refused.problem), ("hs", expected));
        let refused = LocalIssuer::new("strongroom".into(), "strongroom".into(), secret).err().unwrap();
        assert_eq!((refused.issuer.as_str(), refused.problem), ("local", expected));
    }
}

#[test]
fn two_issuers_with_the_same_iss_are_refused() {
    let second = IssuerSettings { issuer: Signer::Hs.iss(), ..Signer::Rs.settings() };
    let refused = JwtVerifier::new(vec![Signer::Hs.settings(), second]).err().unwrap();
    assert_eq!((refused.issuer.as_str(), refused.problem), ("rs", TokenSettingsProblem::DuplicateIssuer));
    assert_eq!(refused.to_string(), "token issuer `rs`: another issuer has the same `iss`");
}

#[test]
fn an_issuer_or_audience_that_tokens_cannot_name_is_refused() {
    let with = |audience| {
        let rules = TokenRules { audience, ..TokenRules::for_audience("strongroom") };
        IssuerSettings { rules, ..Signer::Rs.settings() }
    };
    for issuer in ["", " https://id.example", "https://id.example\n", "https://ïd.example", &"x".repeat(256)]
    {
        let settings = IssuerSettings { issuer: issuer.to_owned(), ..Signer::Rs.settings() };
        assert_eq!(JwtVerifier::new(vec![settings]).err().unwrap().problem, TokenSettingsProblem::Issuer);
        let local = LocalIssuer::new(issuer.to_owned(), "strongroom".to_owned(), SECRET).err().unwrap();
        assert_eq!(local.problem, TokenSettingsProblem::Issuer);
    }
    for settings in [
        with(Audience::OneOf(["".to_owned(), "strongroom".to_owned()].into())),
        with(Audience::OneOf([].into())),
        with(Audience::Clients([].into())),
    ] {
        assert_eq!(JwtVerifier::new(vec![settings]).err().unwrap().problem, TokenSettingsProblem::Audience);
    }
}

#[test]
fn without_issuers_every_token_is_refused() {
    let none = JwtVerifier::new(Vec::new()).unwrap();
    for signer in SIGNERS {
        assert_eq!(none.verify(&signer.valid(), NOW), Err(TokenRefused::Issuer));
    }
}

#[test]
fn a_key_set_with_a_symmetric_key_is_refused_even_beside_good_keys() {
    let oct = Signer::Hs.jwk();
    for keys in
        [vec![oct.clone()], vec![Signer::Rs.jwk(), oct.clone()], vec![merged(oct, json!({"use": "enc"}))]]
    {
        assert_eq!(problem(with_keys(Signer::Rs, &keys)), TokenSettingsProblem::SymmetricKey);
    }
}

#[test]
fn malformed_key_sets_are_refused() {
    for jwks in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"keys": {}}"#,
        r#"{"keys": [1]}"#,
        r#"{"keys": [{}]}"#,
        r#"{"keys": [{"kty": "RSA", "kid": 1}]}"#,
        r#"{"keys": [{"kty": "RSA", "kty": "oct"}]}"#,
    ] {
        assert_eq!(problem(with_jwks(Signer::Rs, jwks)), TokenSettingsProblem::MalformedJwks, "{jwks}");
    }
    let long = json!({"keys": [Signer::Rs.jwk()], "x": "x".repeat(64 * 1024)});
    assert_eq!(problem(with_jwks(Signer::Rs, long)), TokenSettingsProblem::MalformedJwks);
    assert_eq!(problem(with_keys(Signer::Rs, &[])), TokenSettingsProblem::NoKey);
}

#[test]
fn keys_that_cannot_be_used_safely_are_refused() {
    let (rs, es, ed) = (Signer::Rs.jwk(), Signer::Es.jwk(), Signer::Ed.jwk());
    let mut small = vec![0x7f; 256];
    small[255] = 0xff;
    let cases = [
        (merged(rs.clone(), json!({"n": b64(&small)})), TokenSettingsProblem::RsaSize),
        (
            merged(rs.clone(), json!({"n": b64([&[0], small.as_slice()].concat())})),
            TokenSettingsProblem::RsaSize,
        ),
        (merged(rs.clone(), json!({"n": b64([0xff; 1025])})), TokenSettingsProblem::RsaSize),
        (merged(rs.clone(), json!({"n": ""})), TokenSettingsProblem::RsaSize),
        (merged(rs.clone(), json!({"e": "AQ"})), TokenSettingsProblem::MalformedKey),
        (merged(rs.clone(), json!({"e": ""})), TokenSettingsProblem::MalformedKey),
        (merged(rs.clone(), json!({"e": "AQAA"})), TokenSettingsProblem::MalformedKey),
        (merged(rs.clone(), json!({"n": "=="})), TokenSettingsProblem::MalformedKey),
        (without(rs.clone(), "e"), TokenSettingsProblem::MalformedKey),
        (merged(rs.clone(), json!({"alg": "ES256"})), TokenSettingsProblem::MalformedKey),
        (merged(es.clone(), json!({"alg": "RS256"})), TokenSettingsProblem::MalformedKey),
        (merged(es.clone(), json!({"crv": "P-384"})), TokenSettingsProblem::MalformedKey),
        (merged(es.clone(), json!({"x": "AAAA"})), TokenSettingsProblem::MalformedKey),
        (without(es, "y"), TokenSettingsProblem::MalformedKey),
        (merged(ed, json!({"x": "AAAA"})), TokenSettingsProblem::MalformedKey),
        (merged(rs.clone(), json!({"kid": "../x"})), TokenSettingsProblem::KeyId),
        (merged(rs.clone(), json!({"kid": ""})), TokenSettingsProblem::KeyId),
        (merged(rs, json!({"kid": "k".repeat(129)})), TokenSettingsProblem::KeyId),
    ];
    for (jwk, expected) in cases {
        assert_eq!(problem(with_keys(Signer::Rs, std::slice::from_ref(&jwk))), expected, "{jwk}");
    }
}

#[test]
fn keys_for_other_uses_are_ignored() {
    let rs = Signer::Rs.jwk();
    let others = [
        merged(rs.clone(), json!({"use": "enc", "kid": "a"})),
        merged(rs.clone(), json!({"key_ops": ["encrypt"], "kid": "b"})),
        merged(rs.clone(), json!({"alg": "RSA-OAEP", "kid": "c"})),
        merged(rs.clone(), json!({"alg": "RS512", "kid": "d"})),
        json!({"kty": "EC", "crv": "P-521", "kid": "e", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "kid": "f", "x": "AA"}),
        json!({"kty": "AKP", "kid": "g", "pub": "AA"}),
    ];
    assert_eq!(problem(with_keys(Signer::Rs, &others)), TokenSettingsProblem::NoKey);
    let all: Vec<Value> = others.into_iter().chain([rs]).collect();
    let verifier = with_keys(Signer::Rs, &all).unwrap();
    assert!(verifier.verify(&Signer::Rs.valid(), NOW).is_ok());
    for kid in ["a", "b", "c", "d"] {
        let header = merged(Signer::Rs.header(), json!({"kid": kid}));
        assert!(verifier.verify(&Signer::Rs.token_under(&header), NOW).is_err(), "{kid}");
    }
}

#[test]
fn key_ids_are_unique_and_several_keys_need_one_each() {
    let (rs, es) = (Signer::Rs.jwk(), merged(Signer::Es.jwk(), json!({"kid": "rs-1"})));
    assert_eq!(problem(with_keys(Signer::Rs, &[rs.clone(), es])), TokenSettingsProblem::DuplicateKeyId);
    let nameless = without(rs.clone(), "kid");
    let twice = [nameless.clone(), nameless.clone()];
    assert_eq!(problem(with_keys(Signer::Rs, &twice)), TokenSettingsProblem::NoKey);

    let alone = with_keys(Signer::Rs, std::slice::from_ref(&nameless)).unwrap();
    assert!(alone.verify(&Signer::Rs.valid(), NOW).is_ok());
    let beside =
        with_keys(Signer::Rs, &[nameless, merged(Signer::Es.jwk(), json!({"kid": "other"}))]).unwrap();
    assert_eq!(beside.verify(&Signer::Rs.valid(), NOW), Err(TokenRefused::Key));

    let two = with_keys(Signer::Rs, &[rs, Signer::Ed.jwk()]).unwrap();
    assert!(two.verify(&Signer::Rs.valid(), NOW).is_ok());
    let header = without(Signer::Rs.header(), "kid");
    assert_eq!(two.verify(&Signer::Rs.token_under(&header), NOW), Err(TokenRefused::Key));
    // The algorithm of another key of the same issuer does not count.
    let header = merged(Signer::Rs.header(), json!({"kid": "ed-1"}));
    assert_eq!(two.verify(&Signer::Rs.token_under(&header), NOW), Err(TokenRefused::Algorithm));
}

#[test]
fn debug_output_holds_no_secret() {
    let shown = format!("{:?}", SIGNERS.map(Signer::settings));
    assert!(shown.contains("Secret") && !shown.contains("89, 113") && !shown.contains("Yq8s"), "{shown}");
    drop(verifier());
}
