use std::sync::Arc;
use std::time::Duration;

use russh::client::{AuthResult, KeyboardInteractiveAuthResponse, Prompt};
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg};
use russh::{MethodKind, MethodSet};
use strongroom_domain::{SecretText, TestCode};
use strongroom_provider_tester::{Cause, Verdict};

use crate::deadlines::Deadlines;
use crate::ending::{Ending, broken, cut_off};
use crate::gatekeeper::Farewell;
use crate::handshake::SshSession;
use crate::settings::{Proof, Settings};

/// How long the login may take. A server usually delays its answer to a wrong password, by about 2 s.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// How many sets of questions a keyboard-interactive server may ask (RFC 4256).
const ROUNDS: usize = 3;

/// Whether a server that let the user in has checked the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// The server has checked it.
    Judged,
    /// The server lets this user in without checking it.
    Unasked,
}

/// Logs in. The secret is sent for one check only, because accounts may get locked.
///
/// # Errors
/// `auth_rejected` when the server does not let the user in, also when it asks for more than the credential
/// has; `timeout`, `provider_error`.
pub(crate) async fn log_in(
    session: &mut SshSession,
    settings: &Settings,
    deadlines: &Deadlines,
) -> Result<Admission, Ending> {
    let user = &settings.username;
    let attempt = async {
        // Asks for the available methods (RFC 4252, section 5.2). Without this, a password might have to be
        // sent twice, by two methods; and a server that needs no secret would accept any secret.
        let asked = session.handle.authenticate_none(user).await.map_err(|error| cut_off(&error))?;
        let methods = match asked {
            AuthResult::Success => return Ok(Admission::Unasked),
            AuthResult::Failure { remaining_methods, .. } => remaining_methods,
        };
        match &settings.proof {
            Proof::Password(password) => with_password(session, user, password, &methods).await,
            Proof::Key(_) if methods.is_empty() => Err(ended(session, NO_KEYS).await),
            Proof::Key(key) => with_key(session, user, key).await,
        }
    };
    deadlines.within(TIME_LIMIT, attempt).await
}

async fn with_password(
    session: &mut SshSession,
    user: &str,
    password: &SecretText,
    methods: &MethodSet,
) -> Result<Admission, Ending> {
    if methods.contains(&MethodKind::Password) {
        let result = session.handle.authenticate_password(user, password.expose()).await;
        judge(session, result, WRONG_PASSWORD).await
    } else if methods.contains(&MethodKind::KeyboardInteractive) {
        by_keyboard(session, user, password).await
    } else if methods.is_empty() {
        Err(ended(session, NO_PASSWORDS).await)
    } else {
        Err(NO_PASSWORDS.into())
    }
}

/// Answers the one question to which the password is the answer (RFC 4256, section 3.2).
async fn by_keyboard(
    session: &mut SshSession,
    user: &str,
    password: &SecretText,
) -> Result<Admission, Ending> {
    use KeyboardInteractiveAuthResponse as Response;
    let mut response = session.handle.authenticate_keyboard_interactive_start(user, None).await;
    let mut password = Some(password);
    for _ in 0..=ROUNDS {
        let prompts = match response {
            Ok(Response::InfoRequest { name, instructions, prompts }) => {
                if password.is_none() && wants_new_password([&name, &instructions], &prompts) {
                    return Err(EXPIRED.into());
                }
                prompts
            }
            Ok(Response::Success) if password.is_some() => return Ok(Admission::Unasked),
            Ok(Response::Success) => return Ok(Admission::Judged),
            // The password was not asked for, so nothing is known about it.
            Ok(Response::Failure { partial_success: false, .. }) if password.is_some() => {
                return Err(NO_PASSWORDS.into());
            }
            Ok(Response::Failure { remaining_methods, partial_success }) => {
                let result = AuthResult::Failure { remaining_methods, partial_success };
                return judge(session, Ok(result), WRONG_PASSWORD).await;
            }
            Err(_) => return Err(ended(session, WRONG_PASSWORD).await),
        };
        let answers = match (prompts.as_slice(), password) {
            ([], _) => vec![],
            ([Prompt { echo: false, .. }], Some(secret)) => {
                password = None;
                vec![secret.expose().to_owned()]
            }
            _ => return Err(SECOND_FACTOR.into()),
        };
        response = session.handle.authenticate_keyboard_interactive_respond(answers).await;
    }
    Err(broken("keyboard-interactive without an end"))
}

/// Whether a server that has the password asks for another one, as PAM does when it has expired. Its words
/// are read and not repeated.
fn wants_new_password(texts: [&str; 2], prompts: &[Prompt]) -> bool {
    let prompts = prompts.iter().map(|prompt| prompt.prompt.as_str());
    texts.into_iter().chain(prompts).map(str::to_lowercase).any(|text| {
        let says = |words: &[&str]| words.iter().all(|word| text.contains(word));
        [["new", "password"], ["current", "password"], ["change", "password"], ["password", "expired"]]
            .iter()
            .any(|words| says(words))
    })
}

async fn with_key(session: &mut SshSession, user: &str, key: &Arc<PrivateKey>) -> Result<Admission, Ending> {
    let mut hash = None;
    let mut wrong_key = WRONG_KEY;
    if key.algorithm().is_rsa() {
        // A server that does not announce its hashes supports at least rsa-sha2-256, or no safe one (RFC
        // 8332).
        let best = session.handle.best_supported_rsa_hash().await.map_err(|error| cut_off(&error))?;
        if best.is_none() {
            wrong_key = WRONG_RSA_KEY;
        }
        hash = best.unwrap_or(Some(HashAlg::Sha256));
        if hash.is_none() {
            return Err(ONLY_SHA1.into());
        }
    }
    let key = PrivateKeyWithHashAlg::new(Arc::clone(key), hash);
    let result = session.handle.authenticate_publickey(user, key).await;
    let no_keys = matches!(
        &result,
        Ok(AuthResult::Failure { remaining_methods, partial_success: false })
            if !remaining_methods.is_empty() && !remaining_methods.contains(&MethodKind::PublicKey)
    );
    judge(session, result, if no_keys { NO_KEYS } else { wrong_key }).await
}

async fn judge(
    session: &mut SshSession,
    result: Result<AuthResult, russh::Error>,
    refusal: Refusal,
) -> Result<Admission, Ending> {
    match result {
        Ok(AuthResult::Success) => Ok(Admission::Judged),
        Ok(AuthResult::Failure { partial_success: true, .. }) => Err(SECOND_FACTOR.into()),
        Ok(AuthResult::Failure { remaining_methods, .. }) if !remaining_methods.is_empty() => {
            Err(refusal.into())
        }
        Ok(AuthResult::Failure { .. }) | Err(_) => Err(ended(session, refusal).await),
    }
}

/// Returns the ending after a session has ended. The library reports that as a refusal which leaves no
/// method, so how the session ended decides.
async fn ended(session: &mut SshSession, refusal: Refusal) -> Ending {
    if session.seen.farewell().is_none() {
        (&mut session.handle).await.ok();
    }
    match session.seen.farewell() {
        Some(Farewell::NoMethodLeft | Farewell::NoMoreMethods) => refusal.into(),
        Some(Farewell::TooManyFailures) => TOO_MANY.into(),
        Some(Farewell::Closed) | None => broken("connection closed by the server during the login"),
    }
}

#[derive(Clone, Copy)]
struct Refusal {
    code: TestCode,
    message: &'static str,
    hint: &'static str,
}

impl From<Refusal> for Ending {
    fn from(refusal: Refusal) -> Self {
        let verdict = Verdict::of(refusal.code).saying(refusal.message).advising(refusal.hint);
        verdict.because(Cause::Protocol("login refused".to_owned())).into()
    }
}

const WRONG_PASSWORD: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server refused the user name or password.",
    hint: "Check the password; the account may be locked after several attempts.",
};

const EXPIRED: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server took the password and asks for a new one: it has expired.",
    hint: "Set a new password for this account on the server, and store that one.",
};

const WRONG_KEY: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server refused the user name or private key.",
    hint: "Check that the key's public half is among the authorized keys of this account, and that the server takes keys of this kind and size.",
};

/// The refusal of an RSA key by a server that does not say which hashes it takes.
const WRONG_RSA_KEY: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server refused the user name or private key, or it knows RSA only with SHA-1, which is not safe.",
    hint: "Check that the key's public half is among the authorized keys of this account. If it is, the server may be an old one that takes RSA keys only with SHA-1: try an Ed25519 key, or update the server.",
};

const NO_PASSWORDS: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server does not let this user in with a password.",
    hint: "Ask the server's operator how this account may log in; a private key may be needed.",
};

const NO_KEYS: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server does not let this user in with a key.",
    hint: "Ask the server's operator how this account may log in; a password may be needed.",
};

const SECOND_FACTOR: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server asks this user for a second factor.",
    hint: "Use an account that logs in with a password or a key alone.",
};

const TOO_MANY: Refusal = Refusal {
    code: TestCode::AuthRejected,
    message: "The server counted too many failed logins.",
    hint: "Check the secret, and wait before testing again; the account may be locked.",
};

const ONLY_SHA1: Refusal = Refusal {
    code: TestCode::ProviderError,
    message: "The server takes RSA keys only with SHA-1, which is not safe.",
    hint: "Use an Ed25519 or ECDSA key, or update the server.",
};
