//! The patterns of fields, compiled once each.

use std::collections::HashMap;

use regex::Regex;
use regex_syntax::ast::parse::Parser;

/// The patterns that one load of the catalog has compiled. Many fields have the same pattern, and compiling
/// takes a large part of the time of a load. A clone of a [`Regex`] shares the compiled program.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<String, Option<Regex>>);

impl Patterns {
    /// Compiles the pattern so that it must match the whole value. Returns `None` when it does not compile.
    pub(crate) fn compile(&mut self, pattern: &str) -> Option<Regex> {
        if let Some(known) = self.0.get(pattern) {
            return known.clone();
        }
        let compiled = anchored(pattern);
        self.0.insert(pattern.to_owned(), compiled.clone());
        compiled
    }
}

/// Wraps the pattern in a group between anchors. It is parsed by itself first, because `a)|(?:b` would
/// otherwise leave that group; parsing finds this as reliably as compiling.
fn anchored(pattern: &str) -> Option<Regex> {
    Parser::new().parse(pattern).ok()?;
    Regex::new(&format!("^(?:{pattern})$")).ok()
}
