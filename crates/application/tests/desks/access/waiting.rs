//! Callers that have waited are judged again before anything is recorded or opened for them.

use std::time::Duration;

use strongroom_application::{
    Application, BeginAuthorization, Caller, ChangeServiceAccount, CompleteAuthorization, Failure, Missing,
    Selector, StoreCredential, to,
};
use strongroom_domain::{
    Action, Credential, CredentialId, CredentialType, Scope, SecretText, ServiceAccountId,
    ServiceAccountStatus, TestCode, UserId,
};
use strongroom_environment::{TokenSubject, VerifiedToken};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, TestAnswer, instant, issuer};
use tokio::task::JoinHandle;

use super::{REFUSED, authenticate, hire, issue, present};
use crate::authorizing::{at, begin, come_back, completion_code};
use crate::house::{House, acme, admin, admitted, to_store};

/// An instance with a service account, whose caller reads a token that takes seven seconds to refresh.
struct Scene {
    house: House,
    app: Application,
    account: ServiceAccountId,
    caller: Caller,
    granted: Credential,
}

impl Scene {
    async fn new() -> Self {
        let house = House::new();
        let app = house.open();
        let account = hire(&app).await.id;
        let caller = present(&app, issue(&app, account).await.token.expose()).await.unwrap();
        let granted = house.granted(-10);
        house.server.next_token(Answer::usual().after(Duration::from_secs(7)));
        Self { house, app, account, caller, granted }
    }

    fn reading(&self) -> JoinHandle<Result<(), Failure>> {
        let (app, caller, id) = (self.app.clone(), self.caller.clone(), self.granted.id);
        tokio::spawn(async move {
            let caller = admitted::<to::ReadSecrets>(&app, &caller);
            app.credentials.read(&caller, Selector::Id(id), None).await.map(|_| ())
        })
    }

    async fn change(&self, app: &Application, change: ChangeServiceAccount) {
        app.access.change_account(&admitted(app, &admin()), self.account, change).await.unwrap();
    }

    fn reads_on_record(&self) -> usize {
        let actions = self.house.store.actions(&acme());
        actions.iter().filter(|action| **action == Action::SecretRead).count()
    }
}

fn narrowed_to(id: CredentialId) -> ChangeServiceAccount {
    ChangeServiceAccount { credentials: Some(Some([id].into())), ..ChangeServiceAccount::default() }
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_account_was_deleted_while_it_waited_gets_nothing() {
    let scene = Scene::new().await;
    let reading = scene.reading();
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.app.access.delete_account(&admitted(&scene.app, &admin()), scene.account).await.unwrap();
    assert_eq!(reading.await.unwrap(), Err(REFUSED));
    assert_eq!(scene.reads_on_record(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_account_was_changed_elsewhere_gets_what_it_may_have_now() {
    let stop = ChangeServiceAccount {
        status: Some(ServiceAccountStatus::Inactive),
        ..ChangeServiceAccount::default()
    };
    let scopes =
        |scope| ChangeServiceAccount { scopes: Some([scope].into()), ..ChangeServiceAccount::default() };
    let elsewhere = CredentialId(uuid::Uuid::from_u128(404));
    let forbidden = Failure::Forbidden { service_accounts_only: true };
    let cases = [
        (stop, Err(REFUSED)),
        (scopes(Scope::CredentialsRead), Err(forbidden)),
        (narrowed_to(elsewhere), Err(Failure::NotFound(Missing::Credential))),
        (scopes(Scope::SecretsRead), Ok(())),
    ];
    for (number, (change, expected)) in cases.into_iter().enumerate() {
        let scene = Scene::new().await;
        let other = scene.house.open_another();
        let reading = scene.reading();
        tokio::time::sleep(Duration::from_secs(1)).await;
        scene.change(&other, change).await;
        assert_eq!(reading.await.unwrap(), expected, "case {number}");
        assert_eq!(scene.reads_on_record(), usize::from(expected.is_ok()), "case {number}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_token_ended_while_it_waited_gets_nothing() {
    let scene = Scene::new().await;
    let subject = TokenSubject::Service(UserId::parse("robot").unwrap(), Scope::ALL.into());
    let (iss, ends_at) = (issuer(), instant(5));
    let token = VerifiedToken {
        organization: acme(),
        subject,
        issuer: "local".into(),
        iss,
        ends_at,
        other_roles: Vec::new(),
    };
    scene.house.tokens.accept("t", token);
    let caller = authenticate(&scene.app, Some("t"), None).await.unwrap();
    let reading = Scene { caller, ..scene }.reading();
    assert_eq!(reading.await.unwrap(), Err(REFUSED));
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_key_cannot_be_looked_up_again_gets_nothing() {
    let scene = Scene::new().await;
    let reading = scene.reading();
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.house.store.faults().fail_every(Call::FindKey);
    assert!(matches!(reading.await.unwrap(), Err(Failure::Unavailable { .. })));
    assert_eq!(scene.reads_on_record(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_does_not_wait_costs_no_second_look_up() {
    let scene = Scene::new().await;
    let fresh = scene.house.granted(3_600);
    let looked = scene.house.store.calls(Call::FindKey);
    let caller = admitted::<to::ReadSecrets>(&scene.app, &scene.caller);
    scene.app.credentials.read(&caller, Selector::Id(fresh.id), None).await.unwrap();
    assert_eq!(scene.house.store.calls(Call::FindKey), looked);
}

#[tokio::test(start_paused = true)]
async fn what_was_tested_for_an_account_that_is_gone_is_not_stored_and_the_test_is_on_record() {
    let scene = Scene::new().await;
    scene.house.tester.next(TestAnswer::code(TestCode::Ok).after(Duration::from_secs(5)));
    let (app, caller) = (scene.app.clone(), scene.caller.clone());
    let storing = tokio::spawn(async move {
        let new = StoreCredential {
            test: true,
            ..to_store("metrics", CredentialType::ApiKey, &[("api_key", "k-1")])
        };
        app.credentials.store(&admitted(&app, &caller), new).await.map(|_| ())
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.app.access.delete_account(&admitted(&scene.app, &admin()), scene.account).await.unwrap();
    assert_eq!(storing.await.unwrap(), Err(REFUSED));
    let actions = scene.house.store.actions(&acme());
    assert!(actions.contains(&Action::ConnectionTested) && !actions.contains(&Action::CredentialCreated));
}

#[tokio::test(start_paused = true)]
async fn a_refresh_that_was_asked_for_shows_nothing_to_an_account_that_is_gone() {
    let scene = Scene::new().await;
    let (app, caller, id) = (scene.app.clone(), scene.caller.clone(), scene.granted.id);
    let refreshing =
        tokio::spawn(async move { app.refreshing.refresh_now(&admitted(&app, &caller), id).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    scene.app.access.delete_account(&admitted(&scene.app, &admin()), scene.account).await.unwrap();
    assert_eq!(refreshing.await.unwrap().unwrap_err(), REFUSED);
    assert_eq!(scene.house.store.credential(id).unwrap().version, 2, "the token itself is kept");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_gone_completes_no_authorization_that_waits_for_the_store() {
    let scene = Scene::new().await;
    let subject = Some("person-7".to_owned());
    let asked = BeginAuthorization { subject: subject.clone(), ..at("drive") };
    let begun = begin(&scene.app, &scene.caller, asked).await.unwrap();
    let code = completion_code(come_back(&scene.app, "drive", &begun).await).unwrap();
    scene.house.store.faults().fail_next(Call::CompleteFlow, unavailable());
    let (app, caller) = (scene.app.clone(), scene.caller.clone());
    let completing = tokio::spawn(async move {
        let (state, completion_code) = (begun.state, SecretText::new(code));
        let asked = CompleteAuthorization { state, completion_code, subject };
        app.authorizing.complete(&admitted(&app, &caller), asked).await.map(|_| ())
    });
    tokio::time::sleep(Duration::from_millis(1)).await;
    scene.app.access.delete_account(&admitted(&scene.app, &admin()), scene.account).await.unwrap();
    assert_eq!(completing.await.unwrap(), Err(REFUSED));
    assert!(!scene.house.store.actions(&acme()).contains(&Action::AuthorizationCompleted));
}
