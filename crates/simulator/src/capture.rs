//! Templates in reverse: finds the values from which a text was made with a template.

use std::collections::BTreeMap;

use strongroom_declared_http::{Choice, Template, TemplatePart, VariableForm};

/// Values by the names of their variables.
pub(crate) type Values = BTreeMap<String, String>;

/// The place in a request in which a template was filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In a path: percent-encoded, and without slashes in a value unless the variable keeps them.
    Path,
    /// Anywhere else, decoded already.
    Plain,
}

/// The choices of a test, with their possible texts, by name.
pub(crate) type Choices = BTreeMap<String, Choice>;

/// Returns the values from which the text was made. The value of a choice is one of its texts, and that of a
/// field is not empty. Returns `None` when the text was not made with this template.
pub(crate) fn capture(template: &Template, text: &str, place: Place, choices: &Choices) -> Option<Values> {
    let mut values = Values::new();
    fits(&template.0, text, (place, choices), &mut values).then_some(values)
}

/// Adds values that were found elsewhere in the same request. `Err` names a variable that has two different
/// values.
pub(crate) fn merge(into: &mut Values, found: Values) -> Result<(), String> {
    for (name, value) in found {
        match into.get(&name) {
            Some(known) if *known != value => return Err(name),
            _ => drop(into.insert(name, value)),
        }
    }
    Ok(())
}

/// Decodes percent-encoding (RFC 3986, section 2.1). Returns `None` for a broken escape and for bytes that
/// are not UTF-8.
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

fn fits(parts: &[TemplatePart], text: &str, how: (Place, &Choices), values: &mut Values) -> bool {
    match parts {
        [] => text.is_empty(),
        [TemplatePart::Literal(literal), rest @ ..] => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fits(rest, text, how, values))
        }
        [TemplatePart::Variable { name, form }, rest @ ..] => {
            // Longer values are tried first, so that the last label of a host is not mistaken for a part of
            // its name.
            let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).rev().chain([0]);
            ends.map(|end| text.split_at(end)).any(|(value, text)| {
                let Some(found) = value_of(name, *form, value, how) else { return false };
                let mut merged = values.clone();
                let good = merge(&mut merged, found).is_ok() && fits(rest, text, how, &mut merged);
                if good {
                    *values = merged;
                }
                good
            })
        }
    }
}

/// The value that was written as this text, when the variable can have it.
fn value_of(name: &str, form: VariableForm, text: &str, how: (Place, &Choices)) -> Option<Values> {
    let (place, choices) = how;
    if place == Place::Path && form != VariableForm::KeepSlashes && text.contains('/') {
        return None;
    }
    let value = if place == Place::Path { decode(text)? } else { text.to_owned() };
    let possible = match choices.get(name) {
        Some(choice) => choice.texts().any(|known| known == value),
        None => !value.is_empty(),
    };
    // Only a part of the field's value was written.
    let name = match form {
        VariableForm::Plain | VariableForm::KeepSlashes => name.to_owned(),
        VariableForm::Origin => format!("{name}.origin"),
        VariableForm::Hyphens => format!("{name}.hyphens"),
    };
    possible.then(|| [(name, value)].into())
}
