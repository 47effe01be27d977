//! Signs the tokens that the tests need, well-formed or not.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{self, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use ring::{hmac, signature as sig};
use serde_json::{Value, json};
use strongroom_environment::{TokenRefused, TokenVerifier, VerifiedToken};
use strongroom_environment_system::{IssuerKeys, IssuerSettings, JwtVerifier, TokenRules};
use time::OffsetDateTime;
use time::macros::datetime;
use zeroize::Zeroizing;

pub(crate) const NOW: OffsetDateTime = datetime!(2026-01-05 10:00 UTC);
pub(crate) const SECRET: &[u8] = b"Yq8sV2mJ0cXr5tLk9uWn3bGh7dFp1aZe";
pub(crate) const RSA_PUBLIC_PEM: &str = include_str!("throwaway-keys/rsa-3072-public.pem");

static RSA: LazyLock<RsaKeyPair> = LazyLock::new(|| {
    let der = pem_body(include_str!("throwaway-keys/rsa-3072-pkcs8.pem"));
    RsaKeyPair::from_pkcs8(&der).unwrap()
});

static EC: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let random = SystemRandom::new();
    let algorithm = &sig::ECDSA_P256_SHA256_FIXED_SIGNING;
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
    EcdsaKeyPair::from_pkcs8(algorithm, pkcs8.as_ref(), &random).unwrap()
});

static ED: LazyLock<Ed25519KeyPair> = LazyLock::new(|| {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
    Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap()
});

/// The four issuers of the tests; each one's `iss` is `https://<name>.example`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signer {
    Hs,
    Rs,
    Es,
    Ed,
}

pub(crate) const SIGNERS: [Signer; 4] = [Signer::Hs, Signer::Rs, Signer::Es, Signer::Ed];

impl Signer {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hs => "hs",
            Self::Rs => "rs",
            Self::Es => "es",
            Self::Ed => "ed",
        }
    }

    pub(crate) fn alg(self) -> &'static str {
        match self {
            Self::Hs => "HS256",
            Self::Rs => "RS256",
            Self::Es => "ES256",
            Self::Ed => "EdDSA",
        }
    }

    pub(crate) fn iss(self) -> String {
        format!("https://{}.example", self.name())
    }

    pub(crate) fn header(self) -> Value {
        json!({"alg": self.alg(), "typ": "JWT", "kid": format!("{}-1", self.name())})
    }

    /// The claims of a valid token of a member of `acme`.
    pub(crate) fn claims(self) -> Value {
        let now = NOW.unix_timestamp();
        json!({"iss": self.iss(), "aud": "strongroom", "sub": "user-1", "org_id": "acme",
               "roles": ["member"], "exp": now + 600, "iat": now - 5, "nbf": now - 5})
    }

    /// The claims of a valid token, with some replaced; `Value::Null` becomes a null.
    pub(crate) fn claims_with(self, changes: Value) -> Value {
        merged(self.claims(), changes)
    }

    pub(crate) fn claims_without(self, name: &str) -> Value {
        let mut claims = self.claims();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    pub(crate) fn sign(self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Hs => hmac_sha256(SECRET, message),
            Self::Rs => {
                let mut signed = vec![0; RSA.public().modulus_len()];
                RSA.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signed).unwrap();
                signed
            }
            Self::Es => EC.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed => ED.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and payload and a correct signature.
    pub(crate) fn token(self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", b64(header), b64(payload));
        format!("{message}.{}", b64(self.sign(message.as_bytes())))
    }

    pub(crate) fn token_of(self, claims: &Value) -> String {
        self.token(&self.header().to_string(), &claims.to_string())
    }

    pub(crate) fn token_under(self, header: &Value) -> String {
        self.token(&header.to_string(), &self.claims().to_string())
    }

    pub(crate) fn valid(self) -> String {
        self.token_of(&self.claims())
    }

    pub(crate) fn settings(self) -> IssuerSettings {
        let keys = match self {
            Self::Hs => IssuerKeys::Secret(Zeroizing::new(SECRET.to_vec())),
            _ => IssuerKeys::Jwks(json!({"keys": [self.jwk()]}).to_string()),
        };
        IssuerSettings {
            name: self.name().to_owned(),
            issuer: self.iss(),
            keys,
            rules: TokenRules::for_audience("strongroom"),
        }
    }

    /// The public key as a JWK. The one of `hs` is the symmetric key, which a JWKS must not hold.
    pub(crate) fn jwk(self) -> Value {
        let kid = format!("{}-1", self.name());
        match self {
            Self::Hs => json!({"kty": "oct", "kid": kid, "k": b64(SECRET), "alg": "HS256"}),
            Self::Rs => {
                let public = PublicKeyComponents::<Vec<u8>>::from(RSA.public());
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": b64(public.n), "e": b64(public.e)})
            }
            Self::Es => {
                let point = EC.public_key().as_ref();
                let (x, y) = (b64(&point[1..33]), b64(&point[33..]));
                json!({"kty": "EC", "kid": kid, "crv": "P-256", "x": x, "y": y, "alg": "ES256"})
            }
            Self::Ed => {
                json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": b64(ED.public_key().as_ref())})
            }
        }
    }
}

/// Verification without what a refusal is about.
pub(crate) trait Judge {
    fn judge(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefused>;
}

impl Judge for JwtVerifier {
    fn judge(&self, token: &str, now: OffsetDateTime) -> Result<VerifiedToken, TokenRefused> {
        self.verify(token, now).map_err(|refused| refused.reason)
    }
}

pub(crate) fn verifier() -> JwtVerifier {
    JwtVerifier::new(SIGNERS.map(Signer::settings).into()).unwrap()
}

pub(crate) fn merged(mut object: Value, changes: Value) -> Value {
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    object.as_object_mut().unwrap().extend(changes);
    object
}

pub(crate) fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message).as_ref().to_vec()
}

pub(crate) fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(crate) fn pem_body(pem: &str) -> Vec<u8> {
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

/// The RSA public key as PKCS#1 DER.
pub(crate) fn rsa_public_pkcs1() -> Vec<u8> {
    RSA.public().as_ref().to_vec()
}
