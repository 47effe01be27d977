//! Times as callers write them.

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use crate::form::TextForm;
use crate::violation::Rule;

/// The form that [`parse`] accepts. In addition, [`parse`] requires a year from 1970 to 9998.
pub const FORM: TextForm = TextForm::format("date-time");

/// Reads an RFC 3339 time between 1970 and 9998, which every store and every answer can hold, as UTC.
pub fn parse(text: &str) -> Result<OffsetDateTime, Rule> {
    const RULE: Rule = Rule::fixed("must be an RFC 3339 time between the years 1970 and 9998");
    let time = OffsetDateTime::parse(text, &Rfc3339).ok();
    let utc = time.and_then(|time| time.checked_to_offset(UtcOffset::UTC));
    utc.filter(|utc| (1970..=9998).contains(&utc.year())).ok_or(RULE)
}

/// Formats a time as RFC 3339 in UTC with whole seconds and `Z`, as every answer has it.
pub fn format(time: OffsetDateTime) -> String {
    let utc = time.checked_to_offset(UtcOffset::UTC).unwrap_or(time);
    let whole = utc.replace_nanosecond(0).unwrap_or(utc);
    whole.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_at_the_edge_of_the_calendar_are_refused_and_others_become_utc() {
        let edges = [
            "9999-12-31T23:59:59-01:00",
            "9999-01-01T00:00:00Z",
            "0000-01-01T00:00:00+01:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "tomorrow",
        ];
        for edge in edges {
            assert!(parse(edge).is_err(), "{edge}");
        }
        assert_eq!(parse("2031-02-03T04:05:06+01:00").unwrap(), parse("2031-02-03T03:05:06Z").unwrap());
        assert_eq!(parse("2031-02-03T04:05:06+01:00").unwrap().offset(), UtcOffset::UTC);
    }
}
