//! The file, table by table.

/// The file as it stands in the repository.
const FILE: &str = include_str!("../../bad-inputs.tsv");

/// One table of the file.
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// One input, and what comes of it in each column.
pub(crate) struct Row {
    /// Where it stands in the file.
    pub(crate) line: usize,
    pub(crate) input: String,
    pub(crate) outcomes: Vec<String>,
}

/// What an answer must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) code: i64,
    /// Messages stored.
    pub(crate) stored: i64,
}

impl Outcome {
    /// `400`, or `0+1`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (code, stored) = text.split_once('+').unwrap_or((text, "0"));
        Some(Self { code: code.parse().ok()?, stored: stored.parse().ok()? })
    }
}

impl Table {
    /// Every table.
    pub(crate) fn all() -> Vec<Self> {
        let mut tables: Vec<Self> = Vec::new();
        for (number, line) in FILE.lines().enumerate() {
            if line.is_empty() || line.starts_with("# ") || line == "#" {
                continue;
            }
            if let Some(name) = line.strip_prefix("== ") {
                tables.push(Self { name: name.to_owned(), columns: Vec::new(), rows: Vec::new() });
                continue;
            }
            let table = tables.last_mut().expect("a table begins with its name");
            let mut cells = line.split('\t').map(str::to_owned);
            let input = cells.next().expect("a line has a first cell");
            let cells: Vec<_> = cells.collect();
            if table.columns.is_empty() {
                table.columns = cells;
            } else {
                assert_eq!(cells.len(), table.columns.len(), "line {} has another number of columns", number + 1);
                table.rows.push(Row { line: number + 1, input, outcomes: cells });
            }
        }
        tables
    }

    /// The table of that name.
    pub(crate) fn named(name: &str) -> Self {
        let table = Self::all().into_iter().find(|table| table.name == name);
        table.unwrap_or_else(|| panic!("no table is called {name}"))
    }
}
