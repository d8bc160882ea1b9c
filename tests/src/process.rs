//! A child process: started, signalled, waited for, and gone when dropped.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::watch;

use crate::Log;

/// A program of this package, as it was built beside the running one.
#[must_use]
pub fn beside_this_program(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("the path of this program");
    let folders = me.ancestors().skip(1).take(2);
    let found = folders.map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} was not built beside {}: build all programs of kefu-tests", me.display()))
}

/// What is to be run.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it reads from its standard input; nothing where there is nothing.
    pub input: String,
    /// What its environment holds beside what every program's does.
    pub environment: Vec<(&'static str, String)>,
}

/// The loader looks into the folder of this machine's libraries, which is what `$LIB` stands for.
const OTHER_CLOCK: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// What a program with another clock leaves behind when it is killed.
fn left_by_its_clock(pid: Pid) -> [PathBuf; 2] {
    [format!("/dev/shm/faketime_shm_{pid}").into(), format!("/dev/shm/sem.faketime_sem_{pid}").into()]
}

impl Program {
    /// A program with its arguments.
    pub fn new<A: Into<OsString>>(path: impl Into<PathBuf>, arguments: impl IntoIterator<Item = A>) -> Self {
        let arguments = arguments.into_iter().map(Into::into).collect();
        Self { path: path.into(), arguments, input: String::new(), environment: Vec::new() }
    }

    /// The same program with something to read.
    #[must_use]
    pub fn reading(self, input: &str) -> Self {
        Self { input: input.to_owned(), ..self }
    }

    /// The same program, watched by `strace`, which writes every fsync and fdatasync into a file. The program stays
    /// our own child, so that signals reach it and not its watcher.
    #[must_use]
    pub fn counting_syncs(self, file: &Path) -> Self {
        let mut arguments: Vec<OsString> =
            ["-D", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o"].map(OsString::from).into();
        arguments.extend([file.into(), "--".into(), self.path.into()]);
        arguments.extend(self.arguments);
        Self { path: "strace".into(), arguments, ..self }
    }

    /// The same program, for which the calendar is so many seconds ahead, or behind. What measures how long something
    /// takes goes right. Needs Debian's faketime; without it the calendar is right too.
    #[must_use]
    pub fn with_clock_off_by(mut self, seconds: i64) -> Self {
        let set = [
            ("LD_PRELOAD", OTHER_CLOCK.to_owned()),
            ("FAKETIME", format!("{seconds:+}")),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("NO_FAKE_STAT", "1".to_owned()),
        ];
        self.environment.extend(set);
        self
    }

    /// Starts it, with its outputs going to the log.
    #[must_use]
    pub fn start(&self, log: &Log) -> Running {
        let mut command = Command::new(&self.path);
        // Settings of whoever runs the tests are none of the server's.
        command.env_clear().env("PATH", search_path()).env("RUST_BACKTRACE", "1");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{} does not start: {error}", self.path.display()));
        let mut input = child.stdin.take().expect("piped");
        // A program that reads nothing may be gone before it could.
        let _ = input.write_all(self.input.as_bytes());
        drop(input);
        log.drink(child.stdout.take().expect("piped"));
        log.drink(child.stderr.take().expect("piped"));
        let pid = Pid::from_raw(i32::try_from(child.id()).expect("a process id"));
        let (over, exit) = watch::channel(None);
        let waiter = std::thread::spawn(move || {
            let status = child.wait().ok();
            over.send_replace(Some(status));
        });
        let has_other_clock = self.environment.iter().any(|(name, _)| *name == "FAKETIME");
        Running { pid, exit, waiter: Some(waiter), has_other_clock }
    }
}

/// Where system programs lie, also for users whose path leaves them out.
pub(crate) fn search_path() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    path.push(":/usr/local/sbin:/usr/sbin:/sbin");
    path
}

/// A process that was started. Dropping it kills it and waits for its end.
pub struct Running {
    pid: Pid,
    exit: watch::Receiver<Option<Option<ExitStatus>>>,
    waiter: Option<JoinHandle<()>>,
    has_other_clock: bool,
}

impl Running {
    /// Its number.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Whether it still runs.
    #[must_use]
    pub fn lives(&self) -> bool {
        self.exit.borrow().is_none()
    }

    /// Sends a signal, if it still runs.
    pub fn signal(&self, signal: Signal) {
        if self.lives() {
            let _ = kill(self.pid, signal);
        }
    }

    /// Waits for its end; `None` when it does not come in time.
    pub async fn wait(&self, within: Duration) -> Option<ExitStatus> {
        let mut exit = self.exit.clone();
        let over = tokio::time::timeout(within, exit.wait_for(Option::is_some)).await;
        over.ok().and_then(Result::ok).and_then(|status| status.flatten())
    }

    /// Kills it as a power cut would, and waits until it is gone.
    pub fn kill9(&mut self) {
        self.signal(Signal::SIGKILL);
        if let Some(waiter) = self.waiter.take() {
            let _ = waiter.join();
        }
        if std::mem::take(&mut self.has_other_clock) {
            // Gone where it ended well.
            left_by_its_clock(self.pid).iter().for_each(|file| drop(std::fs::remove_file(file)));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill9();
    }
}
