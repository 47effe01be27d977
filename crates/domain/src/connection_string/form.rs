//! Texts that are no connection string as they stand, though a tool or a vendor hands them out.

use crate::violation::Rule;

/// The drivers of SQLAlchemy that may stand in the scheme, as in `postgresql+asyncpg://`.
const DRIVERS: [&str; 9] = [
    "aiopg",
    "asyncpg",
    "pg8000",
    "psycopg",
    "psycopg2",
    "psycopg2cffi",
    "psycopg_async",
    "psycopgcffi",
    "pygresql",
];

/// What a text without a known scheme is to be instead.
pub(super) const SYNTAX: Rule =
    Rule::fixed("must be a postgres:// URL (postgres://user:password@host:5432/database) or key=value pairs");

/// Whether the text is a URL of PostgreSQL: `postgres://`, `postgresql://`, or with a driver of SQLAlchemy.
pub(super) fn is_url(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once("://") else { return false };
    match scheme.split_once('+') {
        None => matches!(scheme, "postgres" | "postgresql"),
        Some((scheme, driver)) => matches!(scheme, "postgres" | "postgresql") && DRIVERS.contains(&driver),
    }
}

/// The rule for a text of another form, which says what to do with it.
pub(super) fn other(text: &str) -> Option<Rule> {
    let lower = text.to_ascii_lowercase();
    let begins = |starts: &[&str]| starts.iter().any(|start| lower.starts_with(start));
    let of_dotnet = ["server=", "host=", "data source=", "user id=", "username=", "database="];
    let variable = text.split_once('=').is_some_and(|(name, value)| {
        let is_name = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
        let value = value.trim_start_matches(['"', '\'']);
        is_name && value.starts_with("postgres")
    });
    Some(if begins(&["'", "\"", "`", "“", "”", "‘", "„", "«", "‹", "<postgres"]) {
        Rule::fixed("stands in quotes; leave them out")
    } else if begins(&["\u{feff}", "\u{200b}", "\u{2060}"]) {
        Rule::fixed("has a character before it that cannot be seen; type its beginning anew")
    } else if begins(&["psql ", "export ", "pgpassword=", "$ "]) {
        Rule::fixed("is a command; give only the URL or the key=value pairs that stand in it")
    } else if variable {
        Rule::fixed("begins with the name of a variable; give only what stands behind the equals sign")
    } else if begins(&["jdbc:"]) {
        Rule::fixed("is a JDBC URL; write it as postgres://user:password@host:5432/database")
    } else if begins(&["prisma://", "prisma+postgres://"]) {
        Rule::fixed("is a URL of Prisma's own service; give the postgres:// URL of the database behind it")
    } else if text.contains(';') && begins(&of_dotnet) {
        Rule::fixed("is in the form of .NET; write it as postgres://user:password@host:5432/database")
    } else if lower.contains("://") && !lower.trim_start().starts_with(|c: char| !c.is_ascii_alphabetic()) {
        return of_a_scheme(&lower);
    } else if begins(&["postgres:", "postgresql:"]) {
        Rule::fixed("must have two slashes behind the scheme: postgres://")
    } else if text.contains('@') && !text.contains('=') {
        Rule::fixed("must begin with postgres://")
    } else {
        return None;
    })
}

fn of_a_scheme(lower: &str) -> Option<Rule> {
    let (scheme, _) = lower.split_once("://")?;
    let is_scheme =
        scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.' | b'_'));
    is_scheme.then_some(Rule::fixed(
        "has a scheme other than postgres://, postgresql:// and postgresql+DRIVER:// in small letters; replace it",
    ))
}

/// Whether a value is what vendors and shells put in its place: `[YOUR-PASSWORD]`, `{your_password}`,
/// `<password>`, `${PGPASSWORD}`, `********`. A password in brackets counts only when it says that it is one.
pub(super) fn is_placeholder(value: &str, is_password: bool) -> bool {
    let brackets = [("${", '}'), ("[", ']'), ("{", '}'), ("<", '>')];
    let inner = brackets.iter().find_map(|(open, close)| {
        let inner = value.strip_prefix(*open)?.strip_suffix(*close)?;
        Some((inner, *open == "${"))
    });
    let is_named = inner.is_some_and(|(inner, is_variable)| {
        !is_password || is_variable || inner.to_ascii_lowercase().contains("password")
    });
    is_named || (value.chars().count() >= 4 && value.chars().all(|c| matches!(c, '*' | '•' | '●')))
}
