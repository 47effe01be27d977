//! Texts in PEM form (RFC 7468): their lines as OpenSSH and OpenSSL read them, and private keys told apart
//! from what people send in their place.

use crate::secret::SecretText;
use crate::violation::Rule;

/// Returns a PEM text with the lines that every reader takes: without byte order mark, ended by a line feed
/// each, without blanks around them and without empty ones, but for the one after the headers of the
/// traditional form (RFC 1421). OpenSSH refuses its own format with any other lines, and OpenSSL an empty
/// line inside a block, and below headers any line of another width than 64.
pub(crate) fn tidy(text: &SecretText) -> SecretText {
    // The memory is taken once, so that no part of the secret stays behind in a smaller piece.
    let mut tidy = String::with_capacity(text.len() + text.len() / LINE + 2);
    let (mut in_headers, mut is_encrypted, mut width) = (false, false, 0);
    let is_blank = |c: char| c.is_whitespace() || INVISIBLE.contains(&c);
    let lines =
        text.expose().split(['\n', '\r', '\u{2028}', '\u{2029}']).map(|line| line.trim_matches(is_blank));
    for line in lines.filter(|line| !line.is_empty()) {
        if in_headers && !is_header(line) {
            tidy.push('\n');
            is_encrypted = true;
        }
        in_headers = is_header(line);
        let is_data = is_encrypted && line.bytes().all(is_base64);
        if !is_data && width > 0 {
            tidy.push('\n');
            width = 0;
        }
        if !is_data {
            is_encrypted &= !line.starts_with("-----");
            tidy.push_str(line);
            tidy.push('\n');
            continue;
        }
        for character in line.chars() {
            tidy.push(character);
            width += 1;
            if width == LINE {
                tidy.push('\n');
                width = 0;
            }
        }
    }
    if width > 0 {
        tidy.push('\n');
    }
    SecretText::new(tidy)
}

/// Says that the lines of a private key were changed, when they were.
pub(crate) fn note(text: &SecretText) -> Option<&'static str> {
    (tidy(text).expose() != text.expose()).then_some(
        "line ends and blanks were made those that OpenSSH and OpenSSL read, which may refuse the file as it came.",
    )
}

/// The width of the lines of the traditional form (RFC 1421, section 4.3.2.4).
const LINE: usize = 64;

/// What editors and web pages leave around lines: a byte order mark, a zero-width space.
const INVISIBLE: [char; 2] = ['\u{feff}', '\u{200b}'];

fn is_header(line: &str) -> bool {
    line.contains(':')
}

/// Checks that a tidy text is one private key in PEM or OpenSSH form and nothing else. What stands inside is
/// not decoded.
///
/// # Errors
/// What the text is in place of a private key, or what has happened to it, and the next step.
pub(crate) fn check_private_key(tidy: &str) -> Result<(), Rule> {
    let first = tidy.lines().next().unwrap_or_default();
    match other_than_pem(first, tidy) {
        Some(text) => Err(Rule::fixed(text)),
        None => check_blocks(tidy).map_err(Rule::fixed),
    }
}

const NO_KEY: &str = "must be a private key in PEM or OpenSSH form, whose first line is like -----BEGIN OPENSSH PRIVATE KEY-----; give the whole file";
const ESCAPED: &str = "has a backslash and an n where its lines should end; give it with real line breaks, which JSON writes with one backslash, not with two";
const QUOTED: &str = "stands in quotes; give it without them";
const ONE_LINE: &str = "has lost its line breaks; give the file as it is, with the lines -----BEGIN …----- and -----END …----- on their own";
const BEFORE: &str =
    "has text before the line -----BEGIN …-----; give only the lines from there to -----END …-----";
const AFTER: &str =
    "has text after the line -----END …-----; give only the lines from -----BEGIN …----- to there";
const DASHES: &str = "must begin and end with five plain hyphens, as in -----BEGIN OPENSSH PRIVATE KEY-----; copy the file anew";
const UNFRAMED: &str = "lacks its first and last line, which are like -----BEGIN OPENSSH PRIVATE KEY----- and -----END OPENSSH PRIVATE KEY-----; give the whole file";
const ENCODED: &str = "is a whole file encoded as base64; decode it first, for example with `base64 -d`";
const CUT_OFF: &str = "is cut off: the line -----END …----- is missing; give the whole file";
const MIXED: &str =
    "begins as one kind of file and ends as another; copy the file anew, and give all of it and nothing else";
const NOT_BASE64: &str = "has characters between its first and last line that are not base64; copy the file anew, and not through a program that changes text";
const SEVERAL: &str = "holds several private keys; give only the one that belongs to this account";
const BESIDE: &str = "holds more than a private key; give only the lines from -----BEGIN … PRIVATE KEY----- to -----END … PRIVATE KEY-----";

const PERCENT: &str = "is percent-encoded; give the file as it is";
const FINGERPRINT: &str =
    "is the fingerprint of a key; give the private key itself, whose file begins with -----BEGIN";

/// What a text in PEM form with other control characters than line ends is.
pub(crate) const BINARY: Rule = Rule::fixed(
    "has characters that do not print, as a binary file or one in UTF-16 has; give it as plain text, which `openssl pkey -inform DER -in KEY -out FILE` or `iconv -f UTF-16 -t UTF-8 KEY > FILE` write",
);

const PUTTY: &str = "is a key file of PuTTY; convert it with `puttygen key.ppk -O private-openssh -o FILE`, or with PuTTYgen's menu Conversions, Export OpenSSH key, and give what is in FILE, with the passphrase it had";
const SSH_COM: &str = "is a private key in the format of ssh.com; convert it with `puttygen KEY -O private-openssh -o FILE`, or without passphrase with `ssh-keygen -i -f KEY > FILE`, and give what is in FILE";
const PUBLIC: &str = "is a public key; give the private one, which is in the file of that name without .pub and begins with -----BEGIN";
const SSH_CERTIFICATE: &str =
    "is an OpenSSH certificate; give the private key that it was made for, whose file begins with -----BEGIN";
const CERTIFICATE: &str =
    "is a certificate; give the private key that belongs to it, which is usually in a file of its own";
const DSA: &str =
    "is a DSA key, which SSH servers no longer take; make another one with `ssh-keygen -t ed25519`";
const PGP: &str = "is an OpenPGP key, which SSH does not use; make one with `ssh-keygen -t ed25519`";
const PKCS12: &str = "is a PKCS #7 or PKCS #12 file; take the private key out of it with `openssl pkcs12 -in FILE -nodes -nocerts`";
const PATH: &str = "is the path of a file; give what is in the file";
const JSON: &str =
    "is JSON; give only the private key in it, in PEM or OpenSSH form and with real line breaks";
const XML: &str = "is XML; export the private key in PEM or OpenSSH form";

/// How texts begin that are no PEM, in upper case.
const OTHERS: [(&str, &str); 17] = [
    ("PUTTY-USER-KEY-FILE-", PUTTY),
    ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY", SSH_COM),
    ("---- BEGIN SSH2 PUBLIC KEY", PUBLIC),
    ("SSH-", PUBLIC),
    ("ECDSA-SHA2-", PUBLIC),
    ("SK-", PUBLIC),
    ("{", JSON),
    ("[", JSON),
    ("<", XML),
    ("/", PATH),
    ("~", PATH),
    ("FILE:", PATH),
    ("AAAAB3NZA", PUBLIC),
    ("AAAAC3NZA", PUBLIC),
    ("AAAAE2VJZ", PUBLIC),
    // "-----BEGIN" in base64, and its beginning with four hyphens.
    ("LS0TLS1C", ENCODED),
    ("LS0TLSBC", ENCODED),
];

fn other_than_pem(first: &str, text: &str) -> Option<&'static str> {
    let upper = first.to_ascii_uppercase();
    if upper.starts_with("SSH-") || upper.starts_with("ECDSA-") || upper.starts_with("SK-") {
        let name = first.split(' ').next().unwrap_or_default();
        return Some(if name.contains("-cert-v0") { SSH_CERTIFICATE } else { PUBLIC });
    }
    if let Some((_, text)) = OTHERS.into_iter().find(|(start, _)| upper.starts_with(start)) {
        return Some(text);
    }
    if first.get(1..3) == Some(":\\") {
        return Some(PATH);
    }
    // Neither base64 nor the headers of PEM have a backslash or a percent sign.
    if text.contains("\\n") || text.contains("\\r") {
        return Some(ESCAPED);
    }
    if text.contains("%20") || text.contains("%0A") {
        return Some(PERCENT);
    }
    if first.starts_with(['"', '\'', '`', '“', '‘', '«']) {
        return Some(QUOTED);
    }
    if first.starts_with("-----BEGIN ") {
        return None;
    }
    let is_base64 = |line: &str| line.bytes().all(is_base64);
    Some(match () {
        () if text.contains("\n-----BEGIN ") || ends_with_begin(first) => BEFORE,
        () if text.contains("-----BEGIN ") => ONE_LINE,
        () if upper.contains("SHA256:") || upper.contains("MD5:") => FINGERPRINT,
        () if text.contains(" AAAA") => PUBLIC,
        () if text.contains("PuTTY-User-Key-File-") => PUTTY,
        () if upper.contains("BEGIN ") && first.starts_with(['-', '–', '—', '―', '‐', '‑', '−', 'B']) => {
            DASHES
        }
        () if text.len() > 40 && text.lines().all(is_base64) => UNFRAMED,
        () if text.contains("-----END ") => UNFRAMED,
        () => NO_KEY,
    })
}

/// Whether a line ends with the first line of a block, after something else.
fn ends_with_begin(line: &str) -> bool {
    let label = line.split_once("-----BEGIN ").and_then(|(_, label)| label.strip_suffix("-----"));
    label.is_some_and(|label| !label.contains("-----"))
}

/// The labels of private keys.
const KEYS: [&str; 5] =
    ["OPENSSH PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY"];
/// OpenSSL writes the curve before a key of SEC 1.
const CURVE: &str = "EC PARAMETERS";

fn check_blocks(text: &str) -> Result<(), &'static str> {
    let mut rest = text;
    let mut keys = 0;
    let mut others = None;
    while !rest.is_empty() {
        let (begin, body) = rest.split_once('\n').unwrap_or((rest, ""));
        let Some(label) = begin.strip_prefix("-----BEGIN ") else {
            return Err(if keys > 0 { AFTER } else { BEFORE });
        };
        let Some(label) = label.strip_suffix("-----").filter(|label| !label.contains("-----")) else {
            return Err(if label.contains("-----") { ONE_LINE } else { DASHES });
        };
        if KEYS.contains(&label) {
            keys += 1;
        } else if label != CURVE {
            others = others.or(Some(named(label)));
        }
        rest = check_block(label, body)?;
    }
    match (keys, others) {
        (1, None) => Ok(()),
        (0, Some(other)) => Err(other),
        (0, None) => Err(NO_KEY),
        (1, Some(_)) => Err(BESIDE),
        _ => Err(SEVERAL),
    }
}

/// Checks one block, and returns what follows.
fn check_block<'a>(label: &str, mut body: &'a str) -> Result<&'a str, &'static str> {
    loop {
        let (line, rest) = body.split_once('\n').ok_or(CUT_OFF)?;
        if let Some(end) = line.strip_prefix("-----END ") {
            return match end.strip_suffix("-----") {
                Some(end) if end == label => Ok(rest),
                Some(end) if end.contains("-----") => Err(ONE_LINE),
                Some(_) => Err(MIXED),
                None if end.trim_end_matches('-') == label => Err(DASHES),
                None if label.starts_with(end) => Err(CUT_OFF),
                None => Err(AFTER),
            };
        }
        if line.starts_with("-----BEGIN ") {
            return Err(CUT_OFF);
        }
        let may_be_header = label != "OPENSSH PRIVATE KEY";
        if !(line.bytes().all(is_base64) || may_be_header && is_header(line)) {
            let joined = line.contains("-----END ") || line.bytes().all(|b| is_base64(b) || b == b' ');
            return Err(if joined { ONE_LINE } else { NOT_BASE64 });
        }
        body = rest;
    }
}

/// What a block is that is no private key for SSH.
fn named(label: &str) -> &'static str {
    match label {
        "DSA PRIVATE KEY" | "DSA PARAMETERS" => DSA,
        "SSH2 ENCRYPTED PRIVATE KEY" => SSH_COM,
        _ if label.starts_with("PGP ") => PGP,
        _ if label.starts_with("PKCS") || label == "CMS" => PKCS12,
        _ if label.ends_with("PUBLIC KEY") => PUBLIC,
        _ if label.contains("CERTIFICATE") => CERTIFICATE,
        _ => NO_KEY,
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAABG5vbmU\nAAAA=\n-----END OPENSSH PRIVATE KEY-----\n";
    const OLD: &str = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,0011223344556677\n\nMIIEAAAAMIIEAAAAMIIEAAAAMIIEAAAAMIIEAAAAMIIEAAAAMIIEAAAAMIIEAAAA\nAAAA\n-----END RSA PRIVATE KEY-----\n";

    fn tidied(text: &str) -> String {
        tidy(&SecretText::new(text.to_owned())).expose().to_owned()
    }

    fn checked(text: &str) -> String {
        check_private_key(&tidied(text)).map_or_else(|rule| rule.to_string(), |()| "ok".to_owned())
    }

    #[test]
    fn lines_are_made_those_that_every_reader_takes_and_nothing_else_is_changed() {
        for key in [KEY, OLD] {
            let crlf = key.replace('\n', "\r\n");
            for text in [
                key.to_owned(),
                key.trim_end().to_owned(),
                key.replace('\n', "\r"),
                format!("\u{feff}{crlf}"),
                format!("\n \r\n{crlf}\n\n"),
                key.replace("-----END", "\n\n-----END"),
                key.replace('\n', " \t\n  "),
                key.replace('\n', "\n\u{a0}"),
            ] {
                assert_eq!(tidied(&text), key, "{text:?}");
                assert_eq!(checked(&text), "ok", "{text:?}");
            }
        }
        assert_eq!(tidied(&OLD.replace("AAAA\nAAAA", "AAAAAAAA")), OLD);
        assert_eq!(tidied(&OLD.replace("MIIE", "MIIE\n").replace("7\n\n", "7\n")), OLD);
        for lines in ["7\n\n\n\n", "7\n", "7\n \n"] {
            assert_eq!(tidied(&OLD.replace("7\n\n", lines)), OLD, "{lines:?}");
        }
        assert_eq!(tidied(&OLD.replace('\n', "\n\n")), OLD);
        assert_eq!(tidied(&KEY.replace('\n', "\u{200b}\u{2028}")), KEY);
    }

    #[test]
    fn a_person_is_told_of_changed_lines() {
        let told = |text: &str| note(&SecretText::new(text.to_owned())).is_some();
        assert!(!told(KEY) && told(KEY.trim_end()));
    }

    #[test]
    fn every_way_in_which_a_private_key_is_none_has_a_sentence_of_its_own() {
        let line = KEY.replace('\n', " ");
        let other = KEY.replace("OPENSSH PRIVATE KEY", "CERTIFICATE");
        let public = KEY.replace("OPENSSH PRIVATE KEY", "PUBLIC KEY");
        for (text, rule) in [
            (KEY.replace('\n', "\\n"), ESCAPED),
            (format!("\"{KEY}\""), QUOTED),
            (line.clone(), ONE_LINE),
            (KEY.replace('\n', ""), ONE_LINE),
            (KEY.replace("U\nA", "U A"), ONE_LINE),
            (KEY.replace("=\n-", "=-"), ONE_LINE),
            (format!("my key\n{KEY}"), BEFORE),
            (format!("my key: {line}"), ONE_LINE),
            (KEY.replace("-----BEGIN", "> -----BEGIN"), BEFORE),
            (format!("private_key: |\n{KEY}"), BEFORE),
            (KEY.replace('\n', "%0A"), PERCENT),
            ("256 SHA256:AAAA me@here (ED25519)".to_owned(), FINGERPRINT),
            ("from=\"192.0.2.0/24\" ssh-rsa AAAAB3NzaC1yc2E".to_owned(), PUBLIC),
            ("D:\\neo\\.ssh\\id_rsa".to_owned(), PATH),
            (format!("{{\"private_key\": \"{}\"}}", KEY.replace('\n', "\\n")), JSON),
            (format!("{KEY}my key"), AFTER),
            (format!("{}my key", KEY.trim_end()), AFTER),
            (KEY.replace("-----", "----"), DASHES),
            (KEY.replace("-----", "—"), DASHES),
            (KEY.replace("KEY-----\n", "KEY----\n").replacen("KEY----", "KEY-----", 1), DASHES),
            (KEY.trim_end().trim_end_matches('-').to_owned(), DASHES),
            (KEY.trim_end().trim_end_matches("VATE KEY-----").to_owned(), CUT_OFF),
            (KEY.lines().skip(1).map(|line| format!("{line}\n")).collect(), UNFRAMED),
            ("b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAA=".to_owned(), UNFRAMED),
            ("LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K".to_owned(), ENCODED),
            (KEY.lines().take(2).collect::<Vec<_>>().join("\n"), CUT_OFF),
            (KEY.replace("END OPENSSH", "END RSA"), MIXED),
            (KEY.replace("AAAA=", "AA*A="), NOT_BASE64),
            (KEY.replace("AAAA=", "Name: x"), NOT_BASE64),
            (format!("{KEY}{KEY}"), SEVERAL),
            (format!("{other}{KEY}"), BESIDE),
            (format!("{KEY}{other}"), BESIDE),
            ("PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none".to_owned(), PUTTY),
            ("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: x".to_owned(), SSH_COM),
            ("---- BEGIN SSH2 PUBLIC KEY ----\nAAAA".to_owned(), PUBLIC),
            ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@here".to_owned(), PUBLIC),
            ("ecdsa-sha2-nistp256 AAAAE2VjZHNh".to_owned(), PUBLIC),
            ("sk-ssh-ed25519@openssh.com AAAA".to_owned(), PUBLIC),
            (public, PUBLIC),
            ("ssh-rsa-cert-v01@openssh.com AAAA".to_owned(), SSH_CERTIFICATE),
            (other, CERTIFICATE),
            (KEY.replace("OPENSSH", "DSA"), DSA),
            (KEY.replace("OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK"), PGP),
            (KEY.replace("OPENSSH PRIVATE KEY", "PKCS7"), PKCS12),
            (KEY.replace("OPENSSH", "ANY"), NO_KEY),
            ("/home/etl/.ssh/id_ed25519".to_owned(), PATH),
            ("~/.ssh/id_rsa".to_owned(), PATH),
            ("{\"kty\": \"OKP\"}".to_owned(), JSON),
            ("<RSAKeyValue>".to_owned(), XML),
            ("a password".to_owned(), NO_KEY),
        ] {
            assert_eq!(checked(&text), rule, "{text}");
        }
    }

    #[test]
    fn a_curve_may_stand_before_its_key_and_is_none() {
        let curve = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
        let key = KEY.replace("OPENSSH", "EC");
        assert_eq!(checked(&format!("{curve}{key}")), "ok");
        assert_eq!(checked(curve), NO_KEY);
    }
}
