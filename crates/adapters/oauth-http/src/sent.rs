//! What a request has sent that must not come back into a log.

use strongroom_authorization_server::{Client, Grant};
use strongroom_declared_http::Traces;
use strongroom_domain::{Content, SecretText};

/// So many characters in a row that a text and a secret have in common are no chance.
const PART: usize = 8;

/// A shorter text lies in every long secret by chance.
const SHORTEST: usize = 4;

/// The secrets of a request.
#[derive(Default)]
pub(crate) struct Sent(Vec<SecretText>);

impl Sent {
    /// The secrets of a token request: those of the app, of the grant and of the credential.
    pub(crate) fn with_grant(client: &Client, grant: &Grant, content: &Content) -> Self {
        let of_grant = match grant {
            Grant::Code { code, verifier, .. } => vec![code, verifier],
            Grant::Refresh { refresh_token, .. } => vec![refresh_token],
            Grant::ClientCredentials => Vec::new(),
        };
        Self::of(of_grant.into_iter().chain(&client.secret), content)
    }

    /// Other secrets, and those of the credential.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a SecretText>, content: &'a Content) -> Self {
        let secrets = secrets.into_iter().chain(content.secret.iter().map(|(_, secret)| secret));
        Self(secrets.map(SecretText::duplicate).collect())
    }

    /// Whether a secret, or a part of one, can be recognised in a text.
    pub(crate) fn is_shown_by(&self, text: &str) -> bool {
        self.0.iter().any(|secret| has_part_of(text, secret) || Traces::of(secret.expose()).are_in(text))
    }
}

/// Whether a text of ASCII lies in a secret, or has as many characters in a row as [`PART`] in common with
/// it, whatever the case of their letters.
fn has_part_of(text: &str, secret: &SecretText) -> bool {
    let secret = secret.expose().as_bytes();
    if text.len() < SHORTEST {
        return secret.eq_ignore_ascii_case(text.as_bytes());
    }
    let length = text.len().min(PART);
    text.as_bytes().windows(length.max(1)).any(|part| {
        let is_same = |other: &[u8]| other.eq_ignore_ascii_case(part);
        secret.windows(part.len()).any(is_same)
    })
}
