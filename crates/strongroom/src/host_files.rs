//! Judges which users of the host can read or change a file, as hosts and containers lay files.
//!
//! A file is refused only when strangers can really get at it. A container's manager lays secrets as files of
//! root, readable by a group of ours (a volume of Kubernetes with `fsGroup`) or by everybody (Docker), often
//! on a mount that is read-only; what this process could not change by itself is used with a warning.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::StatVfsMountFlags;
use rustix::process::{getegid, geteuid, getgroups};

/// What was found out about a file or folder that may be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// Strangers have no access.
    Private,
    /// It can be used, and the operator should know this about it.
    Noted(String),
}

/// The file or folder is open to strangers: what is wrong, and what to do.
pub type Exposed = String;

/// Says whether a file that holds secrets may be used.
///
/// # Errors
/// When users who are neither root, nor this process's user, nor in a group of its own can read it, and this
/// process's user could prevent that; and when such users can write to it. A file of root that has no writer
/// is taken for one that a container's manager has laid, by a process of root too.
pub fn judge_secret(file: &File) -> Result<Exposure, Exposed> {
    let facts = Facts::of(file)?;
    facts.refuse_writers()?;
    facts.judge_readers()
}

/// Says whether a file or folder that decides about secrets, such as a settings file, may be used.
///
/// # Errors
/// When users who are neither root, nor this process's user, nor in a group of its own can write to it. One
/// that cannot be opened is no error here.
pub fn refuse_changeable(path: &Path) -> Result<(), Exposed> {
    match File::open(path) {
        Ok(file) => Facts::of(&file)?.refuse_writers(),
        Err(_) => Ok(()),
    }
}

/// Says whether a file of the data directory is one of ours.
///
/// # Errors
/// When it belongs to a stranger and a group of strangers, or strangers can write to it.
pub(crate) fn refuse_strange(file: &File) -> Result<(), Exposed> {
    let facts = Facts::of(file)?;
    if !facts.is_ours() && facts.user != 0 && facts.is_group_of_strangers() {
        return Err(format!("belongs to user {}; remove it, the file is made anew", facts.user));
    }
    facts.refuse_writers()
}

/// The user and the groups of this process.
pub(crate) struct Ourselves {
    pub(crate) user: u32,
    groups: Vec<u32>,
}

impl Ourselves {
    pub(crate) fn now() -> Self {
        let mut groups: Vec<u32> =
            getgroups().unwrap_or_default().iter().map(|group| group.as_raw()).collect();
        groups.push(getegid().as_raw());
        Self { user: geteuid().as_raw(), groups }
    }

    /// Whether a group is one of ours.
    pub(crate) fn has(&self, group: u32) -> bool {
        self.groups.contains(&group)
    }
}

/// For messages: this process's user and groups.
impl std::fmt::Display for Ourselves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut groups = self.groups.clone();
        groups.sort_unstable();
        groups.dedup();
        let groups: Vec<String> = groups.iter().map(u32::to_string).collect();
        write!(f, "user {}, groups {}", self.user, groups.join(" "))
    }
}

/// What decides about a file.
struct Facts {
    mode: u32,
    user: u32,
    group: u32,
    is_read_only_mount: bool,
    is_folder: bool,
    we: Ourselves,
}

impl Facts {
    fn of(file: &File) -> Result<Self, Exposed> {
        let metadata: Metadata = file.metadata().map_err(|error| format!("cannot be looked at: {error}"))?;
        let mount = rustix::fs::fstatvfs(file).map(|mount| mount.f_flag);
        Ok(Self {
            mode: metadata.mode() & 0o7777,
            user: metadata.uid(),
            group: metadata.gid(),
            is_read_only_mount: mount.is_ok_and(|flags| flags.contains(StatVfsMountFlags::RDONLY)),
            is_folder: metadata.is_dir(),
            we: Ourselves::now(),
        })
    }

    fn is_ours(&self) -> bool {
        self.user == self.we.user
    }

    /// Whether the file's group holds strangers, as far as can be known.
    fn is_group_of_strangers(&self) -> bool {
        self.group != 0 && !self.we.has(self.group)
    }

    fn refuse_writers(&self) -> Result<(), Exposed> {
        if self.is_read_only_mount {
            return Ok(());
        }
        let mode = self.mode;
        if !self.is_ours() && self.user != 0 && self.is_group_of_strangers() {
            return Err(format!(
                "belongs to user {}, who is neither root nor ours, and can change it; run `chown` on it",
                self.user
            ));
        }
        if mode & 0o002 != 0 {
            return Err(format!("can be changed by everybody (mode {mode:04o}); run `chmod o-w` on it"));
        }
        if mode & 0o020 != 0 && self.is_group_of_strangers() {
            let group = self.group;
            return Err(format!(
                "can be changed by group {group}, which is none of ours (mode {mode:04o}, we are {}); run `chmod g-w` \
                 on it, or run this program in that group (Kubernetes: `fsGroup`)",
                self.we
            ));
        }
        Ok(())
    }

    fn judge_readers(&self) -> Result<Exposure, Exposed> {
        let mode = self.mode;
        if self.is_read_only_mount && mode & 0o002 != 0 {
            return Ok(Exposure::Noted(format!(
                "can be changed by everybody where it comes from (mode {mode:04o}); run `chmod o-w` on it there"
            )));
        }
        let (by_all, by_group) = (mode & 0o004 != 0, mode & 0o040 != 0);
        let who = match (by_all, by_group) {
            (true, _) => "everybody".to_owned(),
            (false, true) if self.is_group_of_strangers() => {
                format!("group {}, which is none of ours", self.group)
            }
            (false, true) if self.is_ours() && self.user != 0 => format!("group {}", self.group),
            (false, _) => return Ok(self.judge_owner()),
        };
        let is_laid = self.is_read_only_mount || !self.is_ours() || (self.user == 0 && mode & 0o222 == 0);
        let is_shared = !by_all && !self.is_group_of_strangers();
        if is_laid || is_shared {
            return Ok(Exposure::Noted(format!("can be read by {who} (mode {mode:04o}); {}", self.remedy())));
        }
        Err(format!("is readable by others: by {who} (mode {mode:04o}); {}", self.remedy()))
    }

    fn judge_owner(&self) -> Exposure {
        if self.is_ours() || self.user == 0 || self.is_read_only_mount {
            return Exposure::Private;
        }
        Exposure::Noted(format!("belongs to user {}, who can change it", self.user))
    }

    /// What closes the file to strangers, for the user of this process.
    fn remedy(&self) -> &'static str {
        match (self.is_folder, self.is_ours() && !self.is_read_only_mount) {
            (true, _) => "run `chmod 700` on it",
            (false, true) => "run `chmod 600` on it",
            (false, false) => {
                "lay it with mode 0400 or 0440 and a group of ours (Kubernetes: `defaultMode: 0440` and `fsGroup`; \
                 Docker: `uid`, `gid` and `mode` of the secret)"
            }
        }
    }
}
