//! What was measured, in milliseconds.

use std::fmt;
use std::time::Duration;

/// One run.
pub(crate) struct Row {
    p50: f64,
    p99: f64,
    worst: f64,
    count: usize,
}

impl Row {
    pub(crate) fn new(mut took: Vec<Duration>) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        Self { p50: at(50), p99: at(99), worst: at(100), count: took.len() }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p50 {:.2} ms, p99 {:.2} ms, worst {:.1} ms, {} messages", self.p50, self.p99, self.worst, self.count)
    }
}

/// All runs.
pub(crate) struct Table {
    sockets: usize,
    sends: u32,
    rows: Vec<(&'static str, Row)>,
}

impl Table {
    pub(crate) fn new(sockets: usize, sends: u32) -> Self {
        Self { sockets, sends, rows: Vec::new() }
    }

    pub(crate) fn add(&mut self, name: &'static str, row: Row) {
        self.rows.push((name, row));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} sockets of kefu.v2, {} sends/s; from POST to the other party's frame; medians",
            self.sockets, self.sends
        )?;
        let names: std::collections::BTreeSet<_> = self.rows.iter().map(|(name, _)| *name).collect();
        for name in names {
            let rows: Vec<_> = self.rows.iter().filter(|(known, _)| *known == name).map(|(_, row)| row).collect();
            let median = |of: fn(&Row) -> f64| {
                let mut values: Vec<_> = rows.iter().map(|row| of(row)).collect();
                values.sort_by(f64::total_cmp);
                values[values.len() / 2]
            };
            let (p50, p99, worst) = (median(|row| row.p50), median(|row| row.p99), median(|row| row.worst));
            writeln!(f, "{name:<10} p50 {p50:.2} ms, p99 {p99:.2} ms, worst {worst:.1} ms, {} runs", rows.len())?;
        }
        let heard: usize = self.rows.iter().map(|(_, row)| row.count).sum();
        write!(f, "{heard} messages were sent, and as many arrived")
    }
}
