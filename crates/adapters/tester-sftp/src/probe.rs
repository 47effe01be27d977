use ring::rand::{SecureRandom, SystemRandom};
use russh::ChannelMsg;
use russh_sftp::client::RawSftpSession;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::protocol::{FileAttributes, OpenFlags, StatusCode};
use strongroom_domain::TestCode;
use strongroom_provider_tester::{Cause, TEST_LIMIT, Verdict};

use crate::deadlines::Deadlines;
use crate::ending::{Ending, broken, fault, misconfigured};
use crate::handshake::SshSession;

/// The longest answer that is read, in bytes.
const MAX_PACKET_BYTES: u32 = 64 * 1024;

/// Checks what the login can do: SFTP, its home, and a file in `folder` when one is given.
///
/// No folder is listed: its content is private to the account, and the list might never end.
///
/// # Errors
/// `insufficient` when something is not permitted, `invalid_config` when `folder` is not a folder, `timeout`,
/// `provider_error`.
pub(crate) async fn probe(
    session: &SshSession,
    folder: Option<&str>,
    deadlines: &Deadlines,
) -> Result<(), Ending> {
    let sftp = deadlines.within(TEST_LIMIT, open_sftp(session)).await?;
    match folder {
        None => deadlines.within(TEST_LIMIT, look_around(&sftp)).await,
        Some(folder) => leave_no_trace(&sftp, folder, deadlines).await,
    }
}

async fn open_sftp(session: &SshSession) -> Result<RawSftpSession, Ending> {
    let mut channel = session.handle.channel_open_session().await.map_err(|error| match error {
        russh::Error::ChannelOpenFailure(_) => no_session(),
        error => hung_up(&error),
    })?;
    channel.request_subsystem(true, "sftp").await.map_err(|error| hung_up(&error))?;
    loop {
        match channel.wait().await {
            Some(ChannelMsg::Success) => break,
            Some(ChannelMsg::Failure) => return Err(no_subsystem()),
            Some(ChannelMsg::Close | ChannelMsg::Eof) => return Err(no_session()),
            Some(_) => {}
            None => return Err(hung_up(&russh::Error::Disconnect)),
        }
    }
    let config = russh_sftp::client::Config {
        max_packet_len: MAX_PACKET_BYTES,
        request_timeout_secs: TEST_LIMIT.as_secs(),
        ..russh_sftp::client::Config::default()
    };
    let sftp = RawSftpSession::new_with_config(channel.into_stream(), config);
    match sftp.init().await {
        Ok(_) => Ok(sftp),
        Err(_) if session.handle.is_closed() => Err(hung_up(&russh::Error::Disconnect)),
        Err(_) => Err(not_sftp()),
    }
}

async fn look_around(sftp: &RawSftpSession) -> Result<(), Ending> {
    let refused = "The login works, but the account may not look at its own folder.";
    let home = sftp.realpath(".").await.map_err(|error| failed(&error, refused))?;
    if home.files.len() != 1 {
        return Err(broken("sftp: not one real path"));
    }
    sftp.stat(".").await.map(drop).map_err(|error| failed(&error, refused))
}

/// Writes a file, reads it back, and removes it even when an earlier part fails.
async fn leave_no_trace(sftp: &RawSftpSession, folder: &str, deadlines: &Deadlines) -> Result<(), Ending> {
    deadlines.within(TEST_LIMIT, check_folder(sftp, folder)).await?;
    let name = unpredictable_name()?;
    let path = format!("{}/{name}", folder.trim_end_matches('/'));
    let made = deadlines.within(TEST_LIMIT, create(sftp, &path)).await;
    let used = match made {
        Ok(handle) => deadlines.within(TEST_LIMIT, fill_and_compare(sftp, &path, handle, &name)).await,
        // When the server did not answer in time, the file may still have been created.
        Err(Ending::Verdict(verdict)) if verdict.code == TestCode::Timeout => Err(Ending::Verdict(verdict)),
        Err(ending) => return Err(ending),
    };
    let removed = deadlines.at_last(sftp.remove(path.as_str())).await;
    used?;
    match removed {
        Some(Ok(_)) => Ok(()),
        Some(Err(error @ SftpError::Status(_))) => Err(failed(
            &error,
            "The login works, but a file in the test path could be written and not removed. Please remove the one whose name begins with .strongroom-test.",
        )),
        Some(Err(error)) => Err(failed(&error, "")),
        None => Err(Verdict::of(TestCode::Timeout).into()),
    }
}

async fn check_folder(sftp: &RawSftpSession, folder: &str) -> Result<(), Ending> {
    match sftp.stat(folder).await {
        Ok(found) if found.attrs.permissions.is_some() && !found.attrs.is_dir() => Err(no_folder()),
        Ok(_) => Ok(()),
        Err(SftpError::Status(status)) if status.status_code == StatusCode::NoSuchFile => Err(no_folder()),
        Err(error) => Err(failed(&error, "The login works, but the account may not use the test path.")),
    }
}

async fn create(sftp: &RawSftpSession, path: &str) -> Result<String, Ending> {
    let flags = OpenFlags::WRITE | OpenFlags::CREATE | OpenFlags::EXCLUDE;
    let private = FileAttributes { permissions: Some(0o600), ..FileAttributes::empty() };
    let opened = sftp.open(path, flags, private).await;
    let opened = opened.map_err(|error| {
        failed(&error, "The login works, but the account may not write in the test path.")
    })?;
    Ok(opened.handle)
}

async fn fill_and_compare(
    sftp: &RawSftpSession,
    path: &str,
    handle: String,
    text: &str,
) -> Result<(), Ending> {
    let not_written = "The login works, but a file in the test path could be made and not written.";
    let not_read = "The login works, but a file in the test path could be written and not read back.";
    let written = |error| failed(&error, not_written);
    let read = |error| failed(&error, not_read);
    sftp.write(handle.as_str(), 0, text.as_bytes().to_vec()).await.map_err(written)?;
    sftp.close(handle).await.map_err(written)?;
    let reader = sftp.open(path, OpenFlags::READ, FileAttributes::empty()).await.map_err(read)?;
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    let found = sftp.read(reader.handle.as_str(), 0, length).await.map_err(read)?;
    sftp.close(reader.handle).await.map_err(read)?;
    if found.data == text.as_bytes() { Ok(()) } else { Err(broken("sftp: other bytes than were written")) }
}

/// 128 random bits, so that no other file can already have this name.
fn unpredictable_name() -> Result<String, Ending> {
    let mut bytes = [0; 16];
    SystemRandom::new().fill(&mut bytes).map_err(|_| broken("no randomness from the system"))?;
    Ok(format!(".strongroom-test-{:032x}", u128::from_be_bytes(bytes)))
}

/// Turns a failed request into an ending. A status is the server's decision about the account; every other
/// error means that there was no valid answer.
fn failed(error: &SftpError, refused: &'static str) -> Ending {
    match error {
        SftpError::Status(status) => Verdict::of(TestCode::Insufficient)
            .saying(refused)
            .because(Cause::Protocol(format!("sftp status {}", status.status_code as u32)))
            .into(),
        SftpError::Timeout => Verdict::of(TestCode::Timeout).into(),
        _ => broken("sftp: no proper answer"),
    }
}

fn no_subsystem() -> Ending {
    lacking(
        "The login works, but the server does not start SFTP for this account.",
        "Ask the server's operator to enable the SFTP subsystem for this account.",
    )
}

fn no_session() -> Ending {
    lacking(
        "The login works, but the server ends the session of this account before SFTP starts.",
        "Ask the server's operator whether the account is restricted, has expired or must change its password first, or lacks its home folder.",
    )
}

/// The whole connection ended after the login. OpenSSH does so without a word to the client.
fn hung_up(error: &russh::Error) -> Ending {
    Verdict::of(TestCode::ProviderError)
        .because(Cause::Protocol(fault(error).to_owned()))
        .saying("The login works, but the server ends the connection before SFTP starts.")
        .advising("The server may be unable to start the session of this account: the folder that it is confined to (ChrootDirectory) must belong to root and be writable by nobody else. Ask its operator, or try again later.")
        .into()
}

/// The session was started, and something else than the SFTP protocol came.
fn not_sftp() -> Ending {
    lacking(
        "The login works, but what the server starts for this account is not SFTP.",
        "A start file of the account's shell that prints a greeting, a password that has expired, and a shell or a forced command that ends at once are the usual causes: try `sftp` with this account, and ask the server's operator.",
    )
}

fn lacking(message: &'static str, hint: &'static str) -> Ending {
    Verdict::of(TestCode::Insufficient).saying(message).advising(hint).into()
}

fn no_folder() -> Ending {
    misconfigured(
        "The login works, but the test path is not a folder on the server.",
        "Check the test path; it is relative to where the account begins unless it starts with a slash.",
    )
}
