//! Instants as the pages write them.

/// `yyyy-MM-dd HH:mm:ss` at an offset from UTC, milliseconds cut off.
pub(crate) fn wall_clock(ms: i64, offset_minutes: i64) -> String {
    let seconds = ms.div_euclid(1_000) + offset_minutes * 60;
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years begin in March here, so that the leap day is the last of its year.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, year) = if month < 10 { (month + 3, year) } else { (month - 9, year + 1) };
    format!("{:04}-{month:02}-{day:02} {:02}:{:02}:{:02}", year + era * 400, rest / 3_600, rest / 60 % 60, rest % 60)
}

/// The mall's zone.
pub(crate) fn in_shanghai(ms: i64) -> String {
    wall_clock(ms, 8 * 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_clock_shows_what_it_should() {
        assert_eq!(in_shanghai(0), "1970-01-01 08:00:00");
        assert_eq!(in_shanghai(1_795_256_903_999), "2026-11-21 18:28:23");
        assert_eq!(wall_clock(951_782_399_000, 0), "2000-02-28 23:59:59");
        assert_eq!(wall_clock(951_782_400_000, 0), "2000-02-29 00:00:00");
        assert_eq!(wall_clock(1_795_256_903_000, 330), "2026-11-21 15:58:23");
    }
}
