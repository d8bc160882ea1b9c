//! Where the mall is asked.

use tokio::runtime::{Builder, Handle, Runtime};

use super::tables::CONNECTIONS;

/// Threads for questions that block: the mall's tables and our own.
const THREADS: usize = CONNECTIONS as usize + 8;

/// The runtime on which the mall is asked. Dropping it leaves whatever hangs there behind.
pub(super) struct Quarters(Option<Runtime>);

impl Quarters {
    pub(super) fn open() -> std::io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).max_blocking_threads(THREADS).thread_name("kefu-mall").enable_all();
        Ok(Self(Some(builder.build()?)))
    }

    pub(super) fn handle(&self) -> &Handle {
        match &self.0 {
            Some(runtime) => runtime.handle(),
            None => unreachable!("it is there until it is dropped"),
        }
    }
}

impl Drop for Quarters {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
