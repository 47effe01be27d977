//! Certificates in PEM form (RFC 7468), told apart from what people send in their place.

use crate::secret::SecretText;
use crate::violation::Rule;

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";
/// The older label, which OpenSSL still reads (RFC 7468, section 5.1).
const X509: [(&str, &str); 2] =
    [("-----BEGIN X509 CERTIFICATE-----", BEGIN), ("-----END X509 CERTIFICATE-----", END)];
/// The width of a line of base64 (RFC 7468, section 2).
const LINE: usize = 64;

const FORM: Rule = Rule::fixed(
    "must hold certificates in PEM form, which begin with -----BEGIN CERTIFICATE----- and end with -----END CERTIFICATE-----; give the whole file",
);
const PRIVATE: Rule = Rule::fixed("holds a private key; this field is public and takes certificates only");
const CUT_OFF: Rule =
    Rule::fixed("is cut off: the line -----END CERTIFICATE----- is missing; give the whole file");
const DAMAGED: Rule = Rule::fixed(
    "is damaged: what is between -----BEGIN CERTIFICATE----- and -----END CERTIFICATE----- is no certificate; copy the whole file anew",
);

/// Returns certificates as every reader takes them: their blocks and lines that begin with `#`, each line
/// ended by a line feed and base64 in lines of 64 characters. Other text around the blocks, which OpenSSL
/// prints there, is left out. A text that is no certificates is returned as it is.
pub(crate) fn tidy(text: &SecretText) -> SecretText {
    let mut whole = text.expose().replace(['\u{feff}', '\u{200b}'], "");
    for (old, new) in X509 {
        whole = whole.replace(old, new);
    }
    SecretText::new(tidied(&whole).unwrap_or(whole))
}

fn tidied(text: &str) -> Option<String> {
    let (mut tidy, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, block)) = rest.split_once(BEGIN) {
        let (body, after) = block.split_once(END)?;
        put_comments(&mut tidy, before)?;
        tidy.push_str(BEGIN);
        let digits = body.chars().filter(|c| !c.is_whitespace());
        for (place, digit) in digits.enumerate() {
            if place % LINE == 0 {
                tidy.push('\n');
            }
            tidy.push(digit);
        }
        tidy.push('\n');
        tidy.push_str(END);
        tidy.push('\n');
        rest = after;
    }
    put_comments(&mut tidy, rest)?;
    tidy.contains(BEGIN).then_some(tidy)
}

/// Puts the comments of a text. `None` when the text has blocks of something else.
fn put_comments(tidy: &mut String, text: &str) -> Option<()> {
    if text.contains("-----BEGIN ") || text.contains("-----END ") {
        return None;
    }
    for line in text.split(['\n', '\r']).map(str::trim).filter(|line| line.starts_with('#')) {
        tidy.push_str(line);
        tidy.push('\n');
    }
    Some(())
}

/// Says that a text was changed on the way in, when it was.
pub(crate) fn note(text: &SecretText) -> Option<&'static str> {
    (tidy(text).expose() != text.expose())
        .then_some("line ends, and text around the certificates, were made those that every reader takes.")
}

/// Checks that a tidy text is certificates and nothing else. The base64 of a DER SEQUENCE of usual length
/// begins with `MI`. The code that uses the certificates parses them.
///
/// # Errors
/// What the text is in place of certificates, and the next step.
pub(crate) fn check(tidy: &str) -> Result<(), Rule> {
    if tidy.contains("PRIVATE KEY-----") || tidy.contains("PuTTY-User-Key-File-") {
        return Err(PRIVATE);
    }
    if tidy.contains("\\n") {
        return Err(what_else(tidy));
    }
    let mut rest = tidy;
    let mut count = 0_usize;
    while !rest.is_empty() {
        if rest.starts_with('#') {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            continue;
        }
        let block = rest.strip_prefix(BEGIN).ok_or_else(|| what_else(tidy))?;
        let (body, after) = block.split_once(END).ok_or(CUT_OFF)?;
        if !is_certificate(body) {
            return Err(DAMAGED);
        }
        count += 1;
        rest = after.trim_start();
    }
    if count == 0 { Err(what_else(tidy)) } else { Ok(()) }
}

fn is_certificate(body: &str) -> bool {
    let base64: String = body.split_ascii_whitespace().collect();
    let digits = base64.trim_end_matches('=');
    let alphabet = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let whole = base64.len().is_multiple_of(4) && base64.len() - digits.len() <= 2;
    whole && digits.len() >= 128 && digits.starts_with("MI") && digits.bytes().all(alphabet)
}

/// What a text is that is no certificates, and the next step.
fn what_else(text: &str) -> Rule {
    let trimmed = text.trim();
    let is_base64 =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=') || b.is_ascii_whitespace();
    match () {
        () if text.contains("\\n") => Rule::fixed(
            "has a backslash and an n where its lines should end; give it with real line breaks, which JSON writes with one backslash, not with two",
        ),
        () if trimmed.starts_with(['"', '\'', '`', '“']) => {
            Rule::fixed("stands in quotes; give it without them")
        }
        () if text.contains("BEGIN CERTIFICATE REQUEST")
            || text.contains("BEGIN NEW CERTIFICATE REQUEST") =>
        {
            Rule::fixed(
                "is a certificate request; give the certificate of the authority that signed the server's",
            )
        }
        () if text.contains("BEGIN PKCS7") || text.contains("BEGIN CMS") => Rule::fixed(
            "is a PKCS #7 file; take the certificates out of it with `openssl pkcs7 -in FILE -print_certs`",
        ),
        () if text.contains("BEGIN TRUSTED CERTIFICATE") => Rule::fixed(
            "is in OpenSSL's own form of trusted certificates; write it anew with `openssl x509 -in FILE -out NEW`",
        ),
        () if text.contains("PUBLIC KEY-----") => {
            Rule::fixed("is a public key; give the certificate of the authority that signed the server's")
        }
        () if trimmed.starts_with(BEGIN) && !text.contains(END) => CUT_OFF,
        () if text.contains("-----BEGIN ") && text.contains(END) => Rule::fixed(
            "holds more than certificates; give only the lines from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----",
        ),
        () if trimmed.starts_with("LS0tLS1C") => {
            Rule::fixed("is a whole file encoded as base64; decode it first, for example with `base64 -d`")
        }
        () if trimmed.starts_with("MI") && trimmed.bytes().all(is_base64) => Rule::fixed(
            "lacks its first and last line, which are -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----; give the whole file",
        ),
        () if trimmed.lines().count() == 1
            && (trimmed.starts_with(['/', '~', '.']) || trimmed.contains(":\\")) =>
        {
            Rule::fixed("is the path of a file; give what is in the file")
        }
        () => FORM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body() -> String {
        format!("MIIB{}", "A".repeat(196))
    }

    /// A certificate in lines of this width.
    fn certificate(width: usize) -> String {
        let body = body();
        let lines = body.as_bytes().chunks(width).map(|line| std::str::from_utf8(line).unwrap());
        format!("{BEGIN}\n{}\n{END}\n", lines.collect::<Vec<_>>().join("\n"))
    }

    fn tidied(text: &str) -> String {
        tidy(&SecretText::new(text.to_owned())).expose().to_owned()
    }

    #[test]
    fn certificates_are_kept_as_every_reader_takes_them() {
        let one = certificate(64);
        for text in [
            one.clone(),
            one.trim_end().to_owned(),
            one.replace('\n', "\r\n"),
            one.replace('\n', " "),
            one.replace('\n', ""),
            certificate(76),
            format!("\u{feff}{one}"),
            format!("subject=CN = Example\nissuer=CN = Example\n{one}---\nServer certificate\n"),
            format!("Certificate:\n    Data:\n        Version: 3 (0x2)\n{one}"),
            one.replace("CERTIFICATE", "X509 CERTIFICATE"),
        ] {
            assert_eq!(tidied(&text), one, "{text:?}");
            assert_eq!(check(&tidied(&text)), Ok(()));
            assert_eq!(note(&SecretText::new(text.clone())).is_some(), text != one, "{text:?}");
        }
        let two = format!("# Example Root\n{one}# Other Root\n{one}");
        assert_eq!((tidied(&two), check(&two)), (two.clone(), Ok(())));
    }

    #[test]
    fn every_way_in_which_certificates_are_none_has_a_sentence_of_its_own() {
        let one = certificate(64);
        let key = format!("{one}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
        for (text, words) in [
            (key, "private key"),
            (one.replace('\n', "\\n"), "backslash"),
            (format!("\"{}", body()), "quotes"),
            (one.replace("CERTIFICATE", "CERTIFICATE REQUEST"), "certificate request"),
            (one.replace("CERTIFICATE", "PKCS7"), "PKCS #7"),
            (one.replace("CERTIFICATE", "TRUSTED CERTIFICATE"), "trusted certificates"),
            (one.replace("CERTIFICATE", "PUBLIC KEY"), "public key"),
            (one.replace(END, ""), "cut off"),
            (format!("{one}{}", one.replace(END, "")), "cut off"),
            (format!("{one}{}", one.replace("CERTIFICATE", "X509 CRL")), "more than certificates"),
            (one.replace("AAAA", "*"), "damaged"),
            (one.replace("MIIB", "AAAA"), "damaged"),
            (format!("{BEGIN}\n{END}\n"), "damaged"),
            ("LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t".to_owned(), "encoded as base64"),
            (body(), "first and last line"),
            ("/etc/ssl/certs/ca.crt".to_owned(), "path"),
            ("C:\\certs\\ca.crt".to_owned(), "path"),
            ("system".to_owned(), "must hold certificates"),
            ("# only a comment\n".to_owned(), "must hold certificates"),
        ] {
            let told = check(&tidied(&text)).unwrap_err().to_string();
            assert!(told.contains(words), "{text}: {told}");
        }
    }
}
