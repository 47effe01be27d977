//! Refuses query parameters that a route does not know. A client that misspells one gets told, instead of an
//! answer to another question.

use std::collections::BTreeSet;

use crate::misshape::{Misshape, MisshapeKind};
use crate::refusal::Refusal;
use crate::route::{QueryRule, Route};

/// How many unknown parameters a refusal names, and how many characters of a name.
const MOST: usize = 8;
const LONGEST: usize = 64;

/// Refuses a query with parameters beyond those that the route declares.
///
/// # Errors
/// `Misshapen`, with the names; never a value.
pub(crate) fn check(route: &Route, query: &str) -> Result<(), Refusal> {
    if route.query != QueryRule::Declared {
        return Ok(());
    }
    let known: Vec<&str> = route.doc.query.iter().copied().flatten().map(|field| field.name).collect();
    let names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
    match unknown(names, &known) {
        misshapes if misshapes.is_empty() => Ok(()),
        misshapes => Err(Refusal::Misshapen(misshapes)),
    }
}

/// The misshapes of all parameters that are not known.
pub fn unknown<N: AsRef<str>>(names: impl Iterator<Item = N>, known: &[&str]) -> Vec<Misshape> {
    let shown = |name: N| name.as_ref().chars().take(LONGEST).collect::<String>();
    let unknown: BTreeSet<String> = names.filter(|name| !known.contains(&name.as_ref())).map(shown).collect();
    let kind = || MisshapeKind::UnknownParameter(known.iter().map(|&name| name.to_owned()).collect());
    unknown.into_iter().take(MOST).map(|name| Misshape::query(name, kind())).collect()
}
