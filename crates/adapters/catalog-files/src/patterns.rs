//! The patterns of fields, compiled once each.

use std::collections::HashMap;

use regex::Regex;
use regex_syntax::ast::parse::Parser;

/// The patterns that a load of the catalog has met. Many fields have the same one, and compiling is a large
/// part of what a load costs; a copy of a [`Regex`] shares what was compiled.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<String, Option<Regex>>);

impl Patterns {
    /// The pattern, held to the whole value; `None` when it does not compile.
    pub(crate) fn compile(&mut self, pattern: &str) -> Option<Regex> {
        if let Some(known) = self.0.get(pattern) {
            return known.clone();
        }
        let compiled = anchored(pattern);
        self.0.insert(pattern.to_owned(), compiled.clone());
        compiled
    }
}

/// The pattern must be one by itself: `a)|(?:b` would otherwise slip out of the group that anchors it.
/// Reading it tells that as well as compiling it does.
fn anchored(pattern: &str) -> Option<Regex> {
    Parser::new().parse(pattern).ok()?;
    Regex::new(&format!("^(?:{pattern})$")).ok()
}
