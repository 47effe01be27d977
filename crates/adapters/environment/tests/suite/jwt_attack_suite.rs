//! Tokens that an attacker would send, all of which must be refused. Positive controls beside them show that
//! the attack itself is the reason.

use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assume, proptest};
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use strongroom_environment::TokenRefused;

use crate::forge::{
    Judge as _, NOW, RSA_PUBLIC_PEM, SIGNERS, Signer, b64, hmac_sha256, merged, pem_body, rsa_public_pkcs1,
    verifier,
};

type Attacks = Vec<(String, String)>;

fn assert_all_refused(attacks: &Attacks, at_least: usize) {
    assert!(attacks.len() >= at_least, "{} attacks", attacks.len());
    let verifier = verifier();
    for signer in SIGNERS {
        assert!(verifier.judge(&signer.valid(), NOW).is_ok(), "positive control {signer:?}");
    }
    for (name, token) in attacks {
        assert!(verifier.judge(token, NOW).is_err(), "accepted: {name}: {token}");
    }
}

/// A token of the RSA issuer whose header says `alg`, with this signature.
fn forged(alg: &str, signature: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let header = merged(Signer::Rs.header(), json!({"alg": alg}));
    let message = format!("{}.{}", b64(header.to_string()), b64(Signer::Rs.claims().to_string()));
    format!("{message}.{}", b64(signature(message.as_bytes())))
}

#[test]
fn unsigned_tokens_are_refused_in_every_spelling_of_none() {
    let mut attacks = Attacks::new();
    for signer in SIGNERS {
        for alg in [
            json!("none"),
            json!("None"),
            json!("NONE"),
            json!("nOnE"),
            json!(""),
            json!(" none"),
            json!("none\u{0}"),
            Value::Null,
            json!([]),
            json!(["HS256"]),
            json!(0),
        ] {
            let header = merged(signer.header(), json!({"alg": alg}));
            let unsigned = format!("{}.{}.", b64(header.to_string()), b64(signer.claims().to_string()));
            attacks.push((format!("{signer:?} alg {alg} without signature"), unsigned));
            attacks.push((format!("{signer:?} alg {alg} with signature"), signer.token_under(&header)));
        }
        let mut header = signer.header();
        header.as_object_mut().unwrap().remove("alg");
        attacks.push((format!("{signer:?} without alg"), signer.token_under(&header)));
    }
    assert_all_refused(&attacks, 80);
}

#[test]
fn tokens_of_another_algorithm_or_key_are_refused() {
    let pem = RSA_PUBLIC_PEM;
    let jwk = Signer::Rs.jwk();
    let secrets = [
        ("PEM", pem.as_bytes().to_vec()),
        ("PEM without last newline", pem.trim_end().as_bytes().to_vec()),
        ("PEM with CRLF", pem.replace('\n', "\r\n").into_bytes()),
        ("SPKI DER", pem_body(pem)),
        ("PKCS#1 DER", rsa_public_pkcs1()),
        ("n", jwk["n"].as_str().unwrap().as_bytes().to_vec()),
        ("JWK", jwk.to_string().into_bytes()),
        ("JWKS", json!({"keys": [jwk]}).to_string().into_bytes()),
        ("kid", b"rs-1".to_vec()),
        ("nothing", Vec::new()),
    ];
    let mut attacks = Attacks::new();
    for (name, secret) in &secrets {
        for alg in ["HS256", "RS256"] {
            attacks.push((format!("{alg} keyed with {name}"), forged(alg, |m| hmac_sha256(secret, m))));
        }
    }
    for alg in ["HS384", "HS512", "RS384", "RS512", "PS256", "ES256", "ES256K", "EdDSA", "rs256", "RS256 "] {
        attacks.push((format!("RSA signature under {alg}"), forged(alg, |m| Signer::Rs.sign(m))));
    }
    for claimed in SIGNERS {
        for signer in SIGNERS.into_iter().filter(|signer| *signer != claimed) {
            let payload = claimed.claims().to_string();
            for header in [claimed.header(), signer.header()] {
                let token = signer.token(&header.to_string(), &payload);
                attacks.push((format!("{signer:?} signs as {claimed:?} under {header}"), token));
            }
        }
    }
    assert_all_refused(&attacks, 50);
}

#[test]
fn key_ids_that_are_no_ids_are_refused() {
    let mut attacks = Attacks::new();
    let long = "k".repeat(129);
    let kids = [
        "../../../../dev/null",
        "/dev/null",
        "rs-1' OR '1'='1",
        "rs-1;--",
        "",
        " rs-1",
        "rs-1\n",
        "rs-1\u{0}",
        "http://evil.example/key",
        "rs-2",
        "RS-1",
        "%72s-1",
        long.as_str(),
    ];
    for kid in kids {
        for signer in [Signer::Rs, Signer::Es, Signer::Ed] {
            let kid = if kid == "rs-2" { format!("{}-2", signer.name()) } else { kid.to_owned() };
            let header = merged(signer.header(), json!({"kid": kid}));
            attacks.push((format!("{signer:?} kid {kid:?}"), signer.token_under(&header)));
        }
    }
    // The HS256 key has no id, so every well-formed `kid` is accepted and a malformed one is not.
    for kid in kids.into_iter().filter(|kid| !matches!(*kid, "rs-2" | "RS-1")) {
        let header = merged(Signer::Hs.header(), json!({"kid": kid}));
        attacks.push((format!("Hs kid {kid:?}"), Signer::Hs.token_under(&header)));
    }
    assert_all_refused(&attacks, 50);
}

#[test]
fn headers_with_wrong_members_are_refused() {
    let mut attacks = Attacks::new();
    let changes = [
        json!({"kid": null}),
        json!({"kid": 1}),
        json!({"kid": ["rs-1"]}),
        json!({"crit": []}),
        json!({"crit": ["exp"]}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": null}),
        json!({"b64": false}),
        json!({"b64": true}),
        json!({"typ": "JWS"}),
        json!({"typ": "id_token"}),
        json!({"typ": "logout+jwt"}),
        json!({"typ": "secevent+jwt"}),
        json!({"typ": ""}),
        json!({"typ": null}),
        json!({"typ": 1}),
    ];
    for change in &changes {
        for signer in SIGNERS {
            let header = merged(signer.header(), change.clone());
            attacks.push((format!("{signer:?} header {change}"), signer.token_under(&header)));
        }
    }
    let claims = Signer::Rs.claims().to_string();
    for header in [
        r#"{"alg":"RS256","alg":"none","kid":"rs-1"}"#,
        r#"{"alg":"none","alg":"RS256","kid":"rs-1"}"#,
        r#"{"alg":"RS256","kid":"rs-1","kid":"rs-1"}"#,
        r#"["RS256"]"#,
        r#""RS256""#,
        "null",
        "",
        "{",
        r#"{"alg":"RS256","kid":"rs-1"}x"#,
    ] {
        attacks.push((format!("header {header}"), Signer::Rs.token(header, &claims)));
    }
    assert_all_refused(&attacks, 70);
}

#[test]
fn keys_that_a_header_brings_along_are_never_used() {
    let evil = Signer::Ed.jwk();
    let extras = [
        json!({"jwk": evil}),
        json!({"jwk": evil, "kid": "ed-1"}),
        json!({"jku": "https://ed.example/jwks.json"}),
        json!({"jku": "file:///etc/passwd", "kid": "ed-1"}),
        json!({"x5u": "https://ed.example/cert.pem"}),
        json!({"x5c": ["MIIB"], "x5t": "AAAA"}),
    ];
    let mut attacks = Attacks::new();
    let verifier = verifier();
    for extra in &extras {
        let header = merged(Signer::Es.header(), extra.clone());
        let payload = Signer::Es.claims().to_string();
        let by_evil = merged(header.clone(), json!({"alg": "EdDSA"})).to_string();
        attacks.push((format!("{extra} signed by its key"), Signer::Ed.token(&by_evil, &payload)));
        attacks.push((
            format!("{extra} under the alg of ours"),
            Signer::Ed.token(&header.to_string(), &payload),
        ));
        // The same member is ignored in a token that the issuer's own key has signed.
        let ours = merged(header, json!({"kid": "es-1"}));
        assert!(verifier.judge(&Signer::Es.token_under(&ours), NOW).is_ok(), "{extra}");
    }
    assert_all_refused(&attacks, 12);
}

#[test]
fn tokens_of_another_shape_are_refused() {
    let mut attacks = Attacks::new();
    for signer in SIGNERS {
        let valid = signer.valid();
        let (message, signature) = valid.rsplit_once('.').unwrap();
        let (header, payload) = message.split_once('.').unwrap();
        let shorter = &signature[..signature.len() - 4];
        for (name, token) in [
            ("empty", String::new()),
            ("dots", "..".to_owned()),
            ("one part", header.to_owned()),
            ("two parts", message.to_owned()),
            ("four parts", format!("{valid}.{signature}")),
            ("five parts", format!("{header}.{header}.{payload}.{payload}.{signature}")),
            ("leading dot", format!(".{valid}")),
            ("trailing dot", format!("{valid}.")),
            ("empty signature", format!("{message}.")),
            ("truncated signature", format!("{message}.{shorter}")),
            ("longer signature", format!("{valid}AAAA")),
            ("zero signature", format!("{message}.{}", b64(vec![0; 64]))),
            ("empty header", format!(".{payload}.{signature}")),
            ("empty payload", format!("{header}..{signature}")),
            ("padding", format!("{valid}=")),
            ("padded header", format!("{header}=.{payload}.{signature}")),
            ("leading space", format!(" {valid}")),
            ("trailing newline", format!("{valid}\n")),
            ("inner space", format!("{header}. {payload}.{signature}")),
            ("bearer prefix", format!("Bearer {valid}")),
            (
                "standard base64",
                format!("{message}.{}", signature.replace('-', "+").replace('_', "/") + "+/"),
            ),
            ("nested", signer.token(&signer.header().to_string(), &json!(valid).to_string())),
            ("nested raw", signer.token(&signer.header().to_string(), &valid)),
            ("twice", format!("{valid},{valid}")),
            (
                "JSON serialisation",
                json!({"payload": payload, "protected": header, "signature": signature}).to_string(),
            ),
        ] {
            attacks.push((format!("{signer:?} {name}"), token));
        }
        let padding = signer.claims_with(json!({"pad": "x".repeat(8 * 1024)}));
        attacks.push((format!("{signer:?} longer than 8 KiB"), signer.token_of(&padding)));
    }
    assert_all_refused(&attacks, 100);
}

#[test]
fn claims_that_are_missing_wrong_or_doubled_are_refused() {
    let mut attacks = Attacks::new();
    for signer in SIGNERS {
        for name in ["iss", "aud", "sub", "org_id", "exp"] {
            attacks
                .push((format!("{signer:?} without {name}"), signer.token_of(&signer.claims_without(name))));
        }
        for (name, values) in wrong_dates().into_iter().chain(wrong_claims()) {
            for value in values {
                let token = signer.token_of(&signer.claims_with(json!({name: value})));
                attacks.push((format!("{signer:?} {name} = {value}"), token));
            }
        }
        for doubled in [
            r#""exp":4102444800"#,
            r#""sub":"admin""#,
            r#""org_id":"other""#,
            r#""extra":1,"extra":2"#,
            r#""roles":["admin"]"#,
            r#""\u0073ub":"admin""#,
            r#""role":"admin","role":"member""#,
        ] {
            let payload = signer.claims().to_string();
            let payload = format!("{},{doubled}}}", payload.strip_suffix('}').unwrap());
            attacks.push((
                format!("{signer:?} {payload}"),
                signer.token(&signer.header().to_string(), &payload),
            ));
        }
        for payload in ["", "{", "[]", "null", "7", "{}x", r#"{"iss":}"#] {
            attacks
                .push((format!("{signer:?} {payload}"), signer.token(&signer.header().to_string(), payload)));
        }
        let huge = signer.claims().to_string().replace(r#""exp":"#, r#""exp":1e999,"x":"#);
        attacks.push((format!("{signer:?} infinite exp"), signer.token(&signer.header().to_string(), &huge)));
    }
    assert_all_refused(&attacks, 300);
}

/// Values that are not dates, and dates on the wrong side of [`NOW`].
fn wrong_dates() -> Vec<(&'static str, Vec<Value>)> {
    let now = NOW.unix_timestamp();
    let no_date = || {
        let (text, future) = (json!((now + 600).to_string()), json!([now + 600]));
        vec![
            Value::Null,
            text,
            json!(true),
            json!(-1),
            json!(1e300),
            json!(u64::MAX),
            future,
            json!({}),
            json!(""),
        ]
    };
    let mut expired = no_date();
    expired.extend([
        json!(0),
        json!(253_402_300_800_i64),
        json!(i64::MAX),
        json!(now - 61),
        json!(now - 60 - 1_000_000),
        json!(now as f64 - 60.5),
    ]);
    let mut early = no_date();
    early.extend([json!(now + 61), json!(now + 3600), json!(now as f64 + 60.5)]);
    vec![("exp", expired), ("nbf", early.clone()), ("iat", early)]
}

/// Values that no claim of these names may have. A JSON null counts as a value.
fn wrong_claims() -> Vec<(&'static str, Vec<Value>)> {
    let no_text =
        || vec![Value::Null, json!(""), json!(1), json!(["acme"]), json!({}), json!("a\nb"), json!("ä")];
    vec![
        ("sub", no_text()),
        ("sub", vec![json!(" a"), json!("a "), json!("a\u{7f}b"), json!("x".repeat(256))]),
        ("org_id", no_text()),
        ("org_id", vec![json!("a b")]),
        (
            "iss",
            vec![
                Value::Null,
                json!(1),
                json!(["https://rs.example"]),
                json!("https://rs.example/"),
                json!("HTTPS://RS.EXAMPLE"),
                json!("https://evil.example"),
                json!(""),
            ],
        ),
        (
            "aud",
            vec![
                Value::Null,
                json!(1),
                json!("other"),
                json!([]),
                json!(["other"]),
                json!(["strongroom", 1]),
                json!("STRONGROOM"),
                json!("strongroom "),
                json!({"strongroom": true}),
                json!([["strongroom"]]),
            ],
        ),
        ("roles", vec![Value::Null, json!("admin"), json!(1), json!([1]), json!([["admin"]]), json!({})]),
        ("role", vec![Value::Null, json!(["admin"]), json!(1), json!({})]),
        (
            "principal_type",
            vec![Value::Null, json!("admin"), json!("Service"), json!(""), json!(["service"])],
        ),
    ]
}

/// The local issuer makes no ID tokens. At other issuers the audience of an ID token, a client, tells it from
/// an access token: some of them put the same claims into both.
#[test]
fn an_id_token_is_no_access_token() {
    for mark in [json!({"nonce": "n-0S6_WzA2Mj"}), json!({"at_hash": "x"}), json!({"c_hash": "x"})] {
        let of = |signer: Signer, changes| {
            let claims = merged(signer.claims_with(mark.clone()), changes);
            verifier().judge(&signer.token_of(&claims), NOW).map(|_| ())
        };
        assert_eq!(of(Signer::Hs, json!({})), Err(TokenRefused::IdToken));
        for signer in [Signer::Rs, Signer::Es, Signer::Ed] {
            assert_eq!(of(signer, json!({"aud": "web-client"})), Err(TokenRefused::Audience));
            assert_eq!(of(signer, json!({})), Ok(()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn any_single_byte_change_of_a_valid_token_is_refused(
        signer in select(SIGNERS.to_vec()), index in any::<Index>(), byte in 0_u8..128,
    ) {
        let mut token = signer.valid().into_bytes();
        let at = index.index(token.len());
        prop_assume!(token[at] != byte);
        token[at] = byte;
        let token = String::from_utf8(token).unwrap();
        prop_assert!(verifier().judge(&token, NOW).is_err(), "{token}");
    }

    #[test]
    fn no_text_makes_the_verifier_panic(token in "[ -~]{0,80}|([A-Za-z0-9_-]{0,60}\\.){1,3}[A-Za-z0-9_-]{0,60}") {
        prop_assert!(verifier().judge(&token, NOW).is_err());
    }
}
