//! The desk as an operator has it: a settings file, commands, and a process that keeps its port.

use std::net::SocketAddr;

use kefu_tests::{Log, PATIENCE, Program, Running, beside_this_program};
use nix::sys::signal::Signal;
use tempfile::TempDir;

pub(crate) struct Desk {
    folder: TempDir,
    settings: String,
    log: Log,
    running: Option<Running>,
    address: Option<SocketAddr>,
}

impl Desk {
    /// With these settings, which are TOML; `@LISTEN@` becomes its address.
    pub(crate) fn with(settings: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("kefu-desk").tempdir().unwrap();
        let uploads = folder.path().join("uploads");
        let settings = format!("{settings}\n[upload]\ndir = {:?}\n", uploads.display().to_string());
        Self { folder, settings, log: Log::default(), running: None, address: None }
    }

    /// Runs a command, which must succeed, and returns what it says.
    pub(crate) async fn run(&self, command: &[&str]) -> String {
        let log = Log::default();
        let status = self.program(command).start(&log).wait(PATIENCE).await.unwrap();
        assert!(status.success(), "{command:?}: {}", log.tail(20));
        log.lines().join("\n")
    }

    /// Starts it, on the port that it had before if it ran before.
    pub(crate) async fn start(&mut self) -> SocketAddr {
        assert!(self.running.is_none(), "it runs already");
        let from = self.log.len();
        self.running = Some(self.program(&["serve"]).start(&self.log));
        let said = self.log.wait_for(from, PATIENCE, |line| {
            let (_, rest) = line.split_once("listening on http://")?;
            rest.split_whitespace().next()?.trim_end_matches('"').parse().ok()
        });
        let address: SocketAddr = said.await.unwrap_or_else(|| panic!("it does not start: {}", self.log.tail(30)));
        assert_eq!(*self.address.get_or_insert(address), address);
        address
    }

    pub(crate) fn kill9(&mut self) {
        self.running.take().unwrap().kill9();
    }

    /// Stops it as an operator would.
    pub(crate) async fn stop(&mut self) {
        let running = self.running.take().unwrap();
        running.signal(Signal::SIGTERM);
        assert!(running.wait(PATIENCE).await.unwrap().success(), "{}", self.log.tail(20));
    }

    pub(crate) fn log(&self) -> &Log {
        &self.log
    }

    fn program(&self, command: &[&str]) -> Program {
        let listen = self.address.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        let file = self.folder.path().join("kefu.toml");
        std::fs::write(&file, self.settings.replace("@LISTEN@", &listen.to_string())).unwrap();
        let file = file.display().to_string();
        Program::new(beside_this_program("kefu-under-test"), ["--config", &file].iter().chain(command))
    }
}
