//! Requests that differ from the provider file.

use strongroom_domain::CredentialType;

use super::World;
use super::client::{Outgoing, bytes, exchange, outgoing, raw};
use super::http_test;

/// A request of Datadog; the second one has two secrets in headers.
fn datadog(world: &World, step: usize) -> Outgoing {
    let provider = world.provider("datadog");
    let credentials = world.simulator.good("datadog", CredentialType::ApiKey).unwrap();
    outgoing(world.simulator.address(), &provider, &http_test(&provider).unwrap().steps[step], &credentials)
}

/// The first request of a provider.
fn of(world: &World, id: &str, kind: CredentialType) -> Outgoing {
    let provider = world.provider(id);
    let credentials = world.simulator.good(id, kind).unwrap();
    let mut steps = http_test(&provider).unwrap().steps.iter();
    let step = steps.find(|step| step.conditions.admit(kind, |name| credentials.contains_key(name))).unwrap();
    outgoing(world.simulator.address(), &provider, step, &credentials)
}

/// Checks that the answer to a request with a mistake is 400, names the mistake, and holds no value that was
/// sent.
async fn refused(world: &World, request: &Outgoing, says: &str) {
    let answer = exchange(world.simulator.address(), request).await;
    let body = String::from_utf8(answer.body).unwrap();
    assert_eq!(answer.status.as_u16(), 400, "{body}");
    assert!(body.contains(says), "{body}");
    assert!(!body.to_lowercase().contains("good"), "{body}");
    let last = world.simulator.requests().pop().unwrap();
    assert!(last.mistake.unwrap().contains(says));
}

#[tokio::test]
async fn a_request_that_differs_from_the_file_is_told_where() {
    let world = World::start().await;
    let good = datadog(&world, 1);
    assert_eq!(exchange(world.simulator.address(), &good).await.status.as_u16(), 200);

    let mut other = good.clone();
    other.method = "POST".to_owned();
    refused(&world, &other, "the method is not GET").await;
    let mut other = good.clone();
    other.path.push('x');
    refused(&world, &other, "the path differs").await;
    let mut other = good.clone();
    other.path = other.path.replace("api.datadoghq", "app.datadoghq");
    refused(&world, &other, "the host differs").await;
    let mut other = good.clone();
    other.query = "secret=good".to_owned();
    refused(&world, &other, "query parameter").await;
    let mut other = good.clone();
    other.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("dd-application-key"));
    refused(&world, &other, "is missing").await;
    let mut other = good.clone();
    other.body = "good".to_owned();
    refused(&world, &other, "there is a body").await;
    let mut other = good.clone();
    other.headers.push(("cookie".to_owned(), "good=1".to_owned()));
    refused(&world, &other, "cookie").await;
}

#[tokio::test]
async fn literal_headers_bodies_and_signatures_are_compared() {
    let world = World::start().await;
    let mut github = of(&world, "github", CredentialType::ApiKey);
    for (name, value) in &mut github.headers {
        if name.eq_ignore_ascii_case("accept") {
            *value = "text/html".to_owned();
        }
    }
    refused(&world, &github, "differs").await;

    let mut linear = of(&world, "linear", CredentialType::ApiKey);
    linear.body = linear.body.replace("viewer", "spectator");
    refused(&world, &linear, "the JSON body differs").await;

    let mut aws = of(&world, "aws_ses", CredentialType::ApiKey);
    aws.headers.push(("x-amz-extra".to_owned(), "good".to_owned()));
    refused(&world, &aws, "must be signed").await;
    aws.headers.pop();
    aws.body = aws.body.replace("GetCallerIdentity", "GetSessionToken");
    refused(&world, &aws, "form field `Action` differs").await;
}

#[tokio::test]
async fn a_path_that_is_no_step_is_404() {
    let world = World::start().await;
    for path in ["/", "/nobody/0/-/x", "/datadog/7/-/x", "/sftp/0/-/x", "/datadog/0/no-path"] {
        let mut request = datadog(&world, 0);
        request.path = path.to_owned();
        assert_eq!(exchange(world.simulator.address(), &request).await.status.as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_single_request_is_400() {
    let world = World::start().await;
    let at = world.simulator.address();
    let one = bytes(&datadog(&world, 0));
    let two = [one.clone(), one].concat();
    for bytes in [two, b"GET / HTTP/1.0\r\n\r\n".to_vec(), b"GET http://127.0.0.1/ HTTP/1.1\r\n\r\n".to_vec()]
    {
        assert!(raw(at, &bytes).await.starts_with(b"HTTP/1.1 400 "));
    }
}

#[tokio::test]
async fn what_is_remembered_holds_names_and_no_values() {
    let world = World::start().await;
    exchange(world.simulator.address(), &datadog(&world, 1)).await;
    let [request] = world.simulator.requests().try_into().unwrap();
    assert_eq!((request.provider.as_deref(), request.step), (Some("datadog"), Some(1)));
    assert_eq!((request.method.as_str(), request.path.as_str()), ("GET", "/api/v2/validate_keys"));
    assert!(request.header_names.contains(&"dd-application-key".to_owned()));
    assert!(!format!("{request:?}").to_lowercase().contains("good"));
    assert_eq!(world.simulator.connections(), 1);
}
