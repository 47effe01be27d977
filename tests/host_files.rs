//! Files and folders as hosts, Docker and Kubernetes lay them (security.md, row 16).

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::server::PROGRAM;
use crate::support::{Setup, World};

/// The user and the group of a container.
const USER: u32 = 1_000;
const GROUP: u32 = 1_000;

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// A folder that every user can reach, with the program in it. `None` where the test may not become another
/// user.
fn container() -> Option<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    if std::fs::metadata(folder.path()).unwrap().uid() != 0 {
        return None;
    }
    set_mode(folder.path(), 0o755);
    let program = folder.path().join("strongroom");
    std::fs::hard_link(PROGRAM, &program).or_else(|_| std::fs::copy(PROGRAM, &program).map(drop)).unwrap();
    Some((folder, program))
}

/// Runs a command of the program as a user in these groups.
fn run_as(program: &Path, user: u32, group: u32, setup: &Setup, argument: &str) -> Output {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &user.to_string(), "--regid", &group.to_string()]);
    command.args(["--groups", &GROUP.to_string()]).arg(program).arg(argument);
    command.env_clear().envs(setup.command().get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// The settings of a container whose data directory is this one.
fn settings(data: &Path) -> Setup {
    Setup::embedded().with("STRONGROOM_DATA_DIR", &data.display().to_string())
}

fn ring() -> String {
    strongroom::KeyRing::generate("k1").unwrap().render().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_is_refused_only_when_strangers_get_at_it() {
    let Some((folder, program)) = container() else { return };
    let shared = folder.path().join("shared");
    std::fs::create_dir(&shared).unwrap();
    set_mode(&shared, 0o777);
    // Mode, owner, group, and what is said when it is refused.
    let rows = [
        (0o400, USER, GROUP, ""),
        (0o440, 0, GROUP, ""),
        (0o440, USER, GROUP, ""),
        (0o660, USER, GROUP, ""),
        (0o444, 0, 0, ""),
        (0o644, 0, 0, ""),
        (0o644, USER, GROUP, "run `chmod 600` on it"),
        (0o640, USER, 5, "run `chmod 600` on it"),
        (0o666, 0, 0, "can be changed by everybody"),
        (0o664, 0, 5, "can be changed by group 5"),
        (0o400, 0, 0, "`fsGroup` and `defaultMode: 0440`"),
        (0o440, 0, 5, "`fsGroup` and `defaultMode: 0440`"),
    ];
    for (at, (mode, owner, group, refusal)) in rows.into_iter().enumerate() {
        let file = folder.path().join(format!("keys-{at}"));
        std::fs::write(&file, ring()).unwrap();
        chown(&file, Some(owner), Some(group)).unwrap();
        set_mode(&file, mode);
        let setup = settings(&shared.join(at.to_string()))
            .with("STRONGROOM_VAULT__KEYS_FILE", &file.display().to_string());
        let output = run_as(&program, USER, GROUP, &setup, "migrate");
        let (row, said) = (format!("{mode:04o} {owner}:{group}"), said(&output));
        assert_eq!(output.status.success(), refusal.is_empty(), "{row}: {said}");
        assert!(said.contains(refusal), "{row}: {said}");
        let names_it = said.contains("vault.keys_file (STRONGROOM_VAULT__KEYS_FILE)");
        assert!(output.status.success() || names_it, "{row}: {said}");
        let is_warned_of = said.contains("can be read by everybody");
        assert_eq!(is_warned_of, refusal.is_empty() && mode & 0o004 != 0, "{row}: {said}");
    }
}

/// What the kubelet does with a volume at each start of a pod that has `fsGroup`.
fn prepare_as_kubelet(volume: &Path) {
    let asked = Command::new("chmod").args(["-R", "g+rwX"]).arg(volume).status().unwrap();
    assert!(asked.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_volume_of_a_pod_is_used_again_at_every_start() {
    let Some((folder, program)) = container() else { return };
    for (name, at_first) in [("closed", 0o2770), ("listed", 0o2775), ("open", 0o2777)] {
        let volume = folder.path().join(name);
        std::fs::create_dir_all(volume.join("lost+found")).unwrap();
        chown(&volume, None, Some(GROUP)).unwrap();
        set_mode(&volume, at_first);
        let setup = settings(&volume);
        // The last one is a pod that has another `runAsUser` than before.
        for (user, group, argument) in [
            (USER, GROUP, "migrate"),
            (USER, GROUP, "doctor"),
            (USER, GROUP, "doctor"),
            (2_000, 2_000, "doctor"),
        ] {
            let output = run_as(&program, user, group, &setup, argument);
            assert!(output.status.success(), "{name} {user} {argument}: {}", said(&output));
            if user == USER {
                assert_eq!(mode(&volume.join("keys")), 0o600);
                assert_eq!(mode(&volume.join("strongroom.db")), 0o600);
            }
            assert_eq!(mode(&volume), at_first, "a folder of root is left as it is");
            prepare_as_kubelet(&volume);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_not_ours_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let theirs = folder.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::write(theirs.join("file"), "theirs").unwrap();
    for open in [0o1777, 0o755, 0o770] {
        set_mode(&theirs, open);
        for (place, rule) in
            [(theirs.clone(), "other things than a vault are in it"), (theirs.join("file"), "is a file")]
        {
            for argument in ["migrate", "serve"] {
                let output = settings(&place).run(&[argument]);
                assert!(!output.status.success() && said(&output).contains(rule), "{}", said(&output));
            }
        }
        assert_eq!(mode(&theirs), open);
    }
    assert_eq!(std::fs::read_dir(&theirs).unwrap().count(), 1);

    // An empty folder is taken and closed, and so is the folder of a vault.
    let ours = folder.path().join("ours");
    std::fs::create_dir(&ours).unwrap();
    for open in [0o1777, 0o755] {
        set_mode(&ours, open);
        settings(&ours).must(&["migrate"]);
        assert_eq!(mode(&ours), 0o700);
        std::fs::write(ours.join("notes"), "of the operator").unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_keys_are_told_as_what_they_are_and_never_made_anew() {
    let nothing_else = "nothing else opens what was sealed";
    for is_marked in [true, false] {
        let world = World::embedded();
        world.setup.must(&["migrate"]);
        let keys = world.setup.data_dir().join("keys");
        let kept = std::fs::read(&keys).unwrap();
        std::fs::remove_file(&keys).unwrap();
        if !is_marked {
            std::fs::remove_file(world.setup.data_dir().join("initialized")).unwrap();
        }
        let refused = world.setup.launch().err().expect("the start is refused");
        assert!(refused.contains(nothing_else) && refused.contains("/keys: does not exist"), "{refused}");
        assert!(!keys.exists(), "no key ring is made beside a database");
        std::fs::write(&keys, kept).unwrap();
        set_mode(&keys, 0o600);
        world.setup.start().await.stop();
    }
    let named = [
        ("STRONGROOM_VAULT__KEYS_FILE", "vault.keys_file (STRONGROOM_VAULT__KEYS_FILE)", nothing_else),
        (
            "STRONGROOM_AUTH__JWT_SECRET_FILE",
            "auth.jwt_secret_file (STRONGROOM_AUTH__JWT_SECRET_FILE)",
            "does not exist",
        ),
    ];
    for (variable, setting, sentence) in named {
        let setup =
            Setup::embedded().with("STRONGROOM_AUTH__JWT_SECRET", "").with(variable, "/nowhere/at/all");
        let refused = said(&setup.run(&["migrate"]));
        assert!(refused.contains(setting) && refused.contains(sentence), "{refused}");
    }
    let issuer = Setup::embedded()
        .with("STRONGROOM_AUTH__ISSUERS__CORP__ISSUER", "https://id.example.com/")
        .with("STRONGROOM_AUTH__ISSUERS__CORP__AUDIENCE", "strongroom")
        .with("STRONGROOM_AUTH__ISSUERS__CORP__JWKS_FILE", "/nowhere/at/all");
    let refused = said(&issuer.run(&["migrate"]));
    assert!(
        refused.contains("auth.issuers.corp.jwks_file") && refused.contains("does not exist"),
        "{refused}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_in_the_data_directory_is_never_written_through() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    std::fs::write(&target, "theirs").unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    for name in ["keys.new", "jwt-secret.new", "initialized.new"] {
        symlink(&target, data.join(name)).unwrap();
    }
    let setup = settings(&data).with("STRONGROOM_AUTH__JWT_SECRET", "");
    setup.must(&["migrate"]);
    assert!(std::fs::symlink_metadata(data.join("keys")).unwrap().is_file());
    symlink(&target, data.join("audit-checkpoints.jsonl")).unwrap();
    let logs = setup.start().await.stop();
    assert!(logs.contains("is a link; remove it"), "{logs}");
    std::fs::remove_file(data.join("audit-checkpoints.jsonl")).unwrap();
    std::fs::write(data.join("audit-checkpoints.jsonl"), "").unwrap();
    set_mode(&data.join("audit-checkpoints.jsonl"), 0o666);
    setup.start().await.stop();
    assert_eq!(mode(&data.join("audit-checkpoints.jsonl")), 0o600);
    std::fs::remove_file(data.join("lock")).unwrap();
    symlink(&target, data.join("lock")).unwrap();
    let refused = setup.launch().err().expect("the start is refused");
    assert!(refused.contains("lock") && refused.contains("is a link"), "{refused}");
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "theirs");
    assert_eq!(std::fs::metadata(&target).unwrap().uid(), std::fs::metadata(&data).unwrap().uid());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_and_provider_files_that_strangers_can_change_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (file, catalog) = (folder.path().join("strongroom.toml"), folder.path().join("providers"));
    std::fs::create_dir(&catalog).unwrap();
    let provider = catalog.join("salesforce.toml");
    std::fs::write(&provider, include_str!("../config/providers/salesforce.toml")).unwrap();
    let setup = Setup::embedded();
    let secret = format!("[vault]\nkeys = \"{}\"\n", ring().trim());
    let plain = format!("[catalog]\ndir = \"{}\"\n", catalog.display());
    let migrate = || setup.run(&["--config", &file.display().to_string(), "migrate"]);
    // What the settings file holds, the modes of file, folder and provider file, and what is said.
    let rows = [
        (&secret, 0o600, 0o755, 0o644, ""),
        (&secret, 0o644, 0o755, 0o644, "holds secrets and is readable by others"),
        (&secret, 0o666, 0o755, 0o644, "can be changed by everybody"),
        (&plain, 0o644, 0o755, 0o644, ""),
        (&plain, 0o666, 0o755, 0o644, "can be changed by everybody"),
        (&plain, 0o644, 0o777, 0o644, "catalog.dir (STRONGROOM_CATALOG__DIR)"),
        (&plain, 0o644, 0o755, 0o646, "catalog.dir (STRONGROOM_CATALOG__DIR)"),
    ];
    for (text, of_file, of_folder, of_provider, refusal) in rows {
        std::fs::write(&file, text).unwrap();
        set_mode(&file, of_file);
        set_mode(&catalog, of_folder);
        set_mode(&provider, of_provider);
        let output = migrate();
        let said = said(&output);
        assert_eq!(
            output.status.success(),
            refusal.is_empty(),
            "{of_file:o} {of_folder:o} {of_provider:o}: {said}"
        );
        assert!(said.contains(refusal), "{said}");
        std::fs::remove_dir_all(setup.data_dir()).ok();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn variables_of_images_and_of_kubernetes_are_passed_over() {
    let setup = Setup::embedded()
        .with("STRONGROOM_PORT", "tcp://10.0.0.1:8080")
        .with("STRONGROOM_PORT_8080_TCP_ADDR", "10.0.0.1")
        .with("STRONGROOM_SERVICE_HOST", "10.0.0.1")
        .with("STRONGROOM_VERSION", "1.2.3");
    let logs = setup.start().await.stop();
    assert!(
        logs.contains("STRONGROOM_PORT_8080_TCP_ADDR") && logs.contains("enableServiceLinks: false"),
        "{logs}"
    );
    assert!(!logs.contains("10.0.0.1"), "{logs}");
    let refused = setup.with("STRONGROOM_STORE_URL", "canary").launch().err().expect("the start is refused");
    assert!(refused.contains("is STRONGROOM_STORE__URL meant?") && !refused.contains("canary"), "{refused}");
}
