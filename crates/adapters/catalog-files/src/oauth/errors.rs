//! Checks of what answers without a token mean: `errors` and its short forms `dead_errors`, `doubtful_errors`
//! and `app_errors`.

use strongroom_declared_http::{ErrorMeaning, ErrorRule};

use crate::oauth::format::{ErrorTable, MeaningName, OauthTable};
use crate::problem::Problems;

/// The longest error code, in characters.
const LONGEST_CODE: usize = 64;
/// The shortest text: a shorter one is in too many answers.
const SHORTEST_TEXT: usize = 4;
/// The longest text, in characters.
const LONGEST_TEXT: usize = 200;

/// Reads the rules, in the order in which they are compared.
pub(super) fn read(table: &OauthTable, problems: &mut Problems) -> Vec<ErrorRule> {
    let mut rules = Vec::new();
    for (index, error) in table.errors.iter().enumerate() {
        check(error, &format!("oauth.errors[{index}]"), problems);
        rules.push(rule(error));
    }
    let (dead, doubtful, app) = (&table.dead_errors, &table.doubtful_errors, &table.app_errors);
    let lists = [
        ("oauth.dead_errors", dead, ErrorMeaning::Dead),
        ("oauth.doubtful_errors", doubtful, ErrorMeaning::Doubtful),
        ("oauth.app_errors", app, ErrorMeaning::App),
    ];
    for (key, codes, meaning) in lists {
        check_codes(codes, key, problems);
        if !codes.is_empty() {
            let code = codes.clone();
            rules.push(ErrorRule { meaning, status: vec![], code, number: vec![], text: vec![] });
        }
    }
    for code in app.iter().filter(|code| dead.contains(code) || doubtful.contains(code)) {
        problems.add("oauth.app_errors", format!("names `{code}`, which is in another list too"));
    }
    rules
}

fn rule(error: &ErrorTable) -> ErrorRule {
    ErrorRule {
        meaning: match error.means {
            MeaningName::Dead => ErrorMeaning::Dead,
            MeaningName::Doubtful => ErrorMeaning::Doubtful,
            MeaningName::Passing => ErrorMeaning::Passing,
            MeaningName::Throttled => ErrorMeaning::Throttled,
            MeaningName::App => ErrorMeaning::App,
        },
        status: error.status.clone(),
        code: error.code.clone(),
        number: error.number.clone(),
        text: error.text.iter().map(|text| text.to_lowercase()).collect(),
    }
}

fn check(error: &ErrorTable, key: &str, problems: &mut Problems) {
    if error.code.is_empty() && error.number.is_empty() && error.text.is_empty() {
        problems.add(key, "must have `code`, `number` or `text`: a status alone has too many meanings");
    }
    if error.status.iter().any(|status| !(200..=499).contains(status)) {
        let reason = "must be 200 to 499: what a failing server says never ends a grant";
        problems.add(format!("{key}.status"), reason);
    }
    check_codes(&error.code, &format!("{key}.code"), problems);
    for text in &error.text {
        let length = text.chars().count();
        if !(SHORTEST_TEXT..=LONGEST_TEXT).contains(&length) || text.trim() != text {
            let reason =
                format!("must be {SHORTEST_TEXT} to {LONGEST_TEXT} characters without blanks around");
            problems.add(format!("{key}.text"), reason);
        }
    }
}

/// Checks codes. They are shown to users and logged.
fn check_codes(codes: &[String], key: &str, problems: &mut Problems) {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    for code in codes {
        if !(1..=LONGEST_CODE).contains(&code.len()) || !code.bytes().all(allowed) {
            problems.add(key, "must hold codes of 1 to 64 characters of `A-Za-z0-9_.-`");
        }
    }
}
