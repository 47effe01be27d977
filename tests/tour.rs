//! Runs the README's tour, command by command.

use std::process::Command;

use crate::support::server::PROGRAM;
use crate::support::{World, on_both_stores};

on_both_stores!(the_tour_of_the_readme_works);

async fn the_tour_of_the_readme_works(world: World) {
    let server = world.setup.start().await;
    let readme = include_str!("../README.md");
    let blocks: Vec<&str> =
        readme.split("```bash tour\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 5, "the tour is gone");
    let bin = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(PROGRAM, bin.path().join("strongroom")).unwrap();
    let path = format!("{}:{}", bin.path().display(), std::env::var("PATH").unwrap());
    let script = format!("set -euo pipefail\n{}", blocks.join("\n"));
    // The commands use the same settings as the server, through the same variables.
    let variables = world.setup.command();
    let mut shell = Command::new("bash");
    shell.arg("-c").arg(script).current_dir(bin.path());
    for (name, value) in variables.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let output = shell.env("PATH", path).env("API", format!("http://{}", server.address())).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("second-password\n403\n"), "{out}");
    assert!(
        out.contains("access.denied denied user:bob") && out.contains("secret.read success service:"),
        "{out}"
    );
    assert!(out.contains("\"refresh_token\":\"********\"}\nfirst-token\n"), "{out}");
    assert!(out.contains("datadog api_key [\"api_key\",\"application_key\"]"), "{out}");
    assert!(out.contains("ok   quota: every counter equals its rows"), "{out}");
}
