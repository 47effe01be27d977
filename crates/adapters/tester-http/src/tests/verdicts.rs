use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use strongroom_domain::{StepOutcome, TestCode, TestStep};
use strongroom_egress::{Egress, EgressSettings};
use strongroom_provider_tester::{Cause, DestinationBudget, TestError};

use super::provider::{RULES, loopback, one_step, provider, run, verdict};
use super::server::{Behaviour, Server};

fn outcomes(steps: &[TestStep]) -> Vec<(&str, StepOutcome)> {
    steps.iter().map(|step| (&*step.name, step.outcome)).collect()
}

fn url(server: &Server) -> String {
    format!("url = \"http://127.0.0.1:{}/me\"", server.port)
}

#[tokio::test]
async fn an_answer_becomes_the_verdict_of_its_rule_in_words_that_name_the_provider() {
    let cases = [
        ("200 OK", TestCode::Ok, "Acme accepted the credential."),
        ("401 Unauthorized", TestCode::AuthRejected, "Acme refused the credential."),
        ("403 Forbidden", TestCode::Insufficient, "Acme accepted the credential, which lacks a permission."),
        ("429 Too Many", TestCode::RateLimited, "Acme asks for fewer requests."),
        (
            "503 Unavailable",
            TestCode::ProviderError,
            "Acme answered with an error that says nothing about the credential.",
        ),
        (
            "404 Not Found",
            TestCode::ProviderError,
            "Acme answered with an error that says nothing about the credential.",
        ),
    ];
    for (status, code, message) in cases {
        let server =
            Server::answering([&format!("HTTP/1.1 {status}\r\ncontent-length: 2\r\n\r\n{{}}")]).await;
        let verdict = verdict(&one_step(&url(&server))).await;
        assert_eq!((verdict.code, verdict.message.as_deref()), (code, Some(message)), "{status}");
    }
}

#[tokio::test]
async fn a_403_is_read_before_it_counts_as_a_missing_right() {
    let answered = async |content_type: &str, body: &str| {
        let length = body.len();
        let head =
            format!("HTTP/1.1 403 Forbidden\r\ncontent-type: {content_type}\r\ncontent-length: {length}");
        let server = Server::answering([format!("{head}\r\n\r\n{body}").as_str()]).await;
        verdict(&one_step(&url(&server))).await
    };
    let dead = answered("application/json", r#"{"message":"Your account is suspended: s3cret"}"#).await;
    assert_eq!(dead.code, TestCode::AuthRejected);
    let text = "Acme says that the account or the secret is disabled, expired or not valid.";
    assert_eq!(dead.message.as_deref(), Some(text));
    let page = answered("text/html", "<html>Attention Required!</html>").await;
    assert_eq!((page.code, page.hint.is_some()), (TestCode::ProviderError, true));
    let right = answered("application/json", r#"{"message":"You do not have permission"}"#).await;
    assert_eq!(right.code, TestCode::Insufficient);
}

#[tokio::test]
async fn the_request_is_what_the_file_says_and_nothing_else() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    let keys = url(&server) + "\nquery = { limit = \"1\", plan = \"{plan}\" }";
    assert_eq!(verdict(&one_step(&keys)).await.code, TestCode::Ok);
    let received = server.received();
    assert_eq!(received.len(), 1);
    let mut lines: Vec<_> = received[0].trim_end().split("\r\n").collect();
    assert_eq!(lines.remove(0), "GET /me?limit=1 HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: 127.0.0.1:{}", server.port);
    let agent = concat!("user-agent: strongroom/", env!("CARGO_PKG_VERSION"));
    assert_eq!(lines, ["accept: */*", "authorization: Bearer good-token", "connection: close", &host, agent]);
}

#[tokio::test]
async fn basic_form_and_json_are_sent_as_their_rfcs_have_them() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let server = Server::answering([ok, ok]).await;
    let test = format!(
        r#"
        [[test.step]]
        method = "POST"
        url = "http://127.0.0.1:{port}/token"
        basic = {{ username = "{{token}}", password = "x" }}
        form = {{ grant_type = "client credentials", plan = "{{plan}}", second = "{{second}}" }}
        {RULES}
        [[test.step]]
        method = "POST"
        url = "http://127.0.0.1:{port}/query"
        headers = {{ X-Token = "{{token}}", Content-Type = "application/graphql+json" }}
        json = '{{"query":"{{ me }}"}}'
        {RULES}
        "#,
        port = server.port
    );
    let (verdict, steps) =
        run(loopback(), &provider(&test), &[("token", "Aladdin"), ("second", "a&b=ü")]).await;
    assert_eq!(verdict.unwrap().code, TestCode::Ok);
    let received = server.received();
    let (head, body) = received[0].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "grant_type=client%20credentials&second=a%26b%3D%C3%BC");
    assert!(head.ends_with("authorization: Basic QWxhZGRpbjp4"), "{head}");
    assert!(head.contains("content-type: application/x-www-form-urlencoded\r\n"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let (head, body) = received[1].split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "{\"query\":\"{ me }\"}");
    assert!(head.contains("content-type: application/graphql+json\r\n"), "{head}");
    assert_eq!(
        outcomes(&steps),
        [
            ("parse", StepOutcome::Ok),
            ("reach", StepOutcome::Ok),
            ("handshake", StepOutcome::Skipped),
            ("login", StepOutcome::Ok),
            ("probe", StepOutcome::Ok)
        ]
    );
}

#[tokio::test]
async fn the_second_step_says_which_key_was_refused_and_a_step_without_its_field_is_left_out() {
    let test = |port: u16| {
        provider(&format!(
            r#"
            [[test.step]]
            url = "http://127.0.0.1:{port}/one"
            headers = {{ X-Token = "{{token}}" }}
            facts = {{ account = "/login" }}
            {RULES}
            [[test.step]]
            needs = ["second"]
            url = "http://127.0.0.1:{port}/two"
            headers = {{ X-Token = "{{second}}" }}
            outcomes = [
              {{ status = [200], code = "ok" }},
              {{ status = [401], code = "auth_rejected", message = "The second key is wrong.", hint = "Look." }},
            ]
            "#
        ))
    };
    let first = "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"login\": \"jane\"}";
    let server = Server::answering([first, "HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"]).await;
    let fields = [("token", "good-token"), ("second", "bad-second")];
    let (verdict, steps) = run(loopback(), &test(server.port), &fields).await;
    let verdict = verdict.unwrap();
    assert_eq!(verdict.code, TestCode::AuthRejected);
    assert_eq!(
        (verdict.message.as_deref(), verdict.hint.as_deref()),
        (Some("The second key is wrong."), Some("Look."))
    );
    assert_eq!(outcomes(&steps)[3..], [("login", StepOutcome::Ok), ("probe", StepOutcome::Failed)]);

    let server = Server::answering([first]).await;
    let (verdict, steps) = run(loopback(), &test(server.port), &fields[..1]).await;
    let verdict = verdict.unwrap();
    assert_eq!((verdict.code, verdict.facts["account"].as_str()), (TestCode::Ok, "jane"));
    assert_eq!(steps.len(), 4);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_refused_first_step_is_the_last() {
    let server = Server::answering(["HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n"]).await;
    let step = format!("[[test.step]]\n{}\nheaders = {{ X-Token = \"{{token}}\" }}\n{RULES}\n", url(&server));
    let (verdict, steps) =
        run(loopback(), &provider(&(step.clone() + &step)), &[("token", "good-token")]).await;
    assert_eq!(verdict.unwrap().code, TestCode::AuthRejected);
    assert_eq!(outcomes(&steps)[3..], [("login", StepOutcome::Failed), ("probe", StepOutcome::Skipped)]);
    assert_eq!(server.received().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let trap = Server::answering(["HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("http://127.0.0.1:{}/me", trap.port);
        let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
        let server = Server::answering([answer.as_str()]).await;
        assert_eq!(verdict(&one_step(&url(&server))).await.code, TestCode::ProviderError, "{status}");
    }
    assert_eq!(trap.received(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_policy_refuses_is_not_reachable_and_says_no_more() {
    let server = Server::answering(["HTTP/1.1 200 OK\r\n\r\n"]).await;
    let closed = EgressSettings { plain_http: true, ..EgressSettings::default() };
    let provider = one_step(&url(&server));
    let (verdict, steps) = run(Egress::new(&closed).unwrap(), &provider, &[("token", "good-token")]).await;
    let verdict = verdict.unwrap();
    assert_eq!((verdict.code, verdict.message), (TestCode::NotReachable, None));
    assert!(matches!(verdict.cause, Some(Cause::Policy(_))));
    assert_eq!(outcomes(&steps)[..2], [("parse", StepOutcome::Ok), ("reach", StepOutcome::Failed)]);

    let encrypted_only =
        EgressSettings { allow_cidrs: "http=127.0.0.0/8".into(), ..EgressSettings::default() };
    let egress = Egress::new(&encrypted_only).unwrap();
    let (verdict, _) = run(egress.clone(), &provider, &[("token", "good-token")]).await;
    let verdict = verdict.unwrap();
    assert_eq!(verdict.code, TestCode::NotReachable);
    assert_eq!(verdict.cause, Some(Cause::Policy("http without tls is not allowed".into())));
    let address = format!("http://127.0.0.1:{}", server.port);
    let by_field = one_step("url = \"{address}/me\"\nhosts = [\"*\"]\nneeds = [\"address\"]");
    let (verdict, _) = run(egress, &by_field, &[("token", "good-token"), ("address", &address)]).await;
    let verdict = verdict.unwrap();
    assert_eq!(verdict.code, TestCode::InvalidConfig);
    assert_eq!(verdict.message.as_deref(), Some("The field `address` must be an https URL."));
    assert_eq!(server.received(), Vec::<String>::new());
}

#[tokio::test]
async fn a_closed_port_is_not_reachable() {
    let server = Server::behaving(vec![Behaviour::Silent]).await;
    let provider = one_step(&url(&server));
    drop(server);
    tokio::task::yield_now().await;
    let verdict = verdict(&provider).await;
    assert_eq!((verdict.code, verdict.message), (TestCode::NotReachable, None));
}

#[tokio::test]
async fn the_address_of_a_field_keeps_its_port_and_its_path_when_the_file_says_so() {
    let ok = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let server = Server::answering([ok, ok]).await;
    let address = format!("http://127.0.0.1:{}/base/", server.port);
    for keep in ["true", "false"] {
        let keys = format!(
            "url = \"{{address}}/me\"\nhosts = [\"127.0.0.1\"]\nneeds = [\"address\"]\nkeep_path = {keep}"
        );
        let fields = [("token", "good-token"), ("address", address.as_str())];
        let (verdict, _) = run(loopback(), &one_step(&keys), &fields).await;
        assert_eq!(verdict.unwrap().code, TestCode::Ok);
    }
    let received = server.received();
    assert!(received[0].starts_with("GET /base/me HTTP/1.1\r\n"));
    assert!(received[1].starts_with("GET /me HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_destination_that_was_tested_too_often_gets_nothing() {
    struct UsedUp;
    #[async_trait]
    impl DestinationBudget for UsedUp {
        async fn take(&self, _destination: &str) -> Result<(), TestError> {
            Err(TestError::DestinationLimit { retry_after: Duration::from_secs(60) })
        }
    }
    let server = Server::answering(["HTTP/1.1 200 OK\r\n\r\n"]).await;
    let egress = loopback().with_budget(Arc::new(UsedUp));
    let (verdict, _) = run(egress, &one_step(&url(&server)), &[("token", "good-token")]).await;
    assert_eq!(verdict, Err(TestError::DestinationLimit { retry_after: Duration::from_secs(60) }));
    assert_eq!(server.received(), Vec::<String>::new());
}

#[tokio::test]
async fn a_later_destination_that_was_tested_too_often_is_a_limit_and_keeps_what_was_found() {
    /// A budget that allows the first destination and refuses all others with an error.
    struct One(Mutex<Vec<String>>, TestError);
    #[async_trait]
    impl DestinationBudget for One {
        async fn take(&self, destination: &str) -> Result<(), TestError> {
            let mut taken = self.0.lock().unwrap();
            taken.push(destination.to_owned());
            if taken.iter().any(|one| *one != taken[0]) { Err(self.1.clone()) } else { Ok(()) }
        }
    }
    let limit = TestError::DestinationLimit { retry_after: Duration::from_secs(60) };
    for error in [limit, TestError::Unavailable] {
        let body = "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"login\": \"jane\"}";
        let (first, second) = (Server::answering([body]).await, Server::answering([body]).await);
        let step = |server: &Server| {
            format!(
                "[[test.step]]\n{}\nheaders = {{ X-Token = \"{{token}}\" }}\nfacts = {{ account = \"/login\" }}\n{RULES}\n",
                url(server)
            )
        };
        let egress = loopback().with_budget(Arc::new(One(Mutex::default(), error)));
        let provider = provider(&(step(&first) + &step(&second)));
        let (verdict, _) = run(egress, &provider, &[("token", "good-token")]).await;
        let verdict = verdict.unwrap();
        assert_eq!((verdict.code, verdict.facts["account"].as_str()), (TestCode::RateLimited, "jane"));
        assert!(verdict.message.unwrap().contains("later request"));
        assert_eq!((first.received().len(), second.received().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_credential_that_no_step_is_for_is_a_matter_of_its_fields() {
    let provider = one_step("url = \"https://acme.com/\"\nneeds = [\"second\"]");
    let verdict = verdict(&provider).await;
    assert_eq!(verdict.code, TestCode::InvalidConfig);
    assert_eq!(verdict.message.as_deref(), Some("Acme has no test for these fields."));
}
