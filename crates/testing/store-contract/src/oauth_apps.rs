//! Contracts of the OAuth apps that organisations have registered themselves.

use strongroom_domain::{Action, Credential, Evidence, OauthApp, OauthAppId, OrganizationId};
use strongroom_environment::Ids;
use strongroom_fixtures::{SeededIds, credential, event, instant, issuer, organization, sealed};
use strongroom_repository::{SealedOauthApp, StoreError, Unique};

use crate::StoreUnderTest;
use crate::under_test::in_parallel;

/// An app with a secret that no other app has.
pub(crate) fn app(organization: &OrganizationId, ids: &SeededIds, name: &str) -> SealedOauthApp {
    let id = ids.next();
    let app = OauthApp {
        organization: organization.clone(),
        id: OauthAppId(id),
        app: name.to_owned(),
        client_id: "client: \"7%+\"".to_owned(),
        created_at: instant(1),
        updated_at: instant(2),
        created_by: "auth0|user@example.test".to_owned(),
        issuer: Some(issuer()),
    };
    SealedOauthApp { app, sealed: sealed([1; 8], &[b"\x00secret of ".as_slice(), id.as_bytes()].concat()) }
}

/// Evidence of what happened to an app.
pub(crate) fn told(app: &SealedOauthApp, action: Action) -> Evidence {
    event(&app.app.organization, action).targeting(app.app.id.to_string()).into()
}

impl StoreUnderTest {
    /// Stores an app.
    pub(crate) async fn store_app(&self, app: &SealedOauthApp) {
        self.oauth_apps.insert(app, told(app, Action::OauthAppCreated)).await.unwrap();
    }
}

/// An app is found by its id and by its name, with its secret, and apps are listed by name in byte order.
pub async fn every_column_of_an_app_comes_back(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let mut apps = ["b", "a_c", "a1", "Z", "a"].map(|name| app(&acme, &ids, name));
    for one in &apps {
        store.store_app(one).await;
        let found = store.second.oauth_apps.find(&acme, one.app.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(one));
        assert_eq!(store.second.oauth_apps.find_named(&acme, &one.app.app).await.unwrap(), found);
    }
    apps.sort_by(|a, b| a.app.app.cmp(&b.app.app));
    assert_eq!(store.oauth_apps.list(&acme).await.unwrap(), apps.map(|one| one.app));
    assert_eq!(store.oauth_apps.find(&acme, OauthAppId(ids.next())).await.unwrap(), None);
    assert_eq!(store.oauth_apps.find_named(&acme, "A").await.unwrap(), None);
}

/// A second app with the same name is refused, and so is one with a used id; other organisations may use the
/// same name.
pub async fn an_organization_has_one_app_of_a_name(store: StoreUnderTest) {
    let (acme, globex, ids) = (organization("acme"), organization("globex"), SeededIds::new(1));
    let first = app(&acme, &ids, "google");
    store.store_app(&first).await;
    let insert =
        async |new: &SealedOauthApp| store.oauth_apps.insert(new, told(new, Action::OauthAppCreated)).await;
    let refused = insert(&app(&acme, &ids, "google")).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Unique::OauthApp))), "{refused:?}");
    let mut same_id = app(&acme, &ids, "slack");
    same_id.app.id = first.app.id;
    let refused = insert(&same_id).await;
    assert!(matches!(refused, Err(StoreError::Duplicate(Unique::Id))), "{refused:?}");
    store.store_app(&app(&acme, &ids, "Google")).await;
    store.store_app(&app(&globex, &ids, "google")).await;
    assert_eq!(store.actions(&acme).await, [Action::OauthAppCreated; 2]);
    assert_eq!(store.oauth_apps.find_named(&acme, "google").await.unwrap(), Some(first));
}

/// Of parallel inserts of one name exactly one succeeds; the others are duplicates.
pub async fn of_parallel_apps_of_one_name_one_is_stored(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let work = (0..16).map(|number| {
        let (apps, new) = (store.instance(number).oauth_apps, app(&acme, &ids, "google"));
        async move { apps.insert(&new, told(&new, Action::OauthAppCreated)).await }
    });
    let answers = in_parallel(work).await;
    let refused = |answer: &&_| matches!(answer, Err(StoreError::Duplicate(Unique::OauthApp)));
    assert_eq!(answers.iter().filter(refused).count(), 15, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert_eq!(store.actions(&acme).await, [Action::OauthAppCreated]);
}

/// Client id, secret and time change; name and creation do not. Replacing an app that does not exist creates
/// none.
pub async fn replacing_an_app_changes_client_and_secret_and_nothing_else(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, neighbour) = (app(&acme, &ids, "google"), app(&acme, &ids, "slack"));
    store.store_app(&stored).await;
    store.store_app(&neighbour).await;
    let mut expected = stored.clone();
    expected.app.client_id = "another".to_owned();
    expected.app.updated_at = instant(3);
    expected.sealed = sealed([2; 8], b"\xff\x00new");
    let mut forged = expected.clone();
    forged.app.app = "stolen".to_owned();
    forged.app.created_by = "forged".to_owned();
    forged.app.issuer = None;
    forged.app.created_at = instant(4);
    assert!(store.oauth_apps.replace(&forged, told(&stored, Action::OauthAppUpdated)).await.unwrap());
    assert_eq!(store.second.oauth_apps.find(&acme, stored.app.id).await.unwrap(), Some(expected));
    assert_eq!(store.oauth_apps.find(&acme, neighbour.app.id).await.unwrap(), Some(neighbour));

    let absent = app(&acme, &ids, "absent");
    assert!(!store.oauth_apps.replace(&absent, told(&absent, Action::OauthAppUpdated)).await.unwrap());
    let expected = [Action::OauthAppCreated, Action::OauthAppCreated, Action::OauthAppUpdated];
    assert_eq!(store.actions(&acme).await, expected);
}

/// Credentials that were granted to an app do not change; the name is free again.
pub async fn deleting_an_app_leaves_its_credentials(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let stored = app(&acme, &ids, "google");
    store.store_app(&stored).await;
    let granted = Credential { oauth_app: Some(stored.app.id), ..credential(&acme, ids.credential()) };
    store.store(&granted).await;
    for expected in [true, false] {
        let delete = store.oauth_apps.delete(&acme, stored.app.id, told(&stored, Action::OauthAppDeleted));
        assert_eq!(delete.await.unwrap(), expected);
        assert_eq!(store.second.oauth_apps.find(&acme, stored.app.id).await.unwrap(), None);
    }
    assert_eq!(store.credentials.find(&acme, granted.id).await.unwrap(), Some(granted));
    store.store_app(&app(&acme, &ids, "google")).await;
    let created = [Action::OauthAppCreated, Action::CredentialCreated];
    let since = [Action::OauthAppDeleted, Action::OauthAppCreated];
    assert_eq!(store.actions(&acme).await, [created, since].concat());
}

/// When the event cannot be written, apps do not change.
pub async fn an_app_is_not_touched_without_its_event(store: StoreUnderTest) {
    let (acme, ids) = (organization("acme"), SeededIds::new(1));
    let (stored, late) = (app(&acme, &ids, "google"), app(&acme, &ids, "slack"));
    store.store_app(&stored).await;
    let mut changed = stored.clone();
    changed.app.client_id = "another".to_owned();
    store.keys.set_broken(true);
    assert!(store.oauth_apps.insert(&late, told(&late, Action::OauthAppCreated)).await.is_err());
    assert!(store.oauth_apps.replace(&changed, told(&changed, Action::OauthAppUpdated)).await.is_err());
    let delete = store.oauth_apps.delete(&acme, stored.app.id, told(&stored, Action::OauthAppDeleted));
    assert!(delete.await.is_err());
    store.keys.set_broken(false);
    assert_eq!(store.oauth_apps.list(&acme).await.unwrap(), [stored.app]);
    assert_eq!(store.actions(&acme).await, [Action::OauthAppCreated]);
}
