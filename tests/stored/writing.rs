//! Writes vaults in the same way as the stored ones, so that their story stays correct. The file
//! tests/stored/README.md says how to keep the result.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};
use strongroom_domain::{Action, CredentialStatus};

use super::asking::Book;
use super::restoring::{Kind, Restored};
use super::story::{Story, must};
use super::verified;
use crate::support::characters::JWT_SECRET;
use crate::support::rehearsal::Rehearsal;
use crate::support::{Character, Server, World, on_both_stores};

/// The variable that names a folder in which the vaults are kept. Without it they are compared and deleted.
const KEEP: &str = "STRONGROOM_STORED_VAULTS";

on_both_stores!(the_build_of_today_writes_a_vault_that_answers_as_the_stored_one);

async fn the_build_of_today_writes_a_vault_that_answers_as_the_stored_one(world: World) {
    let kind = Kind::of(&world);
    let forgotten = tempfile::tempdir().unwrap();
    let place = std::env::var_os(KEEP).map_or_else(|| forgotten.path().to_owned(), PathBuf::from);
    let folder = place.join(kind.name());
    assert!(!folder.exists(), "{} is there already; it is never written over", folder.display());
    let rehearsal = Rehearsal::start().await;
    let ring = strongroom::KeyRing::generate("for-tests-only").unwrap().render().trim().to_owned();
    let keys = format!("# The key ring of a vault that is stored for tests. It protects nothing.\n{ring}\n");
    let world = kind.furnish(world, &rehearsal, (&keys, &format!("{JWT_SECRET}\n")));
    let story = Story::begin(world, rehearsal).tell().await;
    std::fs::create_dir_all(&folder).unwrap();
    put_away(&story.world, &folder);
    has_every_action(&story.world);
    let mut book =
        Book { keys: story.keys, flows: story.flows.into(), verified: Value::Null, answers: Vec::new() };
    let Restored { world, rehearsal, .. } = Restored::from_folder(kind.world(), &folder).await;
    book.verified = verified(&world);
    assert_eq!(book.verified["ok"], true, "{}", book.verified);
    let until = last_moment(&world);
    let server = world.setup.start().await;
    book.answers = book.ask(&server, questions(&server, &until).await).await;
    assert_eq!(rehearsal.simulator.connections(), 0, "no answer depends on a provider");
    std::fs::write(folder.join("answers.json"), book.render()).unwrap();
    let mut answers = statuses(&book);
    for stored in statuses(&Book::read(kind)) {
        let found = answers.iter().position(|answer| *answer == stored);
        answers.swap_remove(found.unwrap_or_else(|| panic!("{stored} is not among {answers:#?}")));
    }
}

/// The caller and the request of each question with the status of its answer, without what differs between
/// vaults: ids, cursors, numbers.
fn statuses(book: &Book) -> Vec<String> {
    let question = |answer: &Value| {
        let path = answer["path"].as_str().unwrap().split_inclusive(['/', '?', '&', '=']);
        let mut own = false;
        let shape = path.map(|part| {
            let hidden = own || part.bytes().any(|byte| byte.is_ascii_digit());
            own = part == "cursor=";
            if hidden { "…" } else { part }
        });
        format!("{}: {} {}", answer["asks"], shape.collect::<String>(), answer["status"])
    };
    book.answers.iter().map(question).collect()
}

/// Copies all files of the vault, except locks.
fn put_away(world: &World, folder: &Path) {
    let data = world.setup.data_dir();
    let mut files = vec!["keys", "audit-checkpoints.jsonl"];
    if let Some(database) = &world.database {
        let output = Command::new("pg_config").arg("--bindir").output().unwrap();
        let binaries = String::from_utf8(output.stdout).unwrap();
        let dump = Command::new(Path::new(binaries.trim()).join("pg_dump"))
            .args(["--no-owner", "--no-privileges", "--inserts", "--encoding=UTF8", &database.url()])
            .output()
            .unwrap();
        assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
        let text = String::from_utf8(dump.stdout).unwrap();
        // Lines that begin with a backslash are commands of psql, and only new versions know them.
        let kept = text.lines().filter(|line| !line.starts_with('\\') && !line.starts_with("--"));
        let text = kept.fold(String::new(), |text, line| text + line + "\n");
        std::fs::write(folder.join("dump.sql"), text).unwrap();
    } else {
        world.sql("PRAGMA wal_checkpoint(TRUNCATE)");
        files.extend(["jwt-secret", "initialized", "strongroom.db"]);
    }
    for name in files {
        std::fs::write(folder.join(name), std::fs::read(data.join(name)).unwrap()).unwrap();
    }
}

fn has_every_action(world: &World) {
    let found = world.sql("SELECT DISTINCT action FROM audit_events");
    let found: BTreeSet<&str> = found.lines().collect();
    let missing: Vec<&str> =
        Action::ALL.iter().map(|action| action.as_str()).filter(|action| !found.contains(action)).collect();
    assert!(missing.is_empty(), "nothing did {missing:?}");
}

/// The time directly after the last event, in the form of a query parameter.
fn last_moment(world: &World) -> String {
    world.sql(match world.is_embedded() {
        true => {
            "SELECT strftime('%Y-%m-%dT%H:%M:%S', (max(at) + 1) / 1000000, 'unixepoch') \
                 || printf('.%06dZ', (max(at) + 1) % 1000000) FROM audit_events"
        }
        false => {
            "SELECT to_char((max(at) + interval '1 microsecond') AT TIME ZONE 'UTC', \
                  'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM audit_events"
        }
    })
}

/// The questions to a vault: first those about metadata, which change nothing, then those that change it.
async fn questions(server: &Server, until: &str) -> Vec<Value> {
    let mut asked = Vec::new();
    for org in ["acme", "globex"] {
        asked.extend(metadata_questions(server, org, until).await);
    }
    for org in ["acme", "globex"] {
        asked.extend(secret_questions(server, org).await);
    }
    asked.extend(refused_questions(server).await);
    asked
}

fn question(asks: &str, path: impl Into<String>) -> Value {
    json!({ "asks": asks, "path": path.into() })
}

async fn listed(server: &Server, org: &str, path: &str) -> Vec<Map<String, Value>> {
    let list = must(&server.client(Character::admin_of(org)).get(path).await, 200);
    list.as_array().unwrap().iter().map(|item| item.as_object().unwrap().clone()).collect()
}

async fn ids(server: &Server, org: &str, path: &str) -> Vec<String> {
    let items = listed(server, org, path).await;
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn metadata_questions(server: &Server, org: &str, until: &str) -> Vec<Value> {
    let mut paths: Vec<String> = [
        "/integrations/credentials?limit=200",
        "/integrations/credentials?limit=2",
        "/integrations/credentials?slot=nightly.export",
        "/integrations/credentials?name=Mail",
        "/integrations/credentials/provider/sftp",
        "/v1/integrations",
        "/v1/integrations?status=disconnected",
        "/integration-credentials/",
        "/integration-credentials/provider/salesforce",
        "/service-accounts",
        "/integrations/oauth/apps",
    ]
    .map(str::to_owned)
    .into();
    let statuses = CredentialStatus::ALL.iter().map(|status| status.as_str());
    paths.extend(statuses.map(|status| format!("/integrations/credentials?status={status}")));
    for id in ids(server, org, "/integrations/credentials?limit=200").await {
        paths.push(format!("/integrations/credentials/{id}"));
    }
    for id in ids(server, org, "/integration-credentials/").await {
        paths.push(format!("/integration-credentials/{id}"));
        paths.push(format!("/integrations/audit?credential_id={id}&to={until}"));
    }
    for id in ids(server, org, "/service-accounts").await {
        paths.push(format!("/service-accounts/{id}"));
        paths.push(format!("/service-accounts/{id}/api-keys"));
    }
    for id in ids(server, org, "/integrations/oauth/apps").await {
        paths.push(format!("/integrations/oauth/apps/{id}"));
    }
    let trail = format!("/integrations/audit?to={until}");
    let admin = server.client(Character::admin_of(org));
    let whole = must(&admin.get(&format!("{trail}&limit=500")).await, 200);
    assert!(whole["next_cursor"].is_null(), "the trail has more than a page");
    let cursor = must(&admin.get(&format!("{trail}&limit=9")).await, 200)["next_cursor"].clone();
    paths.push(format!("{trail}&limit=500"));
    paths.push(format!("{trail}&limit=9&cursor={}", cursor.as_str().unwrap()));
    paths.push(format!("{trail}&action=secret.read"));
    paths.push(format!("{trail}&actor=user:alice&limit=20"));
    paths.push(format!("/integrations/audit/verify?from_seq=1&to_seq={}", whole["items"][0]["seq"]));
    paths.push(format!("/integrations/audit/verify?from_seq=3&to_seq={}", whole["items"][1]["seq"]));
    paths.into_iter().map(|path| question(&format!("admin {org}"), path)).collect()
}

async fn secret_questions(server: &Server, org: &str) -> Vec<Value> {
    let program = format!("program {org} credentials:read secrets:read");
    let all = ids(server, org, "/integrations/credentials?limit=200").await;
    let mut asked: Vec<Value> =
        all.iter().map(|id| question(&program, format!("/integrations/credentials/{id}/secrets"))).collect();
    let whole = ["unverified", "validated", "rejected"];
    let items = listed(server, org, "/integrations/credentials?limit=200").await;
    let readable = items.iter().filter(|item| whole.contains(&item["status"].as_str().unwrap()));
    let mut batch = question(&program, "/integrations/credentials/secrets");
    batch["body"] = json!({ "ids": readable.map(|item| &item["id"]).collect::<Vec<_>>() });
    asked.push(batch);
    let crm = ids(server, org, "/integration-credentials/").await;
    let clear = crm.iter().map(|id| format!("/integration-credentials/{id}"));
    let others = ["/integration-credentials/", "/integrations/slots/nightly.export/credentials"];
    asked.extend(clear.chain(others.map(str::to_owned)).map(|path| question(&program, path)));
    asked
}

async fn refused_questions(server: &Server) -> Vec<Value> {
    let list = "/integrations/credentials?limit=200";
    let slot = ids(server, "acme", "/integrations/credentials?slot=nightly.export").await.remove(0);
    let of_slot = format!("/integrations/credentials/{slot}/secrets");
    let theirs = ids(server, "globex", list).await.remove(0);
    let of_theirs = format!("/integrations/credentials/{theirs}/secrets");
    let mut asked = Vec::new();
    for name in ["reader", "of_sftp", "of_one", "idle", "gone", "over by now", "revoked", "globex"] {
        for path in [list, &of_slot, &of_theirs] {
            asked.push(question(&format!("key {name}"), path));
        }
    }
    for who in ["member acme", "guest acme", "nobody"] {
        for path in [list, &of_slot, "/integration-credentials/", "/integrations/audit", "/service-accounts"]
        {
            asked.push(question(who, path));
        }
    }
    asked.push(question("admin globex", format!("/integrations/credentials/{slot}")));
    asked
}
