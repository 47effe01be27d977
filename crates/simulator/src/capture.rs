//! Templates read backwards: from a text that was made with one, the values that went in.

use std::collections::BTreeMap;

use strongroom_declared_http::{Choice, Template, TemplatePart, VariableForm};

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

/// What a choice can become, by its name.
pub(crate) type Choices = BTreeMap<String, Choice>;

/// The values that the text was made with. That of a choice is one of its texts, that of a field not empty.
/// `None` when the text was not made with this template.
pub(crate) fn capture(template: &Template, text: &str, place: Place, choices: &Choices) -> Option<Values> {
    let mut values = Values::new();
    fits(&template.0, text, (place, choices), &mut values).then_some(values)
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

fn fits(parts: &[TemplatePart], text: &str, how: (Place, &Choices), values: &mut Values) -> bool {
    match parts {
        [] => text.is_empty(),
        [TemplatePart::Literal(literal), rest @ ..] => {
            text.strip_prefix(literal.as_str()).is_some_and(|text| fits(rest, text, how, values))
        }
        [TemplatePart::Variable { name, form }, rest @ ..] => {
            // The longest value first, so that a host's last label is not taken for a part of its name.
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

/// The value that was written like this, when the variable can have it.
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
    // What was written is not the field's whole value.
    let name = match form {
        VariableForm::Plain | VariableForm::KeepSlashes => name.to_owned(),
        VariableForm::Origin => format!("{name}.origin"),
        VariableForm::Hyphens => format!("{name}.hyphens"),
    };
    possible.then(|| [(name, value)].into())
}
