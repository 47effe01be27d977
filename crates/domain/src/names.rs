//! Names that a person chooses, and ids that an identity provider writes.

use crate::form::TextForm;
use crate::violation::Rule;

/// Checks the rule that every name a person chooses must keep.
pub(crate) fn printable_name(text: &str) -> Result<String, Rule> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > 200 || name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(Rule::fixed("must be 1 to 200 printable characters"));
    }
    Ok(name.to_owned())
}

/// The characters that [`str::trim`] cuts off, for a class of a pattern.
macro_rules! white_space {
    () => {
        r"\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    };
}

/// Control characters, and those of [`is_invisible`], for a class of a pattern. The regular expression
/// engines have no common escape for characters beyond the first plane, so these characters are written as
/// themselves.
macro_rules! unprintable {
    () => {
        concat!(
            r"\u0000-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ue000-\uf8ff\ufeff",
            r"\ufff9-\ufffb",
            "\u{e0000}-\u{10ffff}"
        )
    };
}

/// What [`printable_name`] accepts: 1 to 200 printable characters with any white space around them.
#[rustfmt::skip]
pub(crate) const PRINTABLE_NAME: TextForm = TextForm::pattern(concat!(
    "^[", white_space!(), "]*",
    "[^", white_space!(), unprintable!(), "]",
    "([^", unprintable!(), "]{0,198}[^", white_space!(), unprintable!(), "])?",
    "[", white_space!(), "]*$",
));

/// Whether a character draws nothing, changes the direction of the text or has a private meaning: line
/// separators, bidirectional controls, joiners, tags, the byte order mark and private use.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}'
    )
}

/// Checks an id that an identity provider writes: 1 to 255 printable ASCII characters, without a space at
/// either end. Such a text is safe in headers and logs, and in keys whose parts are separated by a line
/// break.
pub(crate) fn printable_ascii(text: &str) -> Result<String, Rule> {
    let fits = (1..=255).contains(&text.len()) && text.bytes().all(|b| matches!(b, b' '..=b'~'));
    if fits && text.trim() == text {
        Ok(text.to_owned())
    } else {
        Err(Rule::fixed("must be 1 to 255 printable ASCII characters, without a space at either end"))
    }
}
