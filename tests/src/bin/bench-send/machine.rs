//! What the machine says of itself.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

/// The kernel counts a process's time in hundredths of a second.
const TICKS_PER_SECOND: f64 = 100.0;

/// How many seconds of a core a process has used so far.
pub(crate) fn cpu_time(pid: i32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process runs");
    // The name stands in brackets and may hold anything.
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |place: usize| rest.split_whitespace().nth(place).and_then(|ticks| ticks.parse::<f64>().ok());
    let (user, system) = (ticks(11).expect("user time"), ticks(12).expect("system time"));
    (user + system) / TICKS_PER_SECOND
}

/// How long it takes to append 4 KiB to a file in this folder and to have it on the disk: a median.
pub(crate) fn sync_takes(folder: &Path) -> Duration {
    let path = folder.join("sync-probe");
    let mut file = std::fs::File::create(&path).expect("a file");
    let mut took: Vec<Duration> = (0..200)
        .map(|_| {
            let started = Instant::now();
            file.write_all(&[7; 4_096]).and_then(|()| file.sync_data()).expect("a durable write");
            started.elapsed()
        })
        .collect();
    took.sort();
    took[took.len() / 2]
}
