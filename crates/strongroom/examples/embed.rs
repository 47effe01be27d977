//! A service that keeps a vault of its own: it stores a credential and reads it back, without HTTP.
#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::collections::BTreeSet;

use strongroom::Strongroom;
use strongroom_application::{Caller, Selector, StoreCredential, to};
use strongroom_domain::audit::Origin;
use strongroom_domain::{
    CredentialType, Json, OrganizationId, Principal, Reach, Role, Scope, SecretText, Submission, UserId,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let strongroom = Strongroom::builder().data_dir(folder.path().join("vault")).start().await?;
    let vault = strongroom.application();

    let organization = OrganizationId::parse("acme")?;
    let roles = BTreeSet::from([Role::Member]);
    let user = UserId::parse("alice")?;
    let user = Principal::User { organization: organization.clone(), issuer: None, user, roles };
    let alice = Caller::new(user, Origin::default());
    let text = |value: &str| Json::Text(SecretText::new(value.to_owned()));
    let credentials = Submission::from([
        ("host".to_owned(), text("files.example.com")),
        ("username".to_owned(), text("etl")),
        ("password".to_owned(), text("correct-horse")),
    ]);
    let new = StoreCredential {
        provider: "sftp".into(),
        credential_type: CredentialType::UserPassword,
        credentials,
        name: None,
        expires_at: None,
        slot: None,
        test: false,
    };
    let admitted = vault.access.admit::<to::CreateCredential>(alice.clone())?;
    let stored = vault.credentials.store(&admitted, new).await?;

    let scopes = [Scope::SecretsRead].into();
    let id = UserId::parse("importer")?;
    let robot = Principal::ServiceAccount { organization, issuer: None, id, scopes, reach: Reach::default() };
    let importer = Caller::new(robot, Origin::default());
    let admitted = vault.access.admit::<to::ReadSecrets>(importer)?;
    let opened = vault.credentials.read(&admitted, Selector::Id(stored.id), None).await?;
    let length = opened.secret.get("password").map_or(0, SecretText::len);
    println!("read {} of {}: {length} bytes, on record", stored.id, opened.credential.provider);
    println!("alice may not: {}", vault.access.admit::<to::ReadSecrets>(alice).is_err());

    strongroom.shutdown().await;
    Ok(())
}
