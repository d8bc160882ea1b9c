//! How a server's process ends, stands still and begins anew.

use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::Server;
use crate::{PATIENCE, Running};

impl Server {
    /// The process.
    #[track_caller]
    #[must_use]
    pub fn process(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    /// Kills it as a power cut would.
    pub fn kill9(&mut self) {
        self.running.take().expect("it runs").kill9();
    }

    /// Asks it to stop, and waits so long for its end.
    pub async fn terminate(&mut self, within: Duration) -> Option<ExitStatus> {
        self.process().signal(Signal::SIGTERM);
        self.wait_for_end(within).await
    }

    /// Waits so long for its end. What does not end in time is killed.
    pub async fn wait_for_end(&mut self, within: Duration) -> Option<ExitStatus> {
        self.running.take().expect("it runs").wait(within).await
    }

    /// Stops it as an operator would, and starts it again.
    pub async fn restart(&mut self) {
        let status = self.terminate(PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()), "it did not stop well: {status:?}");
        self.start_again().await;
    }

    /// Stops its process in the middle of whatever it does.
    pub fn freeze(&self) {
        self.process().signal(Signal::SIGSTOP);
    }

    /// Lets its process go on.
    pub fn thaw(&self) {
        self.process().signal(Signal::SIGCONT);
    }
}
