//! Questions to a stored vault, and the answers that it gave when it was written.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::restoring::{Kind, PUBLIC};
use crate::support::{Character, Client, Server};

/// The files beside the store of a stored vault: API keys, flows in progress, questions and answers.
pub(super) struct Book {
    /// API keys by their purpose.
    pub(super) keys: Map<String, Value>,
    /// What a browser would hold of flows that are in progress.
    pub(super) flows: Value,
    /// The output of `audit verify --json`.
    pub(super) verified: Value,
    /// Questions with their answers.
    pub(super) answers: Vec<Value>,
}

impl Book {
    pub(super) fn read(kind: Kind) -> Self {
        let mut book: Value = serde_json::from_str(&kind.file("answers.json")).unwrap();
        let Value::Array(answers) = book["answers"].take() else { panic!("no answers") };
        let Value::Object(keys) = book["keys"].take() else { panic!("no keys") };
        Self { keys, answers, flows: book["flows"].take(), verified: book["verified"].take() }
    }

    /// The answers as text, one per line, so that a change is visible in its place.
    pub(super) fn render(&self) -> String {
        let lines = |values: &[Value]| values.iter().map(Value::to_string).collect::<Vec<_>>().join(",\n");
        format!(
            "{{\"keys\": {},\n\"flows\": {},\n\"verified\": {},\n\"answers\": [\n{}\n]}}\n",
            Value::from(self.keys.clone()),
            self.flows,
            self.verified,
            lines(&self.answers)
        )
    }

    /// The caller of a question: `admin`, `member` or `guest` with an organisation, `program` with scopes as
    /// well, `key` with its purpose, or `nobody`.
    pub(super) fn character(&self, who: &str) -> Character {
        match who.split_once(' ') {
            Some(("admin", org)) => Character::admin_of(org),
            Some(("member", org)) => Character::member_of(org),
            Some(("guest", org)) => Character::guest_of(org),
            Some(("key", name)) => Character::Key(self.keys[name].as_str().unwrap().to_owned()),
            Some(("program", rest)) => {
                let (org, scopes) = rest.split_once(' ').unwrap();
                // The issuer of such a token gives it the scope that reading refresh tokens has got since.
                Character::service_of(
                    org,
                    &scopes.replace("secrets:read", "secrets:read refresh_tokens:read"),
                )
            }
            _ => Character::Anonymous,
        }
    }

    /// Asks one question after another, and returns each with its answer.
    pub(super) async fn ask(&self, server: &Server, questions: Vec<Value>) -> Vec<Value> {
        let mut clients = BTreeMap::new();
        let mut answered = Vec::new();
        for question in questions {
            let who = question["asks"].as_str().unwrap();
            let client = clients.entry(who.to_owned()).or_insert_with(|| server.client(self.character(who)));
            answered.push(answer(client, question).await);
        }
        answered
    }

    /// Asks everything again, and returns the differences.
    pub(super) async fn differences(&self, server: &Server) -> Vec<String> {
        let questions = self.answers.iter().cloned().map(|mut answer| {
            for name in ["status", "etag", "link", "answer"] {
                answer.as_object_mut().unwrap().remove(name);
            }
            answer
        });
        let answers = self.ask(server, questions.collect()).await;
        let mut found = Vec::new();
        for (expected, answered) in self.answers.iter().zip(&answers) {
            let place = format!("{} asks {}", expected["asks"], expected["path"]);
            let head =
                |value: &Value| (value["status"].clone(), value["etag"].clone(), value["link"].clone());
            if head(expected) != head(answered) {
                found.push(format!("{place}: {:?}, not {:?}", head(answered), head(expected)));
            }
            compare(&place, &expected["answer"], &answered["answer"], &mut found);
        }
        found
    }
}

async fn answer(client: &Client, mut question: Value) -> Value {
    let body = question.get("body").cloned();
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let reply = client.send(method, question["path"].as_str().unwrap(), body, &[]).await;
    question["status"] = json!(reply.status);
    for name in ["etag", "link"] {
        if !reply.header(name).is_empty() {
            // Links of builds before began with the path.
            let value = reply.header(name).replace(PUBLIC, "");
            question[name] = json!(value);
        }
    }
    question["answer"] = reply.json();
    question
}

/// Parts of answers that contain what was stored. They never get new members.
const STORED: [&str; 4] = ["credentials", "config", "metadata", "details"];
/// Messages for people. Their text may change.
const SENTENCES: [&str; 2] = ["message", "next_step"];

/// Compares two answers. An answer may have new members but must not lose any; the time of a last use may be
/// later; each request has its own id.
pub(super) fn compare(place: &str, expected: &Value, found: &Value, differences: &mut Vec<String>) {
    let mut differs = || differences.push(format!("{place}: {found}, not {expected}"));
    match (expected, found) {
        (Value::Object(before), Value::Object(after)) => {
            if before.keys().any(|name| !after.contains_key(name)) {
                return differs();
            }
            for (name, expected) in before {
                let (place, found) = (format!("{place}/{name}"), &after[name]);
                let fits = match name.as_str() {
                    "last_read_at" | "last_used_at" => is_not_before(found, expected),
                    // There was no scope for refresh tokens yet.
                    "scopes" => without_refresh_tokens(found) == *expected,
                    "request_id" if before.contains_key("error") => is_ulid(found),
                    name if SENTENCES.contains(&name) => found.is_string(),
                    name if STORED.contains(&name) => found == expected,
                    _ => {
                        compare(&place, expected, found, differences);
                        true
                    }
                };
                if !fits {
                    differences.push(format!("{place}: {found}, not {expected}"));
                }
            }
        }
        (Value::Array(before), Value::Array(after)) if before.len() == after.len() => {
            for (index, (expected, found)) in before.iter().zip(after).enumerate() {
                compare(&format!("{place}/{index}"), expected, found, differences);
            }
        }
        _ if expected == found => {}
        _ => differs(),
    }
}

fn without_refresh_tokens(scopes: &Value) -> Value {
    let scopes = scopes.as_array().into_iter().flatten();
    scopes.filter(|scope| **scope != "refresh_tokens:read").cloned().collect()
}

/// Whether a time is not before another. Times of this form have the same order as their texts.
fn is_not_before(found: &Value, expected: &Value) -> bool {
    match (found.as_str(), expected.as_str()) {
        (Some(found), expected) => {
            let form = found.len() == "2026-01-01T00:00:00Z".len() && found.ends_with('Z');
            form && expected.is_none_or(|expected| found >= expected)
        }
        (None, expected) => found.is_null() && expected.is_none(),
    }
}

fn is_ulid(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.len() == 26 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
