//! The part of the story that uses authorization servers.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Map, Value, json};
use strongroom_domain::CredentialType;
use strongroom_provider_simulator::{Marker, OauthBehaviour, OauthFault};
use url::{Position, Url};

use super::restoring::{DONE, PUBLIC};
use super::story::{STORE, Story, Teller, must, named, robot, store};
use crate::oauth::{Form, location, visit};
use crate::support::authorization_servers::{Browser, CLIENT_ID, CLIENT_SECRET, parameter};
use crate::support::{Character, Client, Server};

const APPS: &str = "/integrations/oauth/apps";

impl Teller<'_> {
    /// Makes grants that need a person again. Returns the id of one whose token must have ended as well.
    pub(super) async fn grants_that_ended(&self) -> String {
        let (admin, robot, simulator) = (self.admin(), self.robot(), &self.story.rehearsal.simulator);
        let first = self.granted(&admin, "google", "name=Ended,%20token%20valid").await;
        let second = self.granted(&admin, "google", "name=Ended%20altogether").await;
        simulator.revoke_grants();
        for id in [&first, &second] {
            must(&robot.post(&format!("{STORE}/{id}/refresh"), json!({})).await, 502);
            self.story.world.end_doubts();
            must(&robot.post(&format!("{STORE}/{id}/refresh"), json!({})).await, 409);
        }
        let ended = json!({
            "provider": "slack", "credential_type": "oauth2", "name": "Ended by its date",
            "credentials": { "access_token": "test-access-token", "expires_at": "2020-01-01T00:00:00Z" },
        });
        let ended = store(&admin, ended).await;
        must(&robot.get(&format!("{ended}/secrets")).await, 409);
        let refused = self.played("sharepoint", CredentialType::ClientCredentials, Marker::Bad);
        let refused = store(&admin, named(refused, "Refused program")).await;
        must(&robot.get(&format!("{refused}/secrets")).await, 200);
        let taken = self.played("sharepoint", CredentialType::ClientCredentials, Marker::Good);
        let taken = store(&admin, named(taken, "Program")).await;
        must(&robot.get(&format!("{taken}/secrets")).await, 200);
        second
    }

    pub(super) async fn grants(&self) {
        let (admin, robot, simulator) = (self.admin(), self.robot(), &self.story.rehearsal.simulator);
        let good = self.granted(&admin, "google", "name=Mail").await;
        must(&robot.post(&format!("{STORE}/{good}/refresh"), json!({})).await, 200);
        must(&robot.post(&format!("{STORE}/{good}/test"), json!({})).await, 200);
        let away = self.granted(&admin, "zoom", "name=Provider%20away").await;
        let fault = Some(OauthFault::Unavailable503);
        simulator.oauth(OauthBehaviour { fault, ..OauthBehaviour::default() });
        must(&robot.post(&format!("{STORE}/{away}/refresh"), json!({})).await, 502);
        simulator.oauth(OauthBehaviour::default());
        let revoked = self.granted(&admin, "google", "name=Revoked").await;
        must(&admin.delete(&format!("{STORE}/{revoked}?revoke=true")).await, 204);
        // The organisation has apps of its own: one that stays, and one that is deleted while its grant is
        // kept.
        let app = async |provider: &str| {
            let new = json!({ "provider": provider, "client_id": CLIENT_ID, "client_secret": "wrong" });
            let app = must(&admin.post(APPS, new).await, 201);
            let path = format!("{APPS}/{}", app["id"].as_str().unwrap());
            must(&admin.patch(&path, json!({ "client_secret": CLIENT_SECRET })).await, 200);
            path
        };
        app("microsoft").await;
        self.granted(&admin, "sharepoint", "name=Files%20of%20the%20own%20app&tenant=tenant.example.com")
            .await;
        let lost = app("xero").await;
        let orphan = self.granted(&admin, "xero", "name=Without%20its%20app").await;
        must(&admin.delete(&lost).await, 204);
        must(&robot.post(&format!("{STORE}/{orphan}/refresh"), json!({})).await, 400);
        let globex = self.client(Character::admin_of("globex"));
        let theirs =
            json!({ "provider": "google", "client_id": "globex", "client_secret": "test-client-secret" });
        must(&globex.post(APPS, theirs).await, 201);
    }

    /// Makes flows in every stage, with what their browsers need to go on.
    pub(super) async fn flows_under_way(&self) -> Map<String, Value> {
        let admin = self.admin();
        self.begin(&admin, "google", "name=over%20by%20now").await;
        let mut begun = Vec::new();
        for (provider, query) in
            [("google", "name=Begun"), ("sharepoint", "name=Own%20app&tenant=tenant.example.com")]
        {
            let path = path_of(&self.begin(&admin, provider, query).await);
            begun.push(json!({ "provider": provider, "path": path }));
        }
        let connect = json!({ "redirectUrl": DONE });
        let connect = must(&admin.post("/v1/integrations/slack/connect", connect).await, 200);
        let path = path_of(connect["authorizationUrl"].as_str().unwrap());
        begun.push(json!({ "provider": "slack", "path": path }));
        let again = self.granted(&admin, "google", "name=To%20authorise%20again").await;
        let mut waiting = Vec::new();
        // The token of a new consent is sealed together with its end, which cannot be moved later. So this
        // token has no end.
        let (hour, consent) = (OauthBehaviour::default().lifetime_s, format!("credential_id={again}"));
        for (query, lifetime_s) in
            [("name=To%20confirm", hour), (&*consent, None), ("name=To%20expire", hour)]
        {
            let simulator = &self.story.rehearsal.simulator;
            simulator.oauth(OauthBehaviour { lifetime_s, ..OauthBehaviour::default() });
            let form = self.form(&self.begin(&admin, "google", query).await).await;
            waiting.push(json!({ "action": form.action.as_str(), "state": form.state, "token": form.token }));
        }
        let refused = self.form(&self.begin(&admin, "google", "name=Disowned").await).await;
        assert_eq!(self.at(refused).press_from(Some(PUBLIC), "disown").await.status, 200);
        [("begun", begun.into()), ("to_confirm", waiting.into()), ("again", json!(again))]
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    /// Makes a grant that waits for the principal that began it.
    pub(super) async fn bound_flow(&self, name: &str) -> Value {
        let query = format!("{name}&subject=end-user-7&redirect_to={DONE}");
        let begun = must(&self.robot().get(&format!("/integrations/dropbox/authorize?{query}")).await, 200);
        let back = Browser::default().follow(begun["authorization_url"].as_str().unwrap()).await;
        let sent = location(&visit(&here(self.server, &back)).await);
        let code = parameter(&sent, "completion_code");
        json!({ "state": begun["state"], "subject": "end-user-7", "completion_code": code })
    }

    /// Makes a grant with a completion code, and completes it. Returns the credential's id.
    pub(super) async fn granted_by_code(&self) -> String {
        let body = self.bound_flow("name=Cut%20off").await;
        let done = must(&self.robot().post("/integrations/oauth/complete", body).await, 200);
        done["id"].as_str().unwrap().to_owned()
    }

    async fn begin(&self, client: &Client, provider: &str, query: &str) -> String {
        let begun = must(&client.get(&format!("/integrations/{provider}/authorize?{query}")).await, 200);
        begun["authorization_url"].as_str().unwrap().to_owned()
    }

    /// The page that asks a user for confirmation after the grant.
    async fn form(&self, authorization_url: &str) -> Form {
        let back = Browser::default().follow(authorization_url).await;
        Form::of(&visit(&here(self.server, &back)).await)
    }

    fn at(&self, form: Form) -> Form {
        Form { action: here(self.server, &form.action), ..form }
    }

    /// Goes through a whole flow. Returns the credential's id.
    async fn granted(&self, client: &Client, provider: &str, query: &str) -> String {
        let form = self.at(self.form(&self.begin(client, provider, query).await).await);
        let done = form.press_from(Some(PUBLIC), "connect").await;
        assert_eq!(done.status, 200, "{}", done.text);
        let listed = must(&client.get(&format!("{STORE}?provider={provider}")).await, 200);
        listed[0]["id"].as_str().unwrap().to_owned()
    }
}

/// Ends a server while the provider works on its answer to a refresh.
pub(super) async fn cut_off_refresh(story: &Story, server: Server, id: &str) {
    let (simulator, robot) = (&story.rehearsal.simulator, server.client(robot()));
    let delay = Duration::from_secs(5);
    simulator.oauth(OauthBehaviour { delay, ..OauthBehaviour::default() });
    let asked = || simulator.oauth_counts().token_requests_of("refresh_token");
    let (before, path) = (asked(), format!("{STORE}/{id}/refresh"));
    let refresh = tokio::spawn(async move { robot.try_send(Method::POST, &path, Some(json!({}))).await });
    let deadline = Instant::now() + delay;
    while asked() == before {
        assert!(Instant::now() < deadline, "no refresh begins");
        tokio::task::yield_now().await;
    }
    server.kill();
    assert!(refresh.await.unwrap().is_none());
    simulator.oauth(OauthBehaviour::default());
}

/// The address at the server itself that belongs to a public address.
pub(super) fn here(server: &Server, public: &Url) -> Url {
    let mut url = public.clone();
    url.set_scheme("http").unwrap();
    url.set_ip_host(server.address().ip()).unwrap();
    url.set_port(Some(server.address().port())).unwrap();
    url
}

/// Path and query of an address at the simulator, whose host and port are different in another run.
fn path_of(url: &str) -> String {
    Url::parse(url).unwrap()[Position::BeforePath..].to_owned()
}
