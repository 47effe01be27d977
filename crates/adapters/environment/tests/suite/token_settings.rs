//! Tests of settings with which the service does not start, and of key sets with which it does.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_environment::TokenRefused;
use strongroom_environment_system::tokens::{Audience, KeyFlaw, TokenSettingsProblem};
use strongroom_environment_system::{IssuerKeys, IssuerSettings, JwtVerifier, LocalIssuer, TokenRules};
use zeroize::Zeroizing;

use crate::forge::{Judge as _, NOW, SECRET, SIGNERS, Signer, b64, merged, verifier};

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
        assert_eq!((refused.issuer.as_str(), refused.problem), ("hs", expected.clone()));
        let refused = LocalIssuer::new("strongroom".into(), "strongroom".into(), secret).err().unwrap();
        assert_eq!((refused.issuer.as_str(), refused.problem), ("local", expected));
    }
}

#[test]
fn two_issuers_with_the_same_iss_are_refused() {
    let second = IssuerSettings { issuer: Signer::Hs.iss(), ..Signer::Rs.settings() };
    let refused = JwtVerifier::new(vec![Signer::Hs.settings(), second]).err().unwrap();
    assert_eq!((refused.issuer.as_str(), &refused.problem), ("rs", &TokenSettingsProblem::DuplicateIssuer));
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
        assert_eq!(none.judge(&signer.valid(), NOW), Err(TokenRefused::Issuer));
    }
}

#[test]
fn a_secret_key_in_a_set_is_told_and_verifies_nothing() {
    let oct = Signer::Hs.jwk();
    for secret in [oct.clone(), merged(oct.clone(), json!({"use": "enc"}))] {
        let verifier = with_keys(Signer::Rs, &[Signer::Rs.jwk()]).unwrap();
        let both = json!({"keys": [secret, Signer::Rs.jwk()]}).to_string();
        let notes = verifier.replace_keys("rs", both).unwrap();
        assert_eq!(notes.iter().map(|note| note.flaw).collect::<Vec<_>>(), [KeyFlaw::Symmetric]);
        assert!(verifier.judge(&Signer::Rs.valid(), NOW).is_ok());
        let forged = Signer::Hs.token(&Signer::Hs.header().to_string(), &Signer::Rs.claims().to_string());
        assert!(verifier.judge(&forged, NOW).is_err());
    }
    let TokenSettingsProblem::NoKey(notes) = problem(with_keys(Signer::Rs, &[oct])) else { panic!() };
    assert_eq!(notes.iter().map(|note| note.flaw).collect::<Vec<_>>(), [KeyFlaw::Symmetric]);
}

#[test]
fn malformed_key_sets_are_refused() {
    for jwks in ["", "{}", "[]", "null", r#"{"keys": {}}"#, r#"{"keys": [{"kty": "RSA", "kty": "oct"}]}"#] {
        assert_eq!(problem(with_jwks(Signer::Rs, jwks)), TokenSettingsProblem::MalformedJwks, "{jwks}");
    }
    let long = json!({"keys": [Signer::Rs.jwk()], "x": "x".repeat(64 * 1024)});
    assert_eq!(problem(with_jwks(Signer::Rs, long)), TokenSettingsProblem::MalformedJwks);
    let none = problem(with_keys(Signer::Rs, &[]));
    assert_eq!(none, TokenSettingsProblem::NoKey(Vec::new()));
    assert!(none.to_string().ends_with("it is empty"), "{none}");
}

/// Keys that cannot be used, each with what is wrong with it.
fn odd_keys() -> Vec<(Value, KeyFlaw)> {
    let (rs, es, ed) = (Signer::Rs.jwk(), Signer::Es.jwk(), Signer::Ed.jwk());
    let mut small = vec![0x7f; 256];
    small[255] = 0xff;
    let rsa = |changes| merged(rs.clone(), changes);
    vec![
        (rsa(json!({"n": b64(&small)})), KeyFlaw::RsaSize),
        (rsa(json!({"n": b64([0xff; 128])})), KeyFlaw::RsaSize),
        (rsa(json!({"n": b64([&[0], small.as_slice()].concat())})), KeyFlaw::RsaSize),
        (rsa(json!({"n": b64([0xff; 1025])})), KeyFlaw::RsaSize),
        (rsa(json!({"n": ""})), KeyFlaw::RsaSize),
        (rsa(json!({"e": "AQ"})), KeyFlaw::Malformed),
        (rsa(json!({"e": ""})), KeyFlaw::Malformed),
        (rsa(json!({"e": "AQAA"})), KeyFlaw::Malformed),
        (rsa(json!({"n": "n\u{e4}"})), KeyFlaw::Malformed),
        (without(rs.clone(), "e"), KeyFlaw::Malformed),
        (merged(without(without(rs.clone(), "n"), "e"), json!({"x5c": ["MIIB"]})), KeyFlaw::Malformed),
        (rsa(json!({"alg": "ES256"})), KeyFlaw::Malformed),
        (merged(es.clone(), json!({"alg": "RS256"})), KeyFlaw::Malformed),
        (merged(es.clone(), json!({"crv": "P-384"})), KeyFlaw::Malformed),
        (merged(es.clone(), json!({"x": "AAAA"})), KeyFlaw::Malformed),
        (without(es, "y"), KeyFlaw::Malformed),
        (merged(ed, json!({"x": "AAAA"})), KeyFlaw::Malformed),
        (rsa(json!({"kid": "\u{e4}"})), KeyFlaw::KeyId),
        (rsa(json!({"kid": ""})), KeyFlaw::KeyId),
        (rsa(json!({"kid": 1})), KeyFlaw::KeyId),
        (rsa(json!({"kid": "k".repeat(256)})), KeyFlaw::KeyId),
        (rsa(json!({"use": "enc", "kid": "a"})), KeyFlaw::OtherUse),
        (rsa(json!({"key_ops": ["encrypt"], "kid": "b"})), KeyFlaw::OtherUse),
        (rsa(json!({"key_ops": "verify"})), KeyFlaw::OtherUse),
        (rsa(json!({"alg": "RSA-OAEP", "kid": "c"})), KeyFlaw::OtherAlgorithm),
        (rsa(json!({"alg": "RS512", "kid": "d"})), KeyFlaw::OtherAlgorithm),
        (json!({"kty": "EC", "crv": "P-521", "kid": "e", "x": "AA", "y": "AA"}), KeyFlaw::OtherAlgorithm),
        (json!({"kty": "OKP", "crv": "X25519", "kid": "f", "x": "AA"}), KeyFlaw::OtherAlgorithm),
        (json!({"kty": "AKP", "kid": "g", "pub": "AA"}), KeyFlaw::OtherAlgorithm),
        (json!({"kid": "h"}), KeyFlaw::NoKeyType),
        (json!(1), KeyFlaw::NoKeyType),
    ]
}

#[test]
fn a_set_without_a_key_that_can_be_used_is_refused_and_every_flaw_is_told() {
    for (jwk, flaw) in odd_keys() {
        let TokenSettingsProblem::NoKey(notes) = problem(with_keys(Signer::Rs, std::slice::from_ref(&jwk)))
        else {
            panic!("{jwk}");
        };
        assert_eq!(notes.iter().map(|note| (note.at, note.flaw)).collect::<Vec<_>>(), [(0, flaw)], "{jwk}");
    }
    let short = merged(Signer::Rs.jwk(), json!({"n": b64([0xff; 128]), "kid": "old/1="}));
    let told = problem(with_keys(Signer::Rs, &[short, json!({"kid": "x"})])).to_string();
    let expected = ": key `old/1=` is an RSA key of fewer than 2048 or more than 8192 bit; key `x` has no key type (`kty`)";
    assert!(told.ends_with(expected), "{told}");
}

#[test]
fn a_key_that_cannot_be_used_is_passed_over_beside_a_good_one() {
    let good = merged(Signer::Rs.jwk(), json!({"kid": "good"}));
    let token = Signer::Rs.token_under(&merged(Signer::Rs.header(), json!({"kid": "good"})));
    let verifier = with_keys(Signer::Rs, std::slice::from_ref(&good)).unwrap();
    for (jwk, flaw) in odd_keys() {
        for set in [[jwk.clone(), good.clone()], [good.clone(), jwk.clone()]] {
            let notes = verifier.replace_keys("rs", json!({"keys": set}).to_string()).unwrap();
            assert_eq!(notes.iter().map(|note| note.flaw).collect::<Vec<_>>(), [flaw], "{jwk}");
            assert!(!notes[0].is_used() && verifier.judge(&token, NOW).is_ok(), "{jwk}");
            if let Some(kid) = jwk.get("kid").and_then(Value::as_str) {
                let header = merged(Signer::Rs.header(), json!({"kid": kid}));
                assert!(verifier.judge(&Signer::Rs.token_under(&header), NOW).is_err(), "{jwk}");
            }
        }
    }
}

/// A key set that was made with a tool for keys, and not exported.
#[test]
fn a_private_key_in_a_set_is_used_and_told() {
    let verifier = with_keys(Signer::Ed, &[Signer::Ed.jwk()]).unwrap();
    let private = merged(Signer::Ed.jwk(), json!({"d": b64([7; 32])}));
    let notes = verifier.replace_keys("ed", json!({"keys": [private]}).to_string()).unwrap();
    assert_eq!(
        notes.iter().map(|note| (note.flaw, note.is_used())).collect::<Vec<_>>(),
        [(KeyFlaw::Private, true)]
    );
    assert!(notes[0].to_string().starts_with("key `ed-1` holds the private key (`d`)"), "{}", notes[0]);
    assert!(verifier.judge(&Signer::Ed.valid(), NOW).is_ok());
}

#[test]
fn a_key_is_read_in_either_alphabet_of_base64_and_with_padding() {
    let mut jwk = Signer::Rs.jwk();
    let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    jwk["n"] = json!(STANDARD.encode(n));
    assert!(with_keys(Signer::Rs, &[jwk]).unwrap().judge(&Signer::Rs.valid(), NOW).is_ok());
}

#[test]
fn of_keys_with_one_id_the_first_counts_unless_they_differ_in_algorithm() {
    let (rs, es) = (Signer::Rs.jwk(), merged(Signer::Es.jwk(), json!({"kid": "rs-1"})));
    let both = with_keys(Signer::Rs, &[rs.clone(), es.clone()]).unwrap();
    assert!(both.judge(&Signer::Rs.valid(), NOW).is_ok());
    let claims = Signer::Rs.claims().to_string();
    let by_es = Signer::Es.token(&merged(Signer::Es.header(), json!({"kid": "rs-1"})).to_string(), &claims);
    assert!(both.judge(&by_es, NOW).is_ok());
    let crossed = Signer::Es.token(&Signer::Rs.header().to_string(), &claims);
    assert_eq!(both.judge(&crossed, NOW), Err(TokenRefused::Signature));
    let ed = merged(Signer::Ed.jwk(), json!({"kid": "rs-1"}));
    let three = with_keys(Signer::Rs, &[rs.clone(), es, ed]).unwrap();
    let by_ed = Signer::Ed.token(&merged(Signer::Ed.header(), json!({"kid": "rs-1"})).to_string(), &claims);
    for token in [&Signer::Rs.valid(), &by_es, &by_ed] {
        assert!(three.judge(token, NOW).is_ok());
    }
    let other = merged(Signer::Rs.jwk(), json!({"n": b64([0xff; 256])}));
    let notes = both.replace_keys("rs", json!({"keys": [rs, other]}).to_string()).unwrap();
    assert_eq!(notes.iter().map(|note| note.flaw).collect::<Vec<_>>(), [KeyFlaw::SameKeyId]);
    assert!(both.judge(&Signer::Rs.valid(), NOW).is_ok());
}

#[test]
fn several_keys_need_an_id_each() {
    let rs = Signer::Rs.jwk();
    let nameless = without(rs.clone(), "kid");
    let twice = [nameless.clone(), nameless.clone()];
    let TokenSettingsProblem::NoKey(notes) = problem(with_keys(Signer::Rs, &twice)) else { panic!() };
    assert_eq!(notes.iter().map(|note| note.flaw).collect::<Vec<_>>(), [KeyFlaw::Nameless; 2]);

    let alone = with_keys(Signer::Rs, std::slice::from_ref(&nameless)).unwrap();
    assert!(alone.judge(&Signer::Rs.valid(), NOW).is_ok());
    let beside =
        with_keys(Signer::Rs, &[nameless, merged(Signer::Es.jwk(), json!({"kid": "other"}))]).unwrap();
    assert_eq!(beside.judge(&Signer::Rs.valid(), NOW), Err(TokenRefused::Key));

    let two = with_keys(Signer::Rs, &[rs, Signer::Ed.jwk()]).unwrap();
    assert!(two.judge(&Signer::Rs.valid(), NOW).is_ok());
    let header = without(Signer::Rs.header(), "kid");
    assert_eq!(two.judge(&Signer::Rs.token_under(&header), NOW), Err(TokenRefused::Key));
    // The algorithm of another key of the same issuer does not count.
    let header = merged(Signer::Rs.header(), json!({"kid": "ed-1"}));
    assert_eq!(two.judge(&Signer::Rs.token_under(&header), NOW), Err(TokenRefused::Algorithm));
}

#[test]
fn debug_output_holds_no_secret() {
    let shown = format!("{:?}", SIGNERS.map(Signer::settings));
    assert!(shown.contains("Secret") && !shown.contains("89, 113") && !shown.contains("Yq8s"), "{shown}");
    drop(verifier());
}
