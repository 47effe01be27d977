//! `GET /docs`: the OpenAPI document as a page, without a script and without anything from elsewhere.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::Value;
use strongroom_http_kit::{AnswerBody, Answered, Doc, PublicCall, Route};

pub(crate) const ROUTE: Route =
    Route::public("/docs", |call| Box::pin(std::future::ready(Ok(handle(&call)))), &DOC).with_any_query();

const DOC: Doc = Doc::new(
    "Shows this document as a page for people",
    &[Answered { status: 200, description: "The page.", body: AnswerBody::Other(HTML) }],
);

const HTML: &str = "text/html; charset=utf-8";

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
h3{margin:2rem 0 0}h3 b{color:#06c}pre{background:#f4f4f4;padding:1rem;overflow:auto}\
table{border-collapse:collapse}td{border-top:1px solid #ddd;padding:.25rem 1rem .25rem 0;vertical-align:top}";

/// The content security policy of the page. It loads nothing and runs nothing; the one style sheet is its
/// own, named by its SHA-256 (CSP Level 3, section 2.3.1).
const POLICY: &str = "default-src 'none'; style-src 'sha256-icw7H0mZGb770yxswhOt0n/Bmsf33SKD08WZECd/Ud0='; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn handle(call: &PublicCall) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(HTML)
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(call.documentation.page.clone())
}

/// Writes the page of a document.
pub(crate) fn page(document: &Value) -> String {
    let mut page = format!(
        "<!DOCTYPE html><html lang=\"en\"><meta charset=\"utf-8\"><title>Strongroom API</title>\
         <style>{STYLE}</style><h1>{} {}</h1><p>{}</p><p><a href=\"openapi.json\">openapi.json</a></p>",
        text(document, "/info/title"),
        text(document, "/info/version"),
        text(document, "/info/description"),
    );
    for tag in items(document, "/tags") {
        page += &format!("<h2>{}</h2><p>{}</p><ul>", text(tag, "/name"), text(tag, "/description"));
        for (path, method, operation) in operations_of(document, tag) {
            page += &contents_item(path, method, operation);
        }
        page += "</ul>";
        for (path, method, operation) in operations_of(document, tag) {
            page += &operation_section(path, method, operation);
        }
    }
    page += "<h2>Refusals</h2><ul>";
    for (name, refusal) in fields(document, "/components/responses") {
        page += &answer_item(name, &format!(" id=\"{}\"", escaped(name)), refusal);
    }
    page += "</ul><h2>Schemas</h2>";
    for (name, schema) in fields(document, "/components/schemas") {
        let (name, schema) = (escaped(name), escaped(&format!("{schema:#}")));
        page += &format!("<h3 id=\"{name}\">{name}</h3><pre>{schema}</pre>");
    }
    page
}

/// The operations of one dialect, each as path, method and operation.
fn operations_of<'a>(
    document: &'a Value,
    tag: &'a Value,
) -> impl Iterator<Item = (&'a str, &'a str, &'a Value)> {
    let all = fields(document, "/paths").flat_map(|(path, operations)| {
        fields(operations, "").map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    });
    all.filter(|(_, _, operation)| operation.pointer("/tags/0") == tag.get("name"))
}

fn contents_item(path: &str, method: &str, operation: &Value) -> String {
    format!(
        "<li><a href=\"#{}\"><code>{} {}</code></a> {}",
        text(operation, "/operationId"),
        escaped(&method.to_ascii_uppercase()),
        escaped(path),
        text(operation, "/summary"),
    )
}

fn operation_section(path: &str, method: &str, operation: &Value) -> String {
    let mut section = format!(
        "<h3 id=\"{}\"><b>{}</b> <code>{}</code></h3><p>{}. {}</p>",
        text(operation, "/operationId"),
        escaped(&method.to_ascii_uppercase()),
        escaped(path),
        text(operation, "/summary"),
        text(operation, "/description"),
    );
    section += "<table>";
    for parameter in items(operation, "/parameters") {
        let schema = parameter.get("schema").map(ToString::to_string).unwrap_or_default();
        section += &format!(
            "<tr><td><code>{}</code><td>{}<td>{}<td><code>{}</code>",
            text(parameter, "/name"),
            text(parameter, "/in"),
            text(parameter, "/description"),
            escaped(&schema),
        );
    }
    section += "</table>";
    if let Some(body) = operation.get("requestBody") {
        section += &format!("<p>Body: {}</p>", content_of(body));
    }
    section += "<ul>";
    for (status, answer) in fields(operation, "/responses") {
        section += &answer_item(status, "", answer);
    }
    section + "</ul>"
}

fn answer_item(name: &str, attributes: &str, answer: &Value) -> String {
    let what = match link(answer) {
        Some(link) => link,
        None => format!("{} {}", text(answer, "/description"), content_of(answer)),
    };
    format!("<li{attributes}><code>{}</code> {what}", escaped(name))
}

/// The media type of a body, and its schema.
fn content_of(described: &Value) -> String {
    let shown = fields(described, "/content").map(|(media_type, content)| {
        let schema = content.get("schema").unwrap_or(&Value::Null);
        let listed = schema.get("items").and_then(link).map(|link| format!("list of {link}"));
        let shown = link(schema).or(listed).unwrap_or_default();
        format!("<code>{}</code> {shown}", escaped(media_type))
    });
    shown.collect::<Vec<_>>().join(", ")
}

/// Writes a reference as a link within the page.
fn link(value: &Value) -> Option<String> {
    let name = escaped(value.get("$ref")?.as_str()?.rsplit('/').next()?);
    Some(format!("<a href=\"#{name}\">{name}</a>"))
}

fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn fields<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    value.pointer(pointer).and_then(Value::as_object).into_iter().flatten()
}

fn text(value: &Value, pointer: &str) -> String {
    escaped(value.pointer(pointer).and_then(Value::as_str).unwrap_or_default())
}

fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use ring::digest::{SHA256, digest};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_policy_names_the_style_sheet_of_the_page_and_nothing_else() {
        let hash = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
        assert!(POLICY.contains(&format!("style-src 'sha256-{hash}'")), "STYLE has the hash {hash}");
        let page = page(&json!({}));
        assert!(page.contains(&format!("<style>{STYLE}</style>")) && !page.contains("<script"));
    }

    #[test]
    fn what_the_document_says_is_text_on_the_page() {
        let nasty = "<script>alert('\"&')</script>";
        let operation = json!({
            "tags": [nasty], "operationId": nasty, "summary": nasty, "description": nasty,
            "parameters": [{ "name": nasty, "in": nasty, "description": nasty, "schema": { nasty: nasty } }],
            "requestBody": { "content": { nasty: { "schema": { "$ref": nasty } } } },
            "responses": { nasty: { "description": nasty } },
        });
        let page = page(&json!({
            "info": { "title": nasty, "version": nasty, "description": nasty },
            "tags": [{ "name": nasty, "description": nasty }],
            "paths": { nasty: { nasty: operation } },
            "components": { "responses": { nasty: { "$ref": nasty } }, "schemas": { nasty: nasty } },
        }));
        assert!(!page.contains("<script") && !page.contains("alert('"), "{page}");
        assert!(page.matches("&lt;script&gt;").count() >= 15);
    }
}
