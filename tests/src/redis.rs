//! A Redis of one's own, to be killed and stopped, and the one that all tests share.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;

use crate::ports::free_port;
use crate::process::search_path;
use crate::{Log, PATIENCE, Program, Running};

/// The Redis that all tests share, `redis://127.0.0.1:PORT`. What a test puts there has a name of its own.
///
/// # Panics
///
/// When there is none.
#[must_use]
pub fn shared_redis() -> String {
    #[expect(clippy::disallowed_methods, reason = "handed to the tests by `make test`")]
    let url = std::env::var("KEFU_TEST_REDIS_URL");
    url.unwrap_or_else(|_| panic!("KEFU_TEST_REDIS_URL names no Redis: run the tests with `make test`"))
}

/// A Redis on a port of its own. Dropping it kills it; it forgets everything when it ends.
pub struct OwnRedis {
    folder: tempfile::TempDir,
    port: u16,
    log: Log,
    running: Option<Running>,
}

impl OwnRedis {
    /// Starts one.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("kefu-redis").tempdir().expect("a folder");
        // Debian's redis-tools hold the server's program under this name, and it behaves as it is called.
        let program = on_the_path("redis-check-rdb").expect("redis-check-rdb: run the tests with `make test`");
        symlink(program, folder.path().join("redis-server")).expect("a link in the folder");

        let mut own = Self { folder, port: 0, log: Log::default(), running: None };
        // Somebody may take the port between our look and the start.
        for _ in 0..5 {
            own.port = free_port();
            if own.launch() {
                return own;
            }
        }
        panic!("Redis did not start: {}", own.log.tail(20));
    }

    /// As settings name it: `redis://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Kills it, and what it knew is gone.
    pub fn kill9(&mut self) {
        self.running.take().expect("it runs").kill9();
    }

    /// Starts it again, empty, on the same port.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        assert!(self.launch(), "Redis did not come back: {}", self.log.tail(20));
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
        let folder = self.folder.path().display().to_string();
        let socket = format!("{folder}/socket");
        let port = self.port.to_string();
        let arguments = [
            "--bind",
            "127.0.0.1",
            "--port",
            &port,
            "--unixsocket",
            &socket,
            "--dir",
            &folder,
            "--save",
            "",
            "--appendonly",
            "no",
        ];
        let running = Program::new(self.folder.path().join("redis-server"), arguments).start(&self.log);
        // Asked on its own socket, so that no stranger on the port answers for it.
        let client = redis::Client::open(format!("redis+unix://{socket}")).expect("an address");
        let deadline = Instant::now() + PATIENCE;
        let answers = || client.get_connection().is_ok_and(|mut conn| redis::cmd("PING").exec(&mut conn).is_ok());
        while !answers() {
            if !running.lives() || Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.running = Some(running);
        true
    }
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&search_path()).map(|folder| folder.join(name)).find(|path| path.is_file())
}
