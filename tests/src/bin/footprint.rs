//! How much memory the server takes at rest, and how long it takes to be ready, on SQLite. Build with `--release`.

#![allow(clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

use std::io::Write;
use std::time::Duration;

use kefu_tests::{Backend, PATIENCE, Server};

const STARTS: usize = 10;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut server = Server::start(Backend::Sqlite, &[]).await;
    let (mut memory, mut ready) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        server.terminate(PATIENCE).await.expect("it stops");
        server.start_again().await;
        ready.push(server.ready_after().as_secs_f64() * 1_000.0);
        // At rest: whatever the start has left to do is done.
        tokio::time::sleep(Duration::from_secs(1)).await;
        memory.push(resident_mib(server.process().pid()));
    }
    let line = format!(
        "footprint on SQLite, medians of {STARTS} starts: rss_mib={:.1} ready_ms={:.0}",
        median(&mut memory),
        median(&mut ready)
    );
    writeln!(std::io::stdout(), "{line}").expect("somebody reads this");
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The part of a process's memory that is really there.
fn resident_mib(pid: i32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    let kib: f64 = line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number");
    kib / 1_024.0
}
