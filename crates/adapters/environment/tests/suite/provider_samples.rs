//! Tokens as identity providers send them, with the settings that an operator writes for each. The members
//! are those of the providers' own documentation; names, ids and keys are made up.

use serde_json::{Value, json};
use strongroom_domain::{Role, Scope, UserId};
use strongroom_environment::TokenSubject;

use crate::forge::Signer;

/// A token, and how it is read.
pub(crate) struct Sent {
    pub(crate) provider: &'static str,
    /// Who signs it: RSA, P-256 or Ed25519.
    pub(crate) signer: Signer,
    pub(crate) kid: &'static str,
    /// Members of the header beside `alg` and `kid`.
    pub(crate) header: Value,
    /// The settings of the issuer beside `ISSUER` and the keys.
    pub(crate) settings: &'static [(&'static str, &'static str)],
    pub(crate) claims: Value,
    pub(crate) reads: (&'static str, TokenSubject),
}

fn person(id: &str, roles: &[Role]) -> TokenSubject {
    TokenSubject::User(UserId::parse(id).unwrap(), roles.iter().copied().collect())
}

fn program(id: &str, scopes: &[Scope]) -> TokenSubject {
    TokenSubject::Service(UserId::parse(id).unwrap(), scopes.iter().copied().collect())
}

fn cognito() -> Vec<Sent> {
    let kid = "bv9OIkPHXeQHSJvvmt9xkrhbT7UcyjXLDFdvPMLpJu0=";
    let iss = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Example1";
    vec![
        Sent {
            provider: "Cognito, access token",
            signer: Signer::Rs,
            kid,
            header: json!({}),
            settings: &[
                ("AUDIENCE", "none"),
                ("CLIENT_ID", "4example23client"),
                ("ORGANIZATION", "acme"),
                ("ROLES_CLAIM", "cognito:groups"),
                ("ROLE_MAP", "vault-admins=admin"),
            ],
            claims: json!({
                "iss": iss, "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "device_key": "aaaaaaaa-bbbb",
                "cognito:groups": ["vault-admins", "everybody"], "version": 2, "event_id": "e-1",
                "client_id": "4example23client", "origin_jti": "o-1", "token_use": "access",
                "scope": "phone openid profile email", "jti": "j-1", "username": "my-test-user",
            }),
            reads: ("acme", person("aaaaaaaa-bbbb-cccc-dddd-example", &[Role::Admin])),
        },
        Sent {
            provider: "Cognito, ID token",
            signer: Signer::Rs,
            kid,
            header: json!({}),
            settings: &[
                ("AUDIENCE", "4example23client"),
                ("ORG_CLAIM", "custom:org"),
                ("ROLES_CLAIM", "cognito:groups"),
            ],
            claims: json!({
                "iss": iss, "sub": "aaaaaaaa-bbbb-cccc-dddd-example", "aud": "4example23client",
                "at_hash": "jzxsqWaCHvDAvmJNVPI-tA", "nonce": "abcdefg", "email_verified": true, "custom:org": "acme",
                "cognito:groups": ["member"], "cognito:username": "my-test-user", "token_use": "id",
                "identities": [{"userId": "1", "providerName": "Google", "primary": "true", "dateCreated": "1"}],
            }),
            reads: ("acme", person("aaaaaaaa-bbbb-cccc-dddd-example", &[Role::Member])),
        },
        Sent {
            provider: "Cognito, client credentials",
            signer: Signer::Rs,
            kid,
            header: json!({}),
            settings: &[
                ("AUDIENCE", "none"),
                ("CLIENT_ID", "4example23client,5example99robot"),
                ("ORGANIZATION", "acme"),
                ("SERVICE_CLAIM", "client_id=5example99robot"),
            ],
            claims: json!({
                "iss": iss, "sub": "5example99robot", "token_use": "access", "scope": "secrets:read",
                "version": 2, "jti": "j-2", "client_id": "5example99robot",
            }),
            reads: ("acme", program("5example99robot", &[Scope::SecretsRead])),
        },
    ]
}

fn auth0() -> Vec<Sent> {
    let (kid, iss) = ("NkFDNEI5-example_kid", "https://acme.eu.auth0.com/");
    vec![
        Sent {
            provider: "Auth0, access token",
            signer: Signer::Rs,
            kid,
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "https://vault.acme.example"),
                ("ROLES_CLAIM", "https://acme.example/roles"),
            ],
            claims: json!({
                "iss": iss, "sub": "auth0|5f7c8ec7c33c6c004bbafe82", "azp": "web", "org_id": "org_9ybsU1dN2dKfDkBi",
                "aud": ["https://vault.acme.example", "https://acme.eu.auth0.com/userinfo"],
                "scope": "openid profile", "permissions": [], "https://acme.example/roles": ["admin", "billing"],
            }),
            reads: ("org_9ybsU1dN2dKfDkBi", person("auth0|5f7c8ec7c33c6c004bbafe82", &[Role::Admin])),
        },
        Sent {
            provider: "Auth0, client credentials, RFC 9068 profile",
            signer: Signer::Rs,
            kid,
            header: json!({"typ": "at+jwt"}),
            settings: &[
                ("AUDIENCE", "https://vault.acme.example"),
                ("ORGANIZATION", "acme"),
                ("SERVICE_CLAIM", "gty=client-credentials"),
            ],
            claims: json!({
                "iss": iss, "sub": "robot@clients", "aud": "https://vault.acme.example", "azp": "robot",
                "scope": "secrets:read credentials:read", "gty": "client-credentials", "jti": "j", "client_id": "robot",
            }),
            reads: ("acme", program("robot@clients", &[Scope::CredentialsRead, Scope::SecretsRead])),
        },
    ]
}

fn okta() -> Vec<Sent> {
    let (kid, iss) = ("i2dfXhcjn9-5ZfnzeGK3PpEqmx3OiEmJv3y5QBIvbH8", "https://acme.okta.com/oauth2/default");
    vec![
        Sent {
            provider: "Okta, access token",
            signer: Signer::Rs,
            kid,
            header: json!({}),
            settings: &[
                ("AUDIENCE", "api://default"),
                ("SUBJECT_CLAIM", "uid"),
                ("ORGANIZATION", "acme"),
                ("ROLES_CLAIM", "groups"),
                ("ROLE_MAP", "Vault Admins=admin,Everyone=member"),
            ],
            claims: json!({
                "ver": 1, "jti": "AT.x", "iss": iss, "aud": "api://default", "cid": "0oa1", "uid": "00uid4BxXw6I6TV4m0g3",
                "scp": ["openid", "profile"], "sub": "ann@acme.example", "groups": ["Everyone", "Vault Admins"],
            }),
            reads: ("acme", person("00uid4BxXw6I6TV4m0g3", &[Role::Admin, Role::Member])),
        },
        Sent {
            provider: "Okta, client credentials",
            signer: Signer::Rs,
            kid,
            header: json!({}),
            settings: &[
                ("AUDIENCE", "api://default"),
                ("ORGANIZATION", "acme"),
                ("SCOPE_CLAIM", "scp"),
                ("SERVICE_CLAIM", "cid=0oa2robot"),
            ],
            claims: json!({
                "ver": 1, "jti": "AT.y", "iss": iss, "aud": "api://default", "cid": "0oa2robot",
                "scp": ["secrets:read"], "sub": "0oa2robot",
            }),
            reads: ("acme", program("0oa2robot", &[Scope::SecretsRead])),
        },
    ]
}

fn entra() -> Vec<Sent> {
    let tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
    let kid = "nOo3ZDrODXEK1jKWhXslHR_KXEg";
    vec![
        Sent {
            provider: "Entra ID, v1",
            signer: Signer::Rs,
            kid,
            header: json!({"typ": "JWT", "x5t": kid}),
            settings: &[
                ("AUDIENCE", "api://vault"),
                ("ORG_CLAIM", "tid"),
                ("SUBJECT_CLAIM", "oid"),
                ("ROLE_MAP", "Vault.Admin=admin"),
            ],
            claims: json!({
                "aud": "api://vault", "iss": format!("https://sts.windows.net/{tenant}/"), "acr": "1", "aio": "AX",
                "amr": ["pwd", "mfa"], "appid": "11112222-bbbb", "appidacr": "0", "oid": "22223333-cccc",
                "rh": "I", "roles": ["Vault.Admin"], "scp": "access_as_user", "sub": "l3_ro", "tid": tenant,
                "unique_name": "ann@acme.example", "uti": "u", "ver": "1.0",
            }),
            reads: (tenant, person("22223333-cccc", &[Role::Admin])),
        },
        Sent {
            provider: "Entra ID, v2, an application",
            signer: Signer::Rs,
            kid,
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "11112222-bbbb"),
                ("ORG_CLAIM", "tid"),
                ("SUBJECT_CLAIM", "oid"),
                ("SCOPE_CLAIM", "roles"),
                ("SERVICE_CLAIM", "idtyp=app"),
            ],
            claims: json!({
                "aud": "11112222-bbbb", "iss": format!("https://login.microsoftonline.com/{tenant}/v2.0"),
                "azp": "33334444-dddd", "azpacr": "1", "idtyp": "app", "oid": "44445555-eeee",
                "roles": ["secrets:read"], "sub": "44445555-eeee", "tid": tenant, "ver": "2.0",
            }),
            reads: (tenant, program("44445555-eeee", &[Scope::SecretsRead])),
        },
    ]
}

fn keycloak_and_zitadel() -> Vec<Sent> {
    vec![
        Sent {
            provider: "Keycloak, with the nonce that versions before 25 put into access tokens",
            signer: Signer::Rs,
            kid: "FJ86GcF3jTbNLOco4NvZkUCIUmfYCqoqtOQeMfbhNlE",
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "vault"),
                ("ORG_CLAIM", "organization"),
                ("ROLES_CLAIM", "/realm_access/roles"),
                ("ROLE_MAP", "vault-admin=admin"),
            ],
            claims: json!({
                "iss": "https://sso.acme.example/realms/acme", "aud": ["vault", "account"], "sub": "f1b5", "typ": "Bearer",
                "azp": "web", "nonce": "n-1", "session_state": "s", "acr": "1", "allowed-origins": ["https://a.example"],
                "realm_access": {"roles": ["default-roles-acme", "offline_access", "vault-admin"]},
                "resource_access": {"account": {"roles": ["manage-account"]}}, "scope": "openid email",
                "organization": ["acme"], "preferred_username": "ann",
            }),
            reads: ("acme", person("f1b5", &[Role::Admin])),
        },
        Sent {
            provider: "Keycloak, roles of a client, a service account",
            signer: Signer::Es,
            kid: "kc-es",
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "vault"),
                ("ORGANIZATION", "acme"),
                ("SCOPE_CLAIM", "/resource_access/vault/roles"),
                ("SERVICE_CLAIM", "client_id=etl"),
            ],
            claims: json!({
                "iss": "https://sso.acme.example/realms/acme", "aud": "vault", "sub": "9c2e", "typ": "Bearer", "azp": "etl",
                "resource_access": {"vault": {"roles": ["secrets:read"]}}, "scope": "email profile",
                "clientHost": "10.0.0.1", "client_id": "etl", "preferred_username": "service-account-etl",
            }),
            reads: ("acme", program("9c2e", &[Scope::SecretsRead])),
        },
        Sent {
            provider: "Zitadel, whose roles are members of an object",
            signer: Signer::Rs,
            kid: "82937492374923749",
            header: json!({"typ": "at+jwt"}),
            settings: &[
                ("AUDIENCE", "223456789012345678"),
                ("ORG_CLAIM", "urn:zitadel:iam:user:resourceowner:id"),
                ("ROLES_CLAIM", "urn:zitadel:iam:org:project:roles"),
            ],
            claims: json!({
                "iss": "https://acme.zitadel.cloud", "sub": "163840776835432345", "jti": "1",
                "aud": ["323456789012345678@app", "223456789012345678"],
                "urn:zitadel:iam:user:resourceowner:id": "69234237810729019",
                "urn:zitadel:iam:org:project:roles": {"admin": {"69234237810729019": "acme.zitadel.cloud"}},
            }),
            reads: ("69234237810729019", person("163840776835432345", &[Role::Admin])),
        },
    ]
}

fn google() -> Vec<Sent> {
    vec![
        Sent {
            provider: "Google, ID token of a service account",
            signer: Signer::Rs,
            kid: "1549e0aef574d1c7bdd136c202b8d290580b165c",
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "https://vault.acme.example"),
                ("ORGANIZATION", "acme"),
                ("SUBJECT_CLAIM", "email"),
            ],
            claims: json!({
                "iss": "https://accounts.google.com", "aud": "https://vault.acme.example", "azp": "1045",
                "sub": "104500000000000000000", "email": "etl@acme.iam.gserviceaccount.com", "email_verified": true,
                "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q", "hd": "acme.example",
            }),
            reads: ("acme", person("etl@acme.iam.gserviceaccount.com", &[])),
        },
        Sent {
            provider: "Firebase, with a tenant and a role of custom claims",
            signer: Signer::Rs,
            kid: "764a1c5e",
            header: json!({"typ": "JWT"}),
            settings: &[("AUDIENCE", "acme-prod"), ("ORG_CLAIM", "/firebase/tenant")],
            claims: json!({
                "iss": "https://securetoken.google.com/acme-prod", "aud": "acme-prod", "user_id": "Zq3", "sub": "Zq3",
                "role": "admin", "firebase": {"identities": {"email": ["a@acme.example"]}, "sign_in_provider": "password", "tenant": "acme-7d2"},
            }),
            reads: ("acme-7d2", person("Zq3", &[Role::Admin])),
        },
    ]
}

fn gitlab_and_supabase() -> Vec<Sent> {
    vec![
        Sent {
            provider: "GitLab, ID token of a job",
            signer: Signer::Rs,
            kid: "4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE",
            header: json!({"typ": "JWT"}),
            settings: &[("AUDIENCE", "https://vault.acme.example"), ("ORG_CLAIM", "namespace_id")],
            claims: json!({
                "iss": "https://gitlab.example.com", "aud": "https://vault.acme.example",
                "sub": "project_path:acme/app:ref_type:branch:ref:main", "namespace_id": "72", "project_id": "20",
                "ref_protected": "true", "groups_direct": ["acme/team"], "jti": "235b3a54",
            }),
            reads: ("72", person("project_path:acme/app:ref_type:branch:ref:main", &[])),
        },
        Sent {
            provider: "Supabase, asymmetric keys",
            signer: Signer::Es,
            kid: "d3f1c9a2-6e4b-4b7e-9d7e-0b7f3c2a1e55",
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "authenticated"),
                ("ORG_CLAIM", "/app_metadata/org_id"),
                ("ROLES_CLAIM", "/app_metadata/role"),
            ],
            claims: json!({
                "iss": "https://abc.supabase.co/auth/v1", "aud": "authenticated", "sub": "3f0e", "role": "authenticated",
                "aal": "aal1", "session_id": "s", "is_anonymous": false, "amr": [{"method": "password", "timestamp": 1}],
                "app_metadata": {"provider": "email", "org_id": "acme", "role": "admin"}, "user_metadata": {},
            }),
            reads: ("acme", person("3f0e", &[Role::Admin])),
        },
    ]
}

fn without_audience() -> Vec<Sent> {
    vec![
        Sent {
            provider: "Ory Hydra",
            signer: Signer::Rs,
            kid: "hydra.jwt.access-token/1",
            header: json!({"typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "none"),
                ("CLIENT_ID", "etl"),
                ("ORG_CLAIM", "/ext/org"),
                ("SCOPE_CLAIM", "scp"),
                ("SERVICE_CLAIM", "/ext/robot"),
            ],
            claims: json!({
                "iss": "https://hydra.acme.example", "client_id": "etl", "ext": {"org": "acme", "robot": true},
                "jti": "j", "scp": ["secrets:read", "offline"], "sub": "etl",
            }),
            reads: ("acme", program("etl", &[Scope::SecretsRead])),
        },
        Sent {
            provider: "Clerk, session token",
            signer: Signer::Rs,
            kid: "ins_2abCdEf",
            header: json!({"cat": "cl_B7d4PD111AAA", "typ": "JWT"}),
            settings: &[
                ("AUDIENCE", "none"),
                ("CLIENT_ID", "https://app.acme.example"),
                ("ORG_CLAIM", "/o/id"),
                ("ROLES_CLAIM", "/o/rol"),
            ],
            claims: json!({
                "azp": "https://app.acme.example", "iss": "https://clerk.acme.example", "fva": [0, -1], "v": 2,
                "o": {"id": "org_2xY", "rol": "admin", "slg": "acme", "per": "read"}, "sid": "sess_1", "sub": "user_1",
            }),
            reads: ("org_2xY", person("user_1", &[Role::Admin])),
        },
        Sent {
            provider: "WorkOS",
            signer: Signer::Rs,
            kid: "sso_oidc_key_pair_01H",
            header: json!({}),
            settings: &[
                ("AUDIENCE", "none"),
                ("CLIENT_ID", "client_01H"),
                ("ROLE_MAP", "org-admin=admin,member=member"),
            ],
            claims: json!({
                "iss": "https://api.workos.com/user_management/client_01H", "sub": "user_01H", "sid": "session_01H",
                "client_id": "client_01H", "org_id": "org_01H", "role": "org-admin", "permissions": ["x:read"], "jti": "j",
            }),
            reads: ("org_01H", person("user_01H", &[Role::Admin])),
        },
    ]
}

fn ed25519() -> Vec<Sent> {
    vec![Sent {
        provider: "An issuer of Ed25519 keys with a URL for a kid",
        signer: Signer::Ed,
        kid: "https://id.acme.example/keys/1?v=2+3",
        header: json!({"typ": "application/at+jwt", "alg": "Ed25519"}),
        settings: &[("AUDIENCE", "vault")],
        claims: json!({"iss": "https://id.acme.example", "aud": "vault", "sub": "ann", "tenant_id": "acme"}),
        reads: ("acme", person("ann", &[])),
    }]
}

pub(crate) fn all() -> Vec<Sent> {
    [
        cognito(),
        auth0(),
        okta(),
        entra(),
        keycloak_and_zitadel(),
        google(),
        gitlab_and_supabase(),
        without_audience(),
        ed25519(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
