//! Databases for tests: each test has its own, gone at its end.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(unreachable_pub, reason = "a test's module is nobody else's")]

pub mod proxy;

use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use kefu_domain::contract::Fixture;
use kefu_domain::{Member, MemberId, Profile, Scope, ShopId, TenantId};
use kefu_storage::{Database, OpenError, Options};

pub type MySqlConn = AsyncConnectionWrapper<AsyncMysqlConnection>;

/// Where the desk of most tests is.
pub const DESK: Scope = Scope { tenant: TenantId(1), shop: ShopId(0) };

pub const fn member(id: i64) -> Member {
    Member { scope: DESK, id: MemberId(id) }
}

/// A database of its own for one test.
pub struct Site {
    pub address: String,
    place: Place,
}

enum Place {
    File(tempfile::TempDir),
    Server { url: String, name: String },
}

impl Site {
    /// A file.
    pub fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { address: format!("sqlite:{}", folder.path().join("kefu.db").display()), place: Place::File(folder) }
    }

    /// A database on the MariaDB that the environment names.
    pub fn mariadb() -> Self {
        Self::on_server(&server("KEFU_TEST_MARIADB_URL"))
    }

    /// A database on the MySQL that the environment names.
    #[cfg(kefu_test_mysql)]
    pub fn mysql() -> Self {
        Self::on_server(&server("KEFU_TEST_MYSQL_URL"))
    }

    fn on_server(url: &str) -> Self {
        let url = url.trim_end_matches('/').to_owned();
        let name = format!("kefu_test_{:016x}", RandomState::new().hash_one(std::process::id()));
        let mut conn = MySqlConn::establish(&format!("{url}/?prefer_socket=false")).unwrap();
        conn.batch_execute(&format!("CREATE DATABASE {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci"))
            .unwrap();
        Self { address: format!("{url}/{name}"), place: Place::Server { url, name } }
    }

    pub fn open(&self) -> Database {
        self.open_with(&Options::default()).unwrap()
    }

    pub fn open_with(&self, options: &Options) -> Result<Database, OpenError> {
        Database::connect(&self.address, options)
    }

    /// Where the server is.
    pub fn server(&self) -> SocketAddr {
        let place = self.address.rsplit_once('@').unwrap().1;
        place.split('/').next().unwrap().to_socket_addrs().unwrap().next().unwrap()
    }

    /// The same database behind another port.
    pub fn address_via(&self, port: u16) -> String {
        let (user, place) = self.address.rsplit_once('@').unwrap();
        format!("{user}@127.0.0.1:{port}/{}", place.split_once('/').unwrap().1)
    }

    pub fn file(&self) -> PathBuf {
        PathBuf::from(self.address.trim_start_matches("sqlite:"))
    }

    /// A connection that knows nothing of the desk's settings.
    pub fn mysql_conn(&self) -> MySqlConn {
        MySqlConn::establish(&format!("{}?prefer_socket=false", self.address)).unwrap()
    }

    pub fn sqlite_conn(&self) -> SqliteConnection {
        let mut conn = SqliteConnection::establish(self.file().to_str().unwrap()).unwrap();
        conn.batch_execute("PRAGMA busy_timeout = 5000").unwrap();
        conn
    }

    /// Runs plain statements, as any other program would.
    pub fn run(&self, statements: &str) {
        match &self.place {
            Place::File(_) => self.sqlite_conn().batch_execute(statements).unwrap(),
            Place::Server { .. } => self.mysql_conn().batch_execute(statements).unwrap(),
        }
    }

    /// Makes the tables as a program made them that did not know these steps yet.
    pub fn made_without(&self, later: &[&str]) {
        let folder = match &self.place {
            Place::File(_) => concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/sqlite"),
            Place::Server { .. } => concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/mysql"),
        };
        let steps = std::fs::read_dir(folder).unwrap().map(|step| step.unwrap().path());
        let mut steps: Vec<_> = steps.filter(|step| !later.iter().any(|later| step.ends_with(later))).collect();
        steps.sort();
        self.run(
            "CREATE TABLE __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL,
                 run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)",
        );
        for step in steps {
            let name = step.file_name().unwrap().to_str().unwrap();
            self.run(&std::fs::read_to_string(step.join("up.sql")).unwrap());
            let version = name.split('_').next().unwrap();
            self.run(&format!("INSERT INTO __diesel_schema_migrations (version) VALUES ('{version}')"));
        }
    }

    /// The one text that a query answers, in its column `value`.
    pub fn text(&self, query: &str) -> Option<String> {
        let answer: Answer = match &self.place {
            Place::File(_) => diesel::sql_query(query).get_result(&mut self.sqlite_conn()).unwrap(),
            Place::Server { .. } => diesel::sql_query(query).get_result(&mut self.mysql_conn()).unwrap(),
        };
        answer.value
    }

    /// The one number that a query answers, in its column `value`.
    pub fn number(&self, query: &str) -> i64 {
        let answer: Number = match &self.place {
            Place::File(_) => diesel::sql_query(query).get_result(&mut self.sqlite_conn()).unwrap(),
            Place::Server { .. } => diesel::sql_query(query).get_result(&mut self.mysql_conn()).unwrap(),
        };
        answer.value
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Place::Server { url, name } = &self.place {
            let mut conn = MySqlConn::establish(&format!("{url}/?prefer_socket=false")).unwrap();
            conn.batch_execute(&format!("DROP DATABASE {name}")).unwrap();
        }
    }
}

#[allow(clippy::disallowed_methods, reason = "where the test server is comes from whoever runs the tests")]
fn server(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} names no server: run `make test`, or `scripts/services run -- cargo test`")
    })
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Nullable<Text>)]
    value: Option<String>,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// An open database for the store's contract.
pub struct Fresh {
    // Closed before its place goes.
    database: Database,
    _site: Site,
}

impl Fresh {
    pub fn at(site: Site) -> Self {
        Self { database: site.open(), _site: site }
    }
}

impl Fixture for Fresh {
    type Store = Database;

    fn store(&self) -> &Database {
        &self.database
    }

    fn remember_nickname(&self, tenant: TenantId, member: MemberId, nickname: &str) {
        let profile = Profile { nickname: Some(nickname.to_owned()), avatar: None };
        self.database.remember_profile(tenant, 1, member.0, &profile).unwrap();
    }
}

/// Runs the tests of a file, functions over a [`Site`], on each database.
#[macro_export]
macro_rules! on_each_database {
    ($($test:ident)+) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(&$crate::support::Site::sqlite()); })+
        }
        mod mariadb {
            $(#[test] fn $test() { super::$test(&$crate::support::Site::mariadb()); })+
        }
        #[cfg(kefu_test_mysql)]
        mod mysql {
            $(#[test] fn $test() { super::$test(&$crate::support::Site::mysql()); })+
        }
    };
}
