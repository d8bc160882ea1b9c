//! What was measured, and its medians.

use std::collections::BTreeMap;

/// One round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    /// Sends per second.
    pub(crate) rate: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// Microseconds of the server's process per send.
    pub(crate) server_cpu: f64,
    /// Microseconds of the database's process per send; 0 where it has none of its own.
    pub(crate) database_cpu: f64,
    /// Messages per transaction.
    pub(crate) batch: f64,
}

impl Round {
    /// As cells of a table.
    pub(crate) fn row(&self) -> String {
        let Self { rate, p50, p99, server_cpu, database_cpu, batch } = self;
        format!("{rate:.0} | {p50:.1} | {p99:.1} | {server_cpu:.0} | {database_cpu:.0} | {batch:.1}")
    }
}

/// The rounds, by number of callers.
#[derive(Debug, Default)]
pub(crate) struct Figures(BTreeMap<usize, Vec<Round>>);

impl Figures {
    pub(crate) fn add(&mut self, callers: usize, round: Round) {
        self.0.entry(callers).or_default().push(round);
    }

    /// The median of each figure.
    pub(crate) fn of(&self, callers: usize) -> Round {
        let rounds = &self.0[&callers];
        let median = |figure: fn(&Round) -> f64| {
            let mut values: Vec<_> = rounds.iter().map(figure).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Round {
            rate: median(|it| it.rate),
            p50: median(|it| it.p50),
            p99: median(|it| it.p99),
            server_cpu: median(|it| it.server_cpu),
            database_cpu: median(|it| it.database_cpu),
            batch: median(|it| it.batch),
        }
    }
}

/// A quantile of ascending microseconds, in milliseconds.
pub(crate) fn quantile(ascending: &[u32], share: f64) -> f64 {
    let at = ((ascending.len() as f64 - 1.0) * share).round() as usize;
    f64::from(ascending[at]) / 1_000.0
}

/// What a process has used so far, user and system, in seconds. The kernel counts in hundredths.
pub(crate) fn cpu_seconds(pid: i32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    // The name may hold spaces; the fields after it do not.
    let (_, fields) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = |at: usize| fields.split_whitespace().nth(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}
