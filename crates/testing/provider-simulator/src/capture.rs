//! Templates read backwards: from a text that was made with one, the values that went in.

use std::collections::BTreeMap;

use strongroom_domain::http_test::{Template, TemplatePart};

/// Values by the name of their variable.
pub(crate) type Values = BTreeMap<String, String>;

/// Where a template was filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a path: percent-encoded, and without slashes in a value unless the variable keeps them.
    Path,
    /// Anywhere else, decoded already.
    Plain,
}

/// The values that the text was made with. No value is empty. `None` when it was not made with this template.
pub(crate) fn capture(template: &Template, text: &str, place: Place) -> Option<Values> {
    let mut values = Values::new();
    fits(&template.0, text, place, &mut values).then_some(values)
}

/// Adds values that were found elsewhere in the same request. `Err` names a variable with two values.
pub(crate) fn merge(into: &mut Values, found: Values) -> Result<(), String> {
    for (name, value) in found {
        match into.get(&name) {
            Some(known) if *known != value => return Err(name),
            _ => drop(into.insert(name, value)),
        }
    }
    Ok(())
}

/// Percent-decoding (RFC 3986, section 2.1). `None` for a broken escape and for what is no UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.extend(hex::decode(digits).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn fits(parts: &[TemplatePart], text: &str, place: Place, values: &mut Values) -> bool {
    match parts {
        [] => text.is_empty(),
        [TemplatePart::Literal(literal), rest @ ..] => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fits(rest, text, place, values))
        }
        [TemplatePart::Variable { name, keep_slashes }, rest @ ..] => {
            // The longest value first, so that a host's last label is not taken for a part of its name.
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            ends.map(|end| text.split_at(end)).any(|(value, text)| {
                if place == Place::Path && !keep_slashes && value.contains('/') {
                    return false;
                }
                let Some(value) = (if place == Place::Path { decode(value) } else { Some(value.to_owned()) })
                else {
                    return false;
                };
                let mut found = values.clone();
                let good = merge(&mut found, [(name.clone(), value)].into()).is_ok()
                    && fits(rest, text, place, &mut found);
                if good {
                    *values = found;
                }
                good
            })
        }
    }
}
