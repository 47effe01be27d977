//! Checks of the fields that a connection string fills.

use strongroom_domain::{Field, FieldKind};

use crate::problem::Problems;

/// The fields that the domain takes out of a connection string, each with its kind and whether it is secret.
const FILLED: [(&str, FieldKind, bool); 6] = [
    ("host", FieldKind::Host, false),
    ("port", FieldKind::Port, false),
    ("database", FieldKind::Text, false),
    ("username", FieldKind::Text, false),
    ("sslmode", FieldKind::Text, false),
    ("password", FieldKind::Text, true),
];

/// The modes that the parser of connection strings knows.
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/// Checks the fields that a connection string fills. It fills them without applying their own rules, so each
/// of them must exist, be secret or public as listed, and have no rule that such a value could break.
pub(crate) fn check(fields: &[Field], problems: &mut Problems) {
    let strings: Vec<_> =
        fields.iter().filter(|field| field.kind == FieldKind::PostgresConnectionString).collect();
    let [string] = strings.as_slice() else {
        if let Some(second) = strings.get(1) {
            problems.add(format!("field.{}.type", second.name), "is a second connection string");
        }
        return;
    };
    for (name, kind, secret) in FILLED {
        let key = format!("field.{name}");
        let Some(field) = fields.iter().find(|field| field.name == name) else {
            problems.add(key, format!("must be there: `{}` fills it", string.name));
            continue;
        };
        if field.kind != kind || field.secret != secret {
            let secrecy = if secret { "secret" } else { "public" };
            problems.add(key.as_str(), format!("must be the {secrecy} field that `{}` fills", string.name));
        }
        if field.pattern.is_some() {
            problems.add(format!("{key}.pattern"), format!("does not hold what `{}` fills in", string.name));
        }
        let all_modes =
            name == "sslmode" && SSL_MODES.iter().all(|mode| field.choices.iter().any(|c| c == mode));
        if !field.choices.is_empty() && !all_modes {
            problems.add(format!("{key}.choices"), format!("do not hold what `{}` fills in", string.name));
        }
        let belongs =
            field.types.is_empty() || (!string.types.is_empty() && string.types.is_subset(&field.types));
        if !belongs {
            problems.add(format!("{key}.types"), format!("must include the types of `{}`", string.name));
        }
    }
}
