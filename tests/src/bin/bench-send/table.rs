//! What was measured, as a table of medians.

use std::fmt;
use std::time::Duration;

/// One configuration in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cell {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    server_us: f64,
    /// 0 where the database is part of the server.
    database_us: f64,
    load_us: f64,
    batch: f64,
}

impl Cell {
    /// Of the times that sendings took, the seconds of a core that server, database and load used, and the mean batch.
    pub(crate) fn new(mut took: Vec<u32>, length: Duration, used: [f64; 3], batch: f64) -> Self {
        took.sort_unstable();
        let at = |percent: usize| f64::from(took[(took.len() - 1) * percent / 100]) / 1_000.0;
        let count = f64::from(u32::try_from(took.len()).expect("fewer than four billion"));
        let each = |seconds: f64| seconds * 1e6 / count;
        Self {
            per_second: count / length.as_secs_f64(),
            p50_ms: at(50),
            p99_ms: at(99),
            server_us: each(used[0]),
            database_us: each(used[1]),
            load_us: each(used[2]),
            batch,
        }
    }

    fn medians(cells: &[Self]) -> Self {
        let median = |of: fn(&Self) -> f64| {
            let mut values: Vec<f64> = cells.iter().map(of).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        Self {
            per_second: median(|cell| cell.per_second),
            p50_ms: median(|cell| cell.p50_ms),
            p99_ms: median(|cell| cell.p99_ms),
            server_us: median(|cell| cell.server_us),
            database_us: median(|cell| cell.database_us),
            load_us: median(|cell| cell.load_us),
            batch: median(|cell| cell.batch),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:>8.0} {:>8.2} {:>8.2} {:>9.1} {:>9.1} {:>9.1} {:>8.1}",
            self.per_second, self.p50_ms, self.p99_ms, self.server_us, self.database_us, self.load_us, self.batch
        )
    }
}

struct Row {
    database: &'static str,
    name: &'static str,
    is_default: bool,
    callers: usize,
    cells: Vec<Cell>,
}

/// All of it.
pub(crate) struct Table {
    sync_takes: Duration,
    rows: Vec<Row>,
    /// Messages that were found stored.
    pub(crate) stored: i64,
}

impl Table {
    pub(crate) fn new(sync_takes: Duration) -> Self {
        Self { sync_takes, rows: Vec::new(), stored: 0 }
    }

    pub(crate) fn add(
        &mut self,
        database: &'static str,
        name: &'static str,
        is_default: bool,
        callers: usize,
        cell: Cell,
    ) {
        let known = |row: &&mut Row| (row.database, row.name, row.callers) == (database, name, callers);
        match self.rows.iter_mut().find(known) {
            Some(row) => row.cells.push(cell),
            None => self.rows.push(Row { database, name, is_default, callers, cells: vec![cell] }),
        }
    }

    /// The default's rate over the best of the others', on one database with so many callers.
    fn ratio(&self, database: &str, callers: usize) -> Option<f64> {
        let rates = |default: bool| {
            let rows = self.rows.iter().filter(move |row| (row.database, row.callers) == (database, callers));
            rows.filter(move |row| row.is_default == default).map(|row| Cell::medians(&row.cells).per_second)
        };
        let best = rates(false).max_by(f64::total_cmp)?;
        Some(rates(true).next()? / best)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "a durable write of 4 KiB takes {:?} here; medians of all rounds; us: CPU per send",
            self.sync_takes
        )?;
        writeln!(
            f,
            "{:<8} {:<18} {:>7} {:>8} {:>8} {:>8} {:>9} {:>9} {:>9} {:>8}",
            "database",
            "configuration",
            "callers",
            "sends/s",
            "p50 ms",
            "p99 ms",
            "server us",
            "db us",
            "load us",
            "batch"
        )?;
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(|row| (row.database, row.callers));
        for row in rows {
            let cell = Cell::medians(&row.cells);
            writeln!(f, "{:<8} {:<18} {:>7} {cell}", row.database, row.name, row.callers)?;
        }
        writeln!(f, "{} messages were acknowledged, and as many are stored", self.stored)?;
        write!(f, "ratio")?;
        for (database, name) in [("MariaDB", "mariadb"), ("SQLite", "sqlite")] {
            if let Some(ratio) = self.ratio(database, 256) {
                write!(f, " {name}256={ratio:.2}")?;
            }
        }
        Ok(())
    }
}
