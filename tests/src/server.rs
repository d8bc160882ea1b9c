//! The server under test: a process of its own, with a database of its own.

mod asking;
mod life;
mod people;
mod setup;
mod staff;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::canary::Watch;
use crate::door::Door;
use crate::{Backend, Books, FaultProxy, Log, PATIENCE, Place, Program, Running, beside_this_program};

pub use setup::Setup;
pub use staff::Login;

/// A server that runs. Dropping it kills it, drops its database, searches its log for secrets, and complains of what
/// came to somebody whom it did not belong to.
pub struct Server {
    // Dropped in this order, except what `drop` does first.
    running: Option<Running>,
    place: Place,
    folder: tempfile::TempDir,
    secret: String,
    door: Door,
    log: Log,
    syncs: Option<PathBuf>,
    clock_off_by: i64,
    ready_after: Duration,
}

impl Server {
    /// A server on that kind of database, with these settings (TOML values) over the usual ones.
    pub async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let setup = Setup::on(backend);
        settings.iter().fold(setup, |setup, (name, value)| setup.set(name, value)).start().await
    }

    /// Starts the program on its settings, on another free port, and waits until it is ready.
    pub async fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let from = self.log.len();
        let mut program = self.program(["serve"]);
        if let Some(file) = &self.syncs {
            program = program.counting_syncs(file);
        }
        if self.clock_off_by != 0 {
            program = program.with_clock_off_by(self.clock_off_by);
        }
        let since = Instant::now();
        let running = program.start(&self.log);
        let Some(address) = self.log.wait_for(from, PATIENCE, address_in).await else {
            panic!("the server did not say where it listens:\n{}", self.log.tail(30));
        };
        self.running = Some(running);
        self.door.moved_to(address);
        self.wait_until_ready().await;
        self.ready_after = since.elapsed();
    }

    /// How long the last start took, from the process to the first good `/readyz`.
    #[must_use]
    pub fn ready_after(&self) -> Duration {
        self.ready_after
    }

    /// A command of the server's program, on this server's settings.
    #[must_use]
    pub fn program<'a>(&self, command: impl IntoIterator<Item = &'a str>) -> Program {
        let mut arguments = vec!["--config".to_owned(), self.folder.path().join("kefu.toml").display().to_string()];
        arguments.extend(command.into_iter().map(str::to_owned));
        Program::new(beside_this_program("kefu-under-test"), arguments)
    }

    async fn wait_until_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if self.get("/readyz").await.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("the server did not become ready:\n{}", self.log.tail(30));
    }

    /// The way to it.
    pub(crate) fn door(&self) -> &Door {
        &self.door
    }

    /// A proxy before it, which the watch sees through. It has to be led to the server's new address after a restart.
    pub async fn behind_proxy(&self, seed: u64) -> FaultProxy {
        let proxy = FaultProxy::before(self.address(), seed).await;
        self.door.watch.stand_at(proxy.address());
        proxy
    }

    /// Who may meet what it says.
    #[must_use]
    pub fn watch(&self) -> &Arc<Watch> {
        &self.door.watch
    }

    /// What its tokens are signed with.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// Has the log searched for this too.
    pub fn keep_secret(&self, secret: &str) {
        self.door.keep_secret(secret);
    }

    /// Its database, read past it.
    #[must_use]
    pub fn books(&self) -> Books {
        Books::at(self.place.url())
    }

    /// Where its database is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// The folder of its settings and files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it has written.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.running = None;
        if std::thread::panicking() {
            eprintln!("the server's last words:\n{}", self.log.tail(40));
            return;
        }
        self.door.watch.tokens().iter().for_each(|token| self.door.keep_secret(token));
        let secrets = self.door.secrets.lock().map(|secrets| secrets.clone()).unwrap_or_default();
        let strays = self.door.watch.leaks();
        assert!(strays.is_empty(), "{} canaries went astray: {}", strays.len(), strays[0]);
        let secrets: Vec<String> = secrets.into_iter().collect();
        let leaks = self.log.leaks(&secrets);
        assert!(leaks.is_empty(), "the log holds what must never stand there:\n{}", leaks.join("\n"));
        assert!(!self.log.is_empty(), "a server that logs nothing keeps no secrets");
    }
}

/// The address in the line that says where the server listens.
fn address_in(line: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening")?;
    rest.split(|c: char| c.is_whitespace() || "\"=,/".contains(c)).find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_in_the_line_that_says_where_the_server_listens() {
        let found = address_in("kefu-server is listening on http://127.0.0.1:48080");

        assert_eq!(found, Some(SocketAddr::from(([127, 0, 0, 1], 48080))));
        assert_eq!(address_in("answered http.route=\"/readyz\""), None);
    }
}
