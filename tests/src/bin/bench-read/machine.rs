//! What the machine says of itself.

use std::time::Duration;

/// The kernel counts a process's time in hundredths of a second. A turn is a few of them, so only sums over many turns
/// mean something.
const TICK: Duration = Duration::from_millis(10);

/// How long a process has been on a core so far.
pub(crate) fn cpu_time(pid: i32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name stands in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |place: usize| rest.split_whitespace().nth(place).and_then(|ticks| ticks.parse::<u32>().ok());
    let (user, system) = (ticks(11).expect("user time"), ticks(12).expect("system time"));
    TICK * (user + system)
}
