//! A MariaDB of one's own, to be killed and stopped.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use diesel::{Connection, RunQueryDsl, sql_query};
use nix::sys::signal::Signal;

use crate::backend::address;
use crate::books::Maria;
use crate::ports::free_port;
use crate::process::search_path;
use crate::{Log, PATIENCE, Program, Running, off_the_runtime};

/// A MariaDB with full durability on a port of its own. Dropping it kills it and throws its data away.
pub struct OwnMariaDb {
    folder: tempfile::TempDir,
    port: u16,
    log: Log,
    running: Option<Running>,
    settings: Vec<String>,
}

impl OwnMariaDb {
    /// Makes an empty server and starts it.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with these arguments over the usual ones.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        let folder = tempfile::Builder::new().prefix("kefu-maria").tempdir().expect("a folder");
        for name in ["data", "tmp"] {
            std::fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        let made = Command::new("mariadb-install-db")
            .env("PATH", search_path())
            .args([
                "--no-defaults",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
            ])
            .args(as_root())
            .arg(format!("--datadir={}", folder.path().join("data").display()))
            .stdin(Stdio::null())
            .output()
            .expect("mariadb-install-db runs: install MariaDB, or run the tests with `make test`");
        assert!(made.status.success(), "mariadb-install-db failed: {}", String::from_utf8_lossy(&made.stderr));

        let settings = settings.iter().map(|&setting| setting.to_owned()).collect();
        let mut own = Self { folder, port: 0, log: Log::default(), running: None, settings };
        // Somebody may take the port between our look and the start.
        for _ in 0..5 {
            own.port = free_port();
            if own.launch() {
                return own;
            }
        }
        panic!("MariaDB did not start: {}", own.log.tail(20));
    }

    /// As settings name it: `mysql://root@127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("mysql://root@127.0.0.1:{}", self.port)
    }

    /// The number of its process.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.running.as_ref().expect("it runs").pid()
    }

    /// Kills it as a power cut would.
    pub fn kill9(&mut self) {
        self.running.take().expect("it runs").kill9();
    }

    /// Starts it again, on the same data and the same port.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        assert!(self.launch(), "MariaDB did not come back: {}", self.log.tail(20));
    }

    /// Stops its process in the middle of whatever it does.
    pub fn freeze(&self) {
        self.running.as_ref().expect("it runs").signal(Signal::SIGSTOP);
    }

    /// Lets its process go on.
    pub fn thaw(&self) {
        self.running.as_ref().expect("it runs").signal(Signal::SIGCONT);
    }

    fn launch(&mut self) -> bool {
        let within = |name: &str| self.folder.path().join(name).display().to_string();
        let mut arguments = vec![
            "--no-defaults".to_owned(),
            format!("--datadir={}", within("data")),
            format!("--tmpdir={}", within("tmp")),
            format!("--socket={}", within("socket")),
            format!("--pid-file={}", within("pid")),
            format!("--port={}", self.port),
        ];
        arguments.extend(as_root());
        arguments.extend(
            [
                "--bind-address=127.0.0.1",
                "--skip-name-resolve",
                "--max-connections=500",
                "--character-set-server=utf8mb4",
                "--collation-server=utf8mb4_unicode_ci",
                "--innodb-flush-log-at-trx-commit=1",
                "--skip-log-bin",
                "--innodb-buffer-pool-size=256M",
            ]
            .map(str::to_owned),
        );
        arguments.extend(self.settings.iter().cloned());
        let running = Program::new(PathBuf::from("mariadbd"), arguments).start(&self.log);
        let deadline = Instant::now() + PATIENCE;
        let ready = loop {
            if off_the_runtime(|| answers(&self.url())) {
                break true;
            }
            if !running.lives() || Instant::now() > deadline {
                break false;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        self.running = ready.then_some(running);
        ready
    }
}

fn answers(url: &str) -> bool {
    Maria::establish(&address(url)).is_ok_and(|mut conn| sql_query("SELECT 1").execute(&mut conn).is_ok())
}

fn as_root() -> Option<String> {
    nix::unistd::geteuid().is_root().then(|| "--user=root".to_owned())
}
