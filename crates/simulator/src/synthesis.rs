//! Makes answers for providers whose real answers are not described here: any answer that fits the rule of
//! the file.

use serde_json::{Map, Value};
use strongroom_declared_http::{HttpStep, JsonCheck, OutcomeRule};
use strongroom_domain::TestCode;

use crate::wire::Reply;

/// The value that is used where a rule or a fact needs one.
const FILLING: &str = "simulator";

/// An answer that fits the first rule of this code. `None` when the step has none.
pub(crate) fn reply(step: &HttpStep, code: TestCode) -> Option<Reply> {
    let rule = step.outcomes.iter().find(|rule| rule.code == code)?;
    let facts =
        if matches!(code, TestCode::Ok | TestCode::Insufficient) { step.facts.as_slice() } else { &[] };
    let status = rule.status.first().copied().unwrap_or(match code {
        TestCode::Ok => 200,
        TestCode::AuthRejected => 401,
        _ => 403,
    });
    let text = rule.text.first().map(String::as_str);
    let mut reply = match (text, rule.json.is_empty() && facts.is_empty()) {
        (Some(text), true) => Reply::new(status, "text/plain", text),
        (text, _) => Reply::json(status, &body(rule, facts.iter().map(|(_, at)| at.as_str()), text)),
    };
    for (name, values) in &rule.headers {
        reply = reply.with(name, values.first().map_or("1", String::as_str));
    }
    Some(reply)
}

fn body<'a>(rule: &OutcomeRule, facts: impl Iterator<Item = &'a str>, text: Option<&str>) -> Value {
    let mut body = Value::Null;
    // Longer pointers come first, because they also create the lists and objects that shorter ones need.
    let mut conditions: Vec<_> = rule.json.iter().collect();
    conditions.sort_by_key(|condition| std::cmp::Reverse(condition.pointer.len()));
    for condition in &conditions {
        match &condition.check {
            JsonCheck::OneOf(values) => {
                body = put(body, &condition.pointer, values.first().cloned().unwrap_or_default());
            }
            JsonCheck::Present if is_missing(body.pointer(&condition.pointer)) => {
                body = put(body, &condition.pointer, FILLING.into());
            }
            JsonCheck::Present | JsonCheck::Absent => {}
        }
    }
    let absent = |pointer: &str| {
        let mut others = conditions.iter().filter(|condition| matches!(condition.check, JsonCheck::Absent));
        others.any(|other| pointer.starts_with(&other.pointer))
    };
    for pointer in facts {
        if is_missing(body.pointer(pointer)) && !absent(pointer) {
            body = put(body, pointer, FILLING.into());
        }
    }
    if let Some(text) = text {
        body = put(body, "/simulator_text", text.into());
    }
    if body.is_null() { Value::Object(Map::new()) } else { body }
}

fn is_missing(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_null)
}

/// Puts a value at a pointer (RFC 6901) into the body, and makes the lists and objects that lead there.
pub(crate) fn put(body: Value, pointer: &str, value: Value) -> Value {
    let tokens = pointer.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"));
    put_at(body, &tokens.collect::<Vec<_>>(), value)
}

fn put_at(body: Value, path: &[String], value: Value) -> Value {
    let Some((first, rest)) = path.split_first() else { return value };
    match (first.parse::<usize>(), body) {
        (_, Value::Object(mut members)) => {
            let inner = members.remove(first).unwrap_or_default();
            members.insert(first.clone(), put_at(inner, rest, value));
            Value::Object(members)
        }
        (Ok(at @ 0..16), body) => {
            let mut items = if let Value::Array(items) = body { items } else { Vec::new() };
            items.resize(items.len().max(at + 1), Value::Null);
            if let Some(item) = items.get_mut(at) {
                *item = put_at(item.take(), rest, value);
            }
            Value::Array(items)
        }
        _ => put_at(Value::Object(Map::new()), path, value),
    }
}
