//! Tests that keys and secrets are not visible on the host (security.md, rows 10 and 16).

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::{Character, World};

#[tokio::test(flavor = "multi_thread")]
async fn the_key_ring_is_nowhere_to_be_seen() {
    let world = World::postgres().with("RUST_LOG", "trace");
    let ring = world.setup.variable("STRONGROOM_VAULT__KEYS").unwrap().to_owned();
    let secret = world.setup.variable("STRONGROOM_AUTH__JWT_SECRET").unwrap().to_owned();
    let key = ring.split_once(':').unwrap().1.to_owned();
    let server = world.setup.start().await;
    server.client(Character::admin_of("acme")).store_sftp("a-password").await;
    let process = format!("/proc/{}", server.pid());
    for file in ["environ", "cmdline"] {
        let bytes = std::fs::read(format!("{process}/{file}")).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(&key) && !text.contains(&secret), "{file} shows a key");
    }
    let limits = std::fs::read_to_string(format!("{process}/limits")).unwrap();
    assert!(
        limits.lines().any(|line| line.starts_with("Max core file size") && line.contains(" 0 ")),
        "{limits}"
    );
    // A process that is not dumpable belongs to root in /proc, so that no other user can read its memory.
    let nobody = Command::new("setpriv")
        .args(["--reuid=65534", "--regid=65534", "--clear-groups", "cat", &format!("{process}/environ")])
        .output()
        .unwrap();
    assert!(!nobody.status.success());
    for arguments in
        [&["keys", "status"][..], &["keys", "status", "--json"], &["doctor"], &["audit", "verify"]]
    {
        let output = world.setup.run(arguments);
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(!text.contains(&key) && !text.contains(&secret), "{arguments:?} shows a key");
    }
    let logs = server.stop();
    assert!(!logs.contains(&key) && !logs.contains(&secret), "the log shows a key");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_private_whatever_the_umask() {
    let world = World::embedded();
    let mut shell = Command::new("sh");
    let program = world.setup.command();
    shell.arg("-c").arg("umask 000; exec \"$0\" migrate").arg(program.get_program());
    shell.current_dir(program.get_current_dir().unwrap());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    assert!(shell.env_remove("STRONGROOM_AUTH__JWT_SECRET").status().unwrap().success());
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&world.setup.data_dir()), 0o700);
    let mut names = Vec::new();
    for entry in std::fs::read_dir(world.setup.data_dir()).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        names.push(path.file_name().unwrap().to_string_lossy().into_owned());
    }
    for name in ["strongroom.db", "keys", "jwt-secret", "initialized"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_or_replaced_leaves_the_file() {
    let world = World::embedded();
    let server = world.setup.start().await;
    let admin = server.client(Character::admin_of("acme"));
    let id = admin.store_sftp("a-password").await;
    let hex = world.sql(&format!("SELECT {} FROM credentials", world.hex_of("envelope")));
    let old: Vec<u8> =
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
    assert_eq!(admin.delete(&format!("/integrations/credentials/{id}")).await.status, 204);
    server.stop();
    for (path, bytes) in crate::support::server::bytes_below(&world.setup.data_dir()) {
        let wrapped_key = &old[22..70];
        assert!(
            !bytes.windows(48).any(|window| window == wrapped_key),
            "{} holds the wrapped key",
            path.display()
        );
    }
}
