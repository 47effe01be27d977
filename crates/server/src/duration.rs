//! Durations as people write them in arguments and settings.

use std::time::Duration;

use anyhow::{Context, bail};

const LONGEST_SECONDS: u64 = 10 * 366 * 86_400;

/// Reads a duration that is written as a number and a unit.
pub(crate) fn duration(argument: &str, text: &str, units: &[(char, u64)]) -> anyhow::Result<Duration> {
    let allowed: String = units.iter().map(|(unit, _)| format!(" {unit}")).collect();
    let wrong = || format!("{argument} must be a whole number and one of:{allowed}");
    let unit = text.chars().last().with_context(wrong)?;
    let Some((_, seconds)) = units.iter().find(|(known, _)| *known == unit) else { bail!(wrong()) };
    let number: u64 = text.trim_end_matches(unit).parse().ok().with_context(wrong)?;
    let seconds = number.checked_mul(*seconds).filter(|seconds| *seconds > 0).with_context(wrong)?;
    anyhow::ensure!(seconds <= LONGEST_SECONDS, "{argument} must be at most ten years");
    Ok(Duration::from_secs(seconds))
}
