//! The one offset from UTC in which a mall's tables keep wall-clock times.

use std::fmt;
use std::str::FromStr;

use kefu_domain::Timestamp;

use crate::stored::Stored;

/// An offset from UTC in whole minutes; the mall's is `+08:00`.
///
/// A zone with daylight saving is none: in a wall clock that repeats an hour, times have no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StorageOffset(i32);

/// A text that is no offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an offset looks like +08:00 and lies between -12:59 and +14:00")]
pub struct OffsetError;

impl StorageOffset {
    /// UTC itself; what SQLite, which keeps instants, uses.
    pub(crate) const UTC: Self = Self(0);

    /// An offset east of UTC; `None` beyond what both servers accept as a time zone.
    #[must_use]
    pub const fn from_minutes(minutes: i32) -> Option<Self> {
        if minutes >= -(12 * 60 + 59) && minutes <= 14 * 60 { Some(Self(minutes)) } else { None }
    }

    /// The offset east of UTC, in minutes.
    #[must_use]
    pub const fn minutes(self) -> i32 {
        self.0
    }

    const fn milliseconds(self) -> i64 {
        self.0 as i64 * 60_000
    }

    pub(crate) const fn stored(self, time: Timestamp) -> Stored {
        Stored(time.0 + self.milliseconds())
    }

    pub(crate) const fn instant(self, stored: Stored) -> Timestamp {
        Timestamp(stored.0 - self.milliseconds())
    }
}

impl Default for StorageOffset {
    /// The mall's.
    fn default() -> Self {
        Self(8 * 60)
    }
}

impl FromStr for StorageOffset {
    type Err = OffsetError;

    fn from_str(text: &str) -> Result<Self, OffsetError> {
        let bytes = text.as_bytes();
        let &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] = bytes else { return Err(OffsetError) };
        if ![h1, h2, m1, m2].iter().all(u8::is_ascii_digit) {
            return Err(OffsetError);
        }
        let two = |tens: u8, ones: u8| i32::from(tens - b'0') * 10 + i32::from(ones - b'0');
        let (hours, minutes) = (two(h1, h2), two(m1, m2));
        let total = if sign == b'+' { hours * 60 + minutes } else { -(hours * 60 + minutes) };
        if minutes > 59 {
            return Err(OffsetError);
        }
        Self::from_minutes(total).ok_or(OffsetError)
    }
}

impl fmt::Display for StorageOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { '-' } else { '+' };
        write!(f, "{sign}{:02}:{:02}", self.0.abs() / 60, self.0.abs() % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, minutes: Option<i32>) {
        assert_eq!(text.parse::<StorageOffset>().ok().map(StorageOffset::minutes), minutes, "{text}");
    }

    #[test]
    fn an_offset_is_a_sign_and_hours_and_minutes() {
        check("+08:00", Some(480));
        check("-03:30", Some(-210));
        check("+00:00", Some(0));
        check("+14:00", Some(840));
        check("+14:01", None);
        check("-13:00", None);
        check("+08:60", None);
        check("08:00", None);
        check("+8:00", None);
        check("+0８:0", None);
        check("Asia/Shanghai", None);
        check("", None);
    }

    #[test]
    fn an_offset_is_written_as_it_is_read() {
        for text in ["+08:00", "-03:30", "+00:00", "+05:45", "-00:30"] {
            assert_eq!(text.parse::<StorageOffset>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn a_time_comes_back_as_it_went() {
        let offset: StorageOffset = "-03:30".parse().unwrap();
        let time = Timestamp(1_795_287_600_123);
        assert_eq!(offset.instant(offset.stored(time)), time);
        assert_eq!(StorageOffset::default().stored(time).0 - time.0, 8 * 3_600_000);
    }
}
