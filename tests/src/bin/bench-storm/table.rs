//! What was measured, storm by storm, and the medians.

use std::fmt;
use std::time::Duration;

/// One storm.
pub(crate) struct Storm {
    /// How long each client took to be back with everything.
    pub(crate) took: Vec<Duration>,
    /// How long the sendings meanwhile took.
    pub(crate) sends: Vec<Duration>,
    /// What it asked of the database, per client.
    pub(crate) questions: f64,
    /// The share of the resumings that were served from memory.
    pub(crate) from_memory: f64,
}

/// All of them.
pub(crate) struct Table {
    clients: usize,
    sends: u32,
    away: Duration,
    pub(crate) storms: Vec<Storm>,
    pub(crate) messages: i64,
}

impl Table {
    pub(crate) fn new(clients: usize, sends: u32, away: Duration) -> Self {
        Self { clients, sends, away, storms: Vec::new(), messages: 0 }
    }
}

/// Milliseconds below which so many of a hundred lie.
fn at(took: &[Duration], percent: usize) -> f64 {
    let mut took = took.to_vec();
    took.sort_unstable();
    took.get(took.len().saturating_sub(1) * percent / 100).map_or(f64::NAN, |took| took.as_secs_f64() * 1_000.0)
}

impl Storm {
    fn numbers(&self) -> [f64; 6] {
        [
            at(&self.took, 100),
            at(&self.took, 50),
            at(&self.sends, 50),
            at(&self.sends, 99),
            self.questions,
            self.from_memory * 100.0,
        ]
    }
}

fn line(f: &mut fmt::Formatter<'_>, numbers: [f64; 6]) -> fmt::Result {
    let [all, half, p50, p99, questions, memory] = numbers;
    write!(
        f,
        "all back {all:.0} ms (half {half:.0}), sends p50 {p50:.1} p99 {p99:.1} ms, {questions:.3} questions per client, {memory:.1} % from memory"
    )
}

impl fmt::Display for Storm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, self.numbers())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (clients, sends, away) = (self.clients, self.sends, self.away);
        writeln!(f, "{clients} clients, cut and back after {away:?}; {sends} sends/s all the time; MariaDB")?;
        for storm in &self.storms {
            writeln!(f, "{storm}")?;
        }
        let column = |place: usize| {
            let mut values: Vec<_> = self.storms.iter().map(|storm| storm.numbers()[place]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        write!(f, "median: ")?;
        line(f, std::array::from_fn(column))?;
        write!(f, "\n{} messages stored; every client ended with what the database holds", self.messages)
    }
}
