//! Reads templates: `Token token={api_key}`.

use strongroom_declared_http::{Template, TemplatePart, VariableForm};

use crate::names::is_name;

/// Reads a template, or says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Template, &'static str> {
    let mut parts = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, from) = rest.split_at(at);
        literal.push_str(before);
        if let Some(after) = from.strip_prefix("{{") {
            literal.push('{');
            rest = after;
        } else if let Some(after) = from.strip_prefix("}}") {
            literal.push('}');
            rest = after;
        } else {
            let inner = from.strip_prefix('{').ok_or("has a `}` too many: a brace is written `}}`")?;
            let (name, after) = inner.split_once('}').ok_or("has a `{` that is not closed")?;
            if !literal.is_empty() {
                parts.push(TemplatePart::Literal(std::mem::take(&mut literal)));
            }
            parts.push(variable(name)?);
            rest = after;
        }
    }
    literal.push_str(rest);
    if !literal.is_empty() {
        parts.push(TemplatePart::Literal(literal));
    }
    Ok(Template(parts))
}

/// Returns the variable of a template that consists of one variable and nothing else.
pub(crate) fn sole_variable(template: &Template) -> Option<&str> {
    match template.0.as_slice() {
        [TemplatePart::Variable { name, form: VariableForm::Plain }] => Some(name),
        _ => None,
    }
}

/// Whether a variable asks for its slashes to be kept, which has a meaning in a path only.
pub(crate) fn keeps_slashes(template: &Template) -> bool {
    let kept =
        |part: &TemplatePart| matches!(part, TemplatePart::Variable { form: VariableForm::KeepSlashes, .. });
    template.0.iter().any(kept)
}

/// Returns the variables of which only the origin is written.
pub(crate) fn origins(template: &Template) -> impl Iterator<Item = &str> {
    template.0.iter().filter_map(|part| match part {
        TemplatePart::Variable { name, form: VariableForm::Origin } => Some(name.as_str()),
        _ => None,
    })
}

fn variable(text: &str) -> Result<TemplatePart, &'static str> {
    let (name, form) = if let Some(name) = text.strip_prefix('+') {
        (name, VariableForm::KeepSlashes)
    } else if let Some(name) = text.strip_suffix(".origin") {
        (name, VariableForm::Origin)
    } else if let Some(name) = text.strip_suffix(".hyphens") {
        (name, VariableForm::Hyphens)
    } else {
        (text, VariableForm::Plain)
    };
    if !is_name(name) {
        return Err("has a variable whose name is not 1 to 64 characters of `a-z0-9_`");
    }
    Ok(TemplatePart::Variable { name: name.to_owned(), form })
}
