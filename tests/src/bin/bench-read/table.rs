//! What was measured, as a table in Markdown and a line for machines.

use std::fmt;
use std::time::Duration;

use crate::fill::Size;
use crate::question::Question;

/// What one house's answers took.
#[derive(Default)]
pub(crate) struct Taken {
    /// Each of them, as the caller saw it.
    pub(crate) took: Vec<Duration>,
    /// All of them together, on the cores, of the server and its database.
    pub(crate) cpu: Duration,
}

/// A question to one database.
pub(crate) struct Row {
    pub(crate) database: &'static str,
    pub(crate) question: Question,
    /// The bytes of each answer's body.
    pub(crate) length: usize,
    /// In the small house and in the large one.
    pub(crate) taken: [Taken; 2],
}

/// All of it.
pub(crate) struct Table {
    pub(crate) sizes: [Size; 2],
    pub(crate) rounds: usize,
    pub(crate) rows: Vec<Row>,
}

/// A median, the time that 99 of 100 answers stay below, in milliseconds, and microseconds of a core per answer.
struct Cell {
    p50: f64,
    p99: f64,
    cpu: f64,
}

impl Cell {
    fn of(taken: &Taken) -> Self {
        let mut took = taken.took.clone();
        took.sort_unstable();
        let at = |percent: usize| took[(took.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
        let count = f64::from(u32::try_from(took.len()).expect("fewer than four billion"));
        Self { p50: at(50), p99: at(99), cpu: taken.cpu.as_secs_f64() * 1e6 / count }
    }
}

impl Row {
    fn cells(&self) -> [Cell; 2] {
        [Cell::of(&self.taken[0]), Cell::of(&self.taken[1])]
    }

    /// The large house's median over the small one's.
    fn growth(&self) -> f64 {
        let [small, large] = self.cells();
        large.p50 / small.p50
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [small, large] = self.sizes;
        writeln!(
            f,
            "A: {} messages in {} conversations; B: {} in {}; one caller, {} rounds in turns;\nms as the caller saw them, us: CPU of server and database per answer\n",
            small.messages(),
            small.conversations,
            large.messages(),
            large.conversations,
            self.rounds
        )?;
        writeln!(f, "| database | question | requests each | A p50 | A p99 | B p50 | B p99 | growth | A us | B us |")?;
        writeln!(f, "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")?;
        for row in &self.rows {
            let [a, b] = row.cells();
            writeln!(
                f,
                "| {} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.2} | {:.0} | {:.0} |",
                row.database,
                row.question.name(),
                row.taken[0].took.len(),
                a.p50,
                a.p99,
                b.p50,
                b.p99,
                row.growth(),
                a.cpu,
                b.cpu
            )?;
        }
        write!(f, "\ngrowth")?;
        for row in &self.rows {
            write!(f, " {}_{}={:.2}", row.database.to_lowercase(), row.question.key(), row.growth())?;
        }
        Ok(())
    }
}
