//! Decides when no call is made to an authorization server that has failed, so that an outage is not made
//! worse by many requests, and so that the trouble of one grant is nobody else's.
//!
//! A place is where token requests go: an origin and an app. What has failed there since a call last
//! succeeded decides whom a pause holds up:
//!
//! - One grant has failed: nobody. The grant itself waits by its lease.
//! - Several grants of one organisation have failed: the grants of that organisation.
//! - Grants of two organisations have failed: everybody. This is what an outage looks like.
//!
//! During a pause one call may pass that a person asks for. After it one caller at a time tries whether the
//! server answers again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use strongroom_domain::{CredentialId, OrganizationId};
use tokio::time::Instant;

/// How long a pause lasts (security.md 5.7: at most one request in 5 seconds per provider and instance while
/// it does not answer). A first pause lasts twice as long, because two requests led to it.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);
/// How much later than others an organisation may try again whose own call has just failed, so that it does
/// not take every turn.
const TURN: Duration = Duration::from_secs(1);
/// How long a failure is remembered when nothing else happens at its place.
const MEMORY: Duration = Duration::from_secs(300);
/// The longest time for which a person who asked for an attempt during a wait cannot ask for another one.
const ONE_REQUEST_IN: Duration = Duration::from_secs(10);

/// The pauses of this instance.
#[derive(Default)]
pub(crate) struct ProviderPauses {
    troubles: Mutex<HashMap<String, Trouble>>,
    /// Until when no attempt may be asked for again, by grant.
    asked: Mutex<HashMap<(OrganizationId, CredentialId), Instant>>,
}

/// What has failed at a place since a call last succeeded there.
struct Trouble {
    organizations: HashMap<OrganizationId, OwnTrouble>,
    /// The pause of everybody.
    everybody: Option<Pause>,
    last_failure: Instant,
}

/// What has failed of one organisation.
struct OwnTrouble {
    first: CredentialId,
    /// The pause of the organisation, once a second grant has failed.
    pause: Option<Pause>,
}

struct Pause {
    until: Instant,
    /// The organisation whose call failed last, in a pause of everybody.
    failed: Option<OrganizationId>,
    /// Whether a caller is trying right now whether the server answers again.
    is_tried: bool,
    /// Whether the one call has passed that a person may ask for.
    has_passed: bool,
}

impl Pause {
    fn enter(&mut self, organization: &OrganizationId, is_asked_for: bool) -> Result<(), Duration> {
        let turn = if self.failed.as_ref() == Some(organization) { TURN } else { Duration::ZERO };
        let now = Instant::now();
        let left = (self.until + turn).saturating_duration_since(now);
        if !left.is_zero() {
            if is_asked_for && !self.has_passed && !self.is_tried {
                self.has_passed = true;
                self.is_tried = true;
                return Ok(());
            }
            return Err(left);
        }
        if self.is_tried {
            // The caller that tries may never report a result, so after another pause the next caller may
            // try.
            self.until = now + PAUSE;
            self.is_tried = false;
            return Err(PAUSE);
        }
        self.is_tried = true;
        Ok(())
    }

    /// Begins a pause, or makes one longer. One that goes on lets no further call pass.
    fn begin(pause: &mut Option<Self>, failed: Option<&OrganizationId>) {
        let now = Instant::now();
        let goes_on = pause.as_ref().filter(|pause| pause.until > now);
        let has_passed = goes_on.is_some_and(|pause| pause.has_passed);
        let length = if pause.is_some() { PAUSE } else { 2 * PAUSE };
        *pause = Some(Self { until: now + length, failed: failed.cloned(), is_tried: false, has_passed });
    }
}

impl Trouble {
    fn pause_of(&mut self, organization: &OrganizationId) -> Option<&mut Pause> {
        let own = self.organizations.get_mut(organization).and_then(|own| own.pause.as_mut());
        self.everybody.as_mut().or(own)
    }
}

impl ProviderPauses {
    /// Whether a call may be made now; `Err` holds how long to wait.
    pub(crate) fn enter(
        &self,
        place: &str,
        organization: &OrganizationId,
        is_asked_for: bool,
    ) -> Result<(), Duration> {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = troubles.get_mut(place).and_then(|trouble| trouble.pause_of(organization));
        pause.map_or(Ok(()), |pause| pause.enter(organization, is_asked_for))
    }

    /// Reports that the call was not made after all, or that it says nothing about the server.
    pub(crate) fn forgo(&self, place: &str, organization: &OrganizationId) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pause) = troubles.get_mut(place).and_then(|trouble| trouble.pause_of(organization)) {
            pause.is_tried = false;
        }
    }

    /// Reports that the server has answered, whatever the answer was.
    pub(crate) fn answered(&self, place: &str) {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner).remove(place);
    }

    /// Reports that the server did not answer a call for this grant.
    pub(crate) fn failed(&self, place: &str, organization: &OrganizationId, grant: CredentialId) {
        let mut troubles = self.troubles.lock().unwrap_or_else(PoisonError::into_inner);
        // Old failures are removed, so that the map does not grow without limit.
        troubles.retain(|_, trouble| trouble.last_failure.elapsed() < MEMORY);
        let now = Instant::now();
        let trouble = troubles.entry(place.to_owned()).or_insert_with(|| Trouble {
            organizations: HashMap::new(),
            everybody: None,
            last_failure: now,
        });
        trouble.last_failure = now;
        let own = trouble
            .organizations
            .entry(organization.clone())
            .or_insert_with(|| OwnTrouble { first: grant, pause: None });
        if own.first != grant || own.pause.is_some() {
            Pause::begin(&mut own.pause, None);
        }
        if trouble.organizations.len() > 1 {
            Pause::begin(&mut trouble.everybody, Some(organization));
        }
    }

    /// Whether a person may have an attempt made although the grant should wait this long. It is possible
    /// once in a wait, or once in 10 seconds in a long one.
    pub(crate) fn may_hurry(
        &self,
        organization: &OrganizationId,
        grant: CredentialId,
        wait: Duration,
    ) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        asked.retain(|_, until| *until > now);
        let key = (organization.clone(), grant);
        if asked.contains_key(&key) {
            return false;
        }
        asked.insert(key, now + wait.min(ONE_REQUEST_IN));
        true
    }
}

#[cfg(test)]
mod tests {
    use strongroom_fixtures::{SeededIds, organization};

    use super::*;

    const PLACE: &str = "https://login.example.test:443\n";

    /// Three organisations, and four grants.
    struct Scene {
        pauses: ProviderPauses,
        organizations: [OrganizationId; 3],
        grants: [CredentialId; 4],
    }

    impl Scene {
        fn new() -> Self {
            let ids = SeededIds::new(1);
            Self {
                pauses: ProviderPauses::default(),
                organizations: ["acme", "globex", "initech"].map(organization),
                grants: [0; 4].map(|_| ids.credential()),
            }
        }

        fn enter(&self, organization: usize) -> Result<(), Duration> {
            self.pauses.enter(PLACE, &self.organizations[organization], false)
        }

        fn ask(&self, organization: usize) -> Result<(), Duration> {
            self.pauses.enter(PLACE, &self.organizations[organization], true)
        }

        fn fail(&self, organization: usize, grant: usize) {
            self.pauses.failed(PLACE, &self.organizations[organization], self.grants[grant]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_grant_that_fails_again_and_again_holds_up_nobody() {
        let scene = Scene::new();
        for _ in 0..10 {
            scene.fail(0, 0);
            assert!(scene.enter(0).is_ok() && scene.enter(1).is_ok());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn several_grants_of_one_organisation_hold_up_that_organisation() {
        let scene = Scene::new();
        scene.fail(0, 0);
        scene.fail(0, 1);
        assert_eq!(scene.enter(0), Err(2 * PAUSE));
        assert!(scene.enter(1).is_ok() && scene.enter(1).is_ok(), "others are not held up");
        scene.pauses.answered(PLACE);
        assert!(scene.enter(0).is_ok(), "a success of anybody ends the pause");
    }

    #[tokio::test(start_paused = true)]
    async fn failures_of_two_organisations_hold_up_everybody_unless_one_succeeds_between() {
        let scene = Scene::new();
        scene.fail(0, 0);
        scene.pauses.answered(PLACE);
        scene.fail(1, 1);
        assert!(scene.enter(2).is_ok());
        scene.fail(0, 0);
        assert_eq!(scene.enter(2), Err(2 * PAUSE));
        let elsewhere = "https://login.example.test:443\napp";
        assert!(scene.pauses.enter(elsewhere, &scene.organizations[2], false).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_pause_one_caller_tries_and_not_first_the_one_that_failed() {
        let scene = Scene::new();
        scene.fail(0, 0);
        scene.fail(1, 1);
        tokio::time::advance(2 * PAUSE).await;
        assert_eq!(scene.enter(1), Err(TURN), "it has just failed");
        assert!(scene.enter(2).is_ok(), "one caller tries");
        assert_eq!(scene.enter(0), Err(PAUSE), "the others wait for what comes of it");
        scene.fail(2, 2);
        tokio::time::advance(PAUSE).await;
        assert!(scene.enter(0).is_ok());
        scene.pauses.forgo(PLACE, &scene.organizations[0]);
        assert!(scene.enter(1).is_ok(), "a call that was not made leaves its turn to another");
    }

    #[tokio::test(start_paused = true)]
    async fn one_call_that_a_person_asks_for_passes_a_pause() {
        let scene = Scene::new();
        scene.fail(0, 0);
        scene.fail(1, 1);
        assert!(scene.ask(2).is_ok());
        assert!(scene.ask(2).is_err() && scene.ask(0).is_err(), "only one");
        scene.fail(2, 2);
        assert!(scene.ask(0).is_err(), "the pause goes on");
        tokio::time::advance(PAUSE).await;
        assert!(scene.enter(0).is_ok());
        scene.fail(0, 0);
        assert!(scene.ask(1).is_ok(), "the next pause lets one call pass again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_grant_is_hurried_once_in_a_wait_and_every_ten_seconds_in_a_long_one() {
        let scene = Scene::new();
        let may = |seconds| {
            scene.pauses.may_hurry(&scene.organizations[0], scene.grants[0], Duration::from_secs(seconds))
        };
        assert!(may(4) && !may(4));
        tokio::time::advance(Duration::from_secs(4)).await;
        assert!(may(3_600) && !may(3_600));
        tokio::time::advance(ONE_REQUEST_IN).await;
        assert!(may(3_600));
    }

    #[tokio::test(start_paused = true)]
    async fn old_failures_are_forgotten() {
        let scene = Scene::new();
        scene.fail(0, 0);
        tokio::time::advance(MEMORY).await;
        scene.fail(1, 1);
        assert!(scene.enter(2).is_ok());
    }
}
