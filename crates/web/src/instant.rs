//! `createTime` in queries: wall-clock text without a zone, as the mall's pages send it.

use chrono::{Duration, LocalResult, NaiveDateTime, TimeZone};
use chrono_tz::Tz;
use kefu_domain::Timestamp;

/// Milliseconds since the epoch that every database can keep: their calendars end with the year 9999, in any zone.
pub(crate) const CALENDAR: std::ops::Range<i64> = 0..253_402_214_400_000;

/// Reads `yyyy-MM-dd HH:mm:ss` in the zone of the settings.
///
/// Where clocks were set back, the later of the two instants is meant: a page that overlaps is harmless, a gap is
/// not. Where clocks were set forward, the hour that did not exist counts from the end of the one before.
pub(crate) fn parse(text: &str, zone: Tz) -> Option<Timestamp> {
    // chrono accepts one-digit fields; the mall's server does not.
    let shape = text.len() == 19
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            10 => byte == b' ',
            13 | 16 => byte == b':',
            _ => byte.is_ascii_digit(),
        });
    if !shape {
        return None;
    }
    let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    let instant = match zone.from_local_datetime(&wall) {
        LocalResult::Single(instant) => instant,
        LocalResult::Ambiguous(_, later) => later,
        LocalResult::None => zone.from_local_datetime(&(wall + Duration::hours(1))).latest()?,
    };
    // No message is older than the epoch or younger than the calendar.
    Some(Timestamp(instant.timestamp_millis().clamp(CALENDAR.start, CALENDAR.end - 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, zone: Tz, ms: Option<i64>) {
        assert_eq!(parse(text, zone).map(|at| at.0), ms, "{text}");
    }

    #[test]
    fn a_wall_clock_is_read_in_its_zone() {
        check("2026-11-21 18:28:23", Tz::Asia__Shanghai, Some(1_795_256_903_000));
        check("1970-01-01 08:00:00", Tz::Asia__Shanghai, Some(0));
        check("9999-12-31 23:59:59", Tz::UTC, Some(CALENDAR.end - 1));
        check("0000-01-01 00:00:00", Tz::Asia__Shanghai, Some(0));
        check("0000-00-00 00:00:00", Tz::UTC, None);
        check("2026-11-21 18:28:23.123456", Tz::UTC, None);
        check("2026-11-21", Tz::UTC, None);
        check("2026-1-1 1:1:1", Tz::UTC, None);
        check("1795287600123", Tz::UTC, None);
    }

    #[test]
    fn the_hours_of_clock_changes_are_instants_too() {
        check("2026-03-29 02:30:00", Tz::Europe__Berlin, Some(1_774_747_800_000));
        check("2026-10-25 02:30:00", Tz::Europe__Berlin, Some(1_792_891_800_000));
    }
}
