//! Where a server keeps its books, and the clearing up afterwards.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use diesel::{Connection, RunQueryDsl, sql_query};

use crate::books::Maria;
use crate::off_the_runtime;

/// The kinds of databases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// A file of its own.
    Sqlite,
    /// A file in this folder.
    SqliteIn(PathBuf),
    /// A database of its own on the MariaDB that `make test` starts.
    MariaDb,
    /// A database of its own on this server, `mysql://root@HOST:PORT`.
    MariaDbAt(String),
}

/// A database of one test. Dropping it drops the database.
#[derive(Debug)]
pub struct Place {
    url: String,
    /// The server to drop the database on, and its name.
    drop: Option<(String, String)>,
}

impl Backend {
    /// Whether it is one of the MariaDBs.
    #[must_use]
    pub fn is_mariadb(&self) -> bool {
        matches!(self, Self::MariaDb | Self::MariaDbAt(_))
    }

    /// Makes an empty database; a file goes into this folder.
    #[must_use]
    pub fn prepare(&self, folder: &Path) -> Place {
        let server = match self {
            Self::Sqlite => return Place::file(folder),
            Self::SqliteIn(folder) => return Place::file(folder),
            Self::MariaDb => shared_server(),
            Self::MariaDbAt(server) => server.trim_end_matches('/').to_owned(),
        };
        let name = fresh_name();
        run_on(&server, &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4"));
        Place { url: format!("{server}/{name}"), drop: Some((server, name)) }
    }
}

impl Place {
    fn file(folder: &Path) -> Self {
        Self { url: format!("sqlite:{}", folder.join("kefu.sqlite3").display()), drop: None }
    }

    /// The same place for another node, which does not clear it up.
    pub(crate) fn visited(&self) -> Self {
        Self { url: self.url.clone(), drop: None }
    }

    /// As the server's settings name it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The file, where it is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.url.strip_prefix("sqlite:").map(Path::new)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((server, name)) = self.drop.take() else { return };
        // A server that a test has killed takes its databases with it.
        off_the_runtime(|| {
            if let Ok(mut conn) = Maria::establish(&address(&server)) {
                let _ = sql_query(format!("DROP DATABASE IF EXISTS {name}")).execute(&mut conn);
            }
        });
    }
}

/// The MariaDB that all tests share.
fn shared_server() -> String {
    #[expect(clippy::disallowed_methods, reason = "the one thing that `make test` hands to the tests")]
    let url = std::env::var("KEFU_TEST_MARIADB_URL");
    let url = url.unwrap_or_else(|_| panic!("KEFU_TEST_MARIADB_URL names no MariaDB: run the tests with `make test`"));
    url.trim_end_matches('/').to_owned()
}

fn run_on(server: &str, statement: &str) {
    off_the_runtime(|| {
        let mut conn = Maria::establish(&address(server)).expect("MariaDB lets us in");
        sql_query(statement).execute(&mut conn).expect("MariaDB does as told");
    });
}

/// The driver would rather use a local socket than the port that was asked for.
pub(crate) fn address(url: &str) -> String {
    format!("{url}{}prefer_socket=false", if url.contains('?') { '&' } else { '?' })
}

fn fresh_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("kefu_test_{:x}_{}", fresh_seed(), COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A number that no other run of the tests has; for names and ports, never for what a test does.
pub(crate) fn fresh_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one(std::process::id())
}
