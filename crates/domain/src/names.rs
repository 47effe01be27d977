//! Names that a person chooses.

use crate::violation::Rule;

/// The rule that every name a person chooses keeps.
pub(crate) fn printable_name(text: &str) -> Result<String, Rule> {
    let name = text.trim();
    let length = name.chars().count();
    if length == 0 || length > 200 || name.chars().any(|c| c.is_control() || is_invisible(c)) {
        return Err(Rule::fixed("must be 1 to 200 printable characters"));
    }
    Ok(name.to_owned())
}

/// Characters that draw nothing, turn the text around or mean something private: line separators,
/// bidirectional controls, joiners, tags, the byte order mark and private use.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}'
    )
}
