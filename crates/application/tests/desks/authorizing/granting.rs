//! The grant that is kept until its flow is completed.

use strongroom_application::{Conflict, Failure, Received};
use strongroom_domain::oauth::CallbackProblem;
use strongroom_domain::{Action, CredentialStatus, OauthAppId};
use strongroom_fake_store::{Call, unavailable};
use strongroom_fixtures::{Answer, instant, token_response};
use strongroom_vault::{Vault, VaultError};

use super::{
    at, authorize, begin, come_back, completion_code, failed_because, last, last_credential, problem,
};
use crate::house::{House, acme, admin, admitted, engine, member};

#[tokio::test(start_paused = true)]
async fn a_new_grant_waits_as_a_pending_credential_of_who_asked_for_it() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let Received::Code { credential_id, .. } = come_back(&app, "drive", &begun).await.unwrap() else {
        panic!("there is nowhere to go back to");
    };
    let pending = house.store.credential(last_credential(&house).unwrap()).unwrap();
    assert_eq!((pending.id.to_string(), pending.status), (credential_id, CredentialStatus::Pending));
    assert_eq!((pending.version, pending.revision), (1, 1));
    assert_eq!((pending.created_by.as_str(), pending.user_id.as_ref().unwrap().as_str()), ("ben", "ben"));
    assert_eq!(pending.oauth_app, Some(OauthAppId::OPERATOR));
    assert_eq!(pending.access_token_expires_at, Some(instant(3_600)));
    assert!(pending.refresh_at.unwrap() < instant(2_900));
    assert_eq!(pending.expires_at, None, "it can be refreshed");
    let opened = house.vault.look_into(&house.store.sealed(pending.id).unwrap()).unwrap();
    assert_eq!(
        (opened["access_token"].as_str(), opened["refresh_token"].as_str()),
        ("access-1", "refresh-1")
    );
}

#[tokio::test(start_paused = true)]
async fn a_grant_without_a_refresh_token_ends_with_its_token() {
    let house = House::new();
    let app = house.open();
    let lifetime = Some(std::time::Duration::from_secs(3_600));
    house.server.next_token(Answer::token(token_response("a-1", None, lifetime)));
    let credential = authorize(&app, at("drive")).await;
    assert_eq!((credential.expires_at, credential.refresh_at), (Some(instant(3_600)), None));
}

#[tokio::test(start_paused = true)]
async fn a_pending_credential_is_neither_read_nor_refreshed() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    come_back(&app, "drive", &begun).await.unwrap();
    let id = last_credential(&house).unwrap();
    let selector = strongroom_application::Selector::Id(id);
    let refused = app.credentials.read(&admitted(&app, &engine()), selector, None).await.unwrap_err();
    assert_eq!(refused, Failure::Conflict(Conflict::AuthorizationPending));
    super::pass(400).await;
    house.clock.shift(instant(3_200) - instant(0));
    app.refreshing.refresh_expiring().await;
    assert_eq!(house.server.refreshes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_on_record_together_with_the_credential_that_it_makes() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    come_back(&app, "drive", &begun).await.unwrap();
    let expected = [Action::AuthorizationBegun, Action::AuthorizationGranted, Action::CredentialCreated];
    assert_eq!(house.store.actions(&acme()), expected);
    let created = last(&house, Action::CredentialCreated);
    let sealed = house.store.sealed(created.credential.unwrap()).unwrap();
    assert_eq!(created.envelope_digest, Some(house.vault.envelope_digest(&sealed)));
    assert_eq!((created.version, created.details["status"].as_str()), (Some(1), "pending"));
    assert_eq!(created.details["credential_type"], "oauth2");
    assert_eq!(created.details["begun_by"], member().actor.as_str());
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_the_store_refuses_leaves_no_credential() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    house.store.faults().fail_next(Call::GrantFlow, strongroom_repository::StoreError::StaleVersion);
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::Unavailable));
    let failed = last(&house, Action::AuthorizationFailed);
    assert_eq!(house.store.credential(failed.credential.unwrap()), None);
    assert_eq!(house.store.calls(Call::GrantFlow), 1, "only a store that is away is asked again");
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_full_is_told_when_the_provider_has_granted() {
    let mut house = House::new();
    house.settings.per_provider = 1;
    house.granted(60);
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::QuotaExceeded));
    assert_eq!(failed_because(&house), "quota_exceeded");
    assert_eq!(house.store.credential(last_credential(&house).unwrap()), None);
}

#[tokio::test(start_paused = true)]
async fn a_vault_that_seals_nothing_ends_the_flow() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    house.vault.fail_next_seal(VaultError::Cipher);
    assert_eq!(problem(come_back(&app, "drive", &begun).await), Some(CallbackProblem::Unavailable));
    assert_eq!(house.store.calls(Call::GrantFlow), 0);
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_sealed_once_the_store_gives_the_key_again() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    for _ in 0..3 {
        house.vault.fail_next_seal(VaultError::Unavailable("away".into()));
    }
    assert!(completion_code(come_back(&app, "drive", &begun).await).is_some());
    assert_eq!(house.server.asked().len(), 2, "one exchange, and one look at the account");
}

#[tokio::test(start_paused = true)]
async fn the_verifier_is_gone_once_the_code_was_exchanged() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &member(), at("drive")).await.unwrap();
    let sealed_before = house.vault.seals();
    assert!(completion_code(come_back(&app, "drive", &begun).await).is_some());
    assert_eq!(house.vault.seals(), sealed_before + 2, "the credential, and the flow without its verifier");
}

#[tokio::test(start_paused = true)]
async fn what_comes_with_the_code_is_kept_by_its_own_rules() {
    let mut house = House::new();
    let mut desk = (*house.settings.catalog.provider("desk")).clone();
    let server = desk.oauth.as_mut().unwrap();
    server.inputs.clear();
    server.callback_fields.insert("subdomain".into(), "tenant".into());
    house.settings.catalog = house.settings.catalog.with(desk);
    let app = house.open();
    let cases = [
        (Some("north"), None),
        (Some(""), Some(CallbackProblem::BadAnswer)),
        (None, Some(CallbackProblem::BadAnswer)),
    ];
    for (tenant, expected) in cases {
        let begun = begin(&app, &admin(), at("desk")).await.unwrap();
        let mut parameters = vec![("state", begun.state.expose()), ("code", "c-1")];
        parameters.extend(tenant.map(|tenant| ("tenant", tenant)));
        let received = app.authorizing.receive_callback(super::brings("desk", &parameters)).await;
        assert_eq!(problem(received), expected, "{tenant:?}");
    }
    let too_long = "n".repeat(40_000);
    let begun = begin(&app, &admin(), at("desk")).await.unwrap();
    let parameters = [("state", begun.state.expose()), ("code", "c-1"), ("tenant", too_long.as_str())];
    let asked = house.server.asked().len();
    let received = app.authorizing.receive_callback(super::brings("desk", &parameters)).await;
    assert_eq!(problem(received), Some(CallbackProblem::BadAnswer));
    assert_eq!(house.server.asked().len(), asked, "its code is not even exchanged");
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_store_that_got_lost_costs_no_grant() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &admin(), at("drive")).await.unwrap();
    house.store.faults().lose_answer(Call::GrantFlow);
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    assert!(super::complete(&app, &admin(), &begun, &code).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_grant_is_offered_again_when_the_look_after_a_lost_answer_fails_too() {
    let house = House::new();
    let app = house.open();
    let begun = begin(&app, &admin(), at("drive")).await.unwrap();
    house.store.faults().lose_answer(Call::GrantFlow);
    // The first look is the callback's own, the second one asks whether the grant was kept.
    house.store.faults().fail_next(Call::FindGranted, unavailable());
    let code = completion_code(come_back(&app, "drive", &begun).await).unwrap();
    assert_eq!(house.store.calls(Call::FindGranted), 2);
    assert!(super::complete(&app, &admin(), &begun, &code).await.is_ok());
}
