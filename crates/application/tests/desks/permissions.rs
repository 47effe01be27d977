//! The gate: the permission table, row by row, and what a refusal leaves behind.

use strongroom_application::{Application, Caller, Failure, Permitted, to};
use strongroom_domain::permission::PERMISSIONS;
use strongroom_domain::{Action, Operation, Outcome, Reach, Role, Scope};

use std::collections::BTreeSet;
use strongroom_application::Presented;
use strongroom_domain::UserId;
use strongroom_domain::audit::Origin;
use strongroom_environment::{TokenSubject, VerifiedToken};

use strongroom_fixtures::{instant, issuer};

use crate::house::{House, acme, admin, engine, member, service, user};

/// Whether the gate admits a caller to an operation.
type Ask = fn(&Application, &Caller) -> Result<(), Failure>;

fn ask<O: to::Admission>(app: &Application, caller: &Caller) -> Result<(), Failure> {
    app.access.admit(caller.clone()).map(|_: Permitted<O>| ())
}

/// One entry for each row of the table: who may, by role and by the scope that alone suffices.
const ROWS: [(Operation, Ask, bool, bool, &[Scope]); 17] = [
    (Operation::ListCredentials, ask::<to::ListCredentials>, true, true, &[Scope::CredentialsRead]),
    (Operation::GetCredential, ask::<to::GetCredential>, true, true, &[Scope::CredentialsRead]),
    (Operation::BrowseCatalog, ask::<to::BrowseCatalog>, true, true, &[Scope::CredentialsRead]),
    (Operation::CreateCredential, ask::<to::CreateCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::UpdateCredential, ask::<to::UpdateCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::DeleteCredential, ask::<to::DeleteCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::TestCredential, ask::<to::TestCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::AuthorizeCredential, ask::<to::AuthorizeCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::RefreshCredential, ask::<to::RefreshCredential>, true, true, &[Scope::CredentialsWrite]),
    (Operation::ReadSecrets, ask::<to::ReadSecrets>, false, false, &[Scope::SecretsRead]),
    (
        Operation::ShowCrmCredentials,
        ask::<to::ShowCrmCredentials>,
        true,
        true,
        &[Scope::CredentialsRead, Scope::SecretsRead],
    ),
    (Operation::ManageIntegrations, ask::<to::ManageIntegrations>, true, false, &[Scope::CredentialsWrite]),
    (Operation::ManageServiceAccounts, ask::<to::ManageServiceAccounts>, true, false, &[]),
    (Operation::ManageApiKeys, ask::<to::ManageApiKeys>, true, false, &[]),
    (Operation::ManageOauthApps, ask::<to::ManageOauthApps>, true, false, &[]),
    (Operation::QueryAudit, ask::<to::QueryAudit>, true, false, &[]),
    (Operation::VerifyAudit, ask::<to::VerifyAudit>, true, false, &[]),
];

#[tokio::test(start_paused = true)]
async fn every_row_of_the_permission_table_admits_whom_it_names_and_nobody_else() {
    let app = House::new().open();
    assert_eq!(ROWS.len(), PERMISSIONS.len(), "the table has a row that this test does not know");
    for (operation, ask, admins, members, scopes) in ROWS {
        assert!(PERMISSIONS.iter().any(|row| row.operation == operation), "{operation:?}");
        assert_eq!(ask(&app, &admin()).is_ok(), admins, "{operation:?} by an admin");
        assert_eq!(ask(&app, &member()).is_ok(), members, "{operation:?} by a member");
        for scope in Scope::ALL {
            let alone = service(&[scope], Reach::default());
            assert_eq!(ask(&app, &alone).is_ok(), scopes.contains(&scope), "{operation:?} by {scope:?}");
        }
        assert!(ask(&app, &service(&[], Reach::default())).is_err(), "{operation:?} without a scope");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_says_whether_only_service_accounts_may() {
    let app = House::new().open();
    let refused = ask::<to::ReadSecrets>(&app, &admin());
    assert_eq!(refused, Err(Failure::Forbidden { service_accounts_only: true }));
    let refused = ask::<to::QueryAudit>(&app, &engine());
    assert_eq!(refused, Err(Failure::Forbidden { service_accounts_only: false }));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_on_record_with_its_operation_in_the_chain_of_the_callers_organisation() {
    let house = House::new();
    let app = house.open();
    ask::<to::ManageApiKeys>(&app, &member()).unwrap_err();
    ask::<to::GetCredential>(&app, &member()).unwrap();
    app.upkeep.flush().await;
    app.upkeep.close().await;
    let events = house.store.events(&acme());
    let [denied] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((denied.action, denied.outcome), (Action::AccessDenied, Outcome::Denied));
    assert_eq!(denied.details.get("operation").map(String::as_str), Some("ManageApiKeys"));
    assert_eq!(denied.actor, member().actor);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_two_organisations_lie_in_two_chains() {
    let house = House::new();
    let app = house.open();
    ask::<to::QueryAudit>(&app, &member()).unwrap_err();
    ask::<to::QueryAudit>(&app, &user("globex", "ben", Role::Member)).unwrap_err();
    app.upkeep.close().await;
    assert_eq!(house.store.events(&acme()).len(), 1);
    assert_eq!(house.store.events(&strongroom_fixtures::organization("globex")).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_verified_is_asked_for_once_and_names_its_issuer() {
    let house = House::new();
    let app = house.open();
    let subject = TokenSubject::User(UserId::parse("ann").unwrap(), BTreeSet::from([Role::Admin]));
    let (iss, ends_at) = (issuer(), instant(1_000_000));
    let verified = VerifiedToken {
        organization: acme(),
        subject,
        issuer: "local".into(),
        iss,
        ends_at,
        other_roles: Vec::new(),
    };
    house.tokens.accept("good", verified);
    let bearer = |text| Presented::Readable { bearer: Some(text), api_key: None };
    let caller = app.access.authenticate(bearer("good"), Origin::default()).await.unwrap();
    assert_eq!(caller.actor, admin().actor);
    assert_eq!(caller.origin.authentication.as_deref(), Some("jwt:local"));
    let refused = app.access.authenticate(bearer("bad"), Origin::default()).await.unwrap_err();
    assert_eq!(refused, Failure::Unauthenticated { presented: true });
}
