//! A gate before the commit: with it a test lets a batch pile up, or looks at a transaction half done.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::{MemoryStore, State};

/// How long a test waits for something that is certain to happen.
const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub(super) struct Barrier {
    shut: bool,
    waiting: usize,
}

impl Barrier {
    pub(super) fn shut(&mut self) {
        self.shut = true;
    }
}

/// A shut gate; dropping it opens it.
#[derive(Debug)]
pub struct Gate {
    store: MemoryStore,
}

impl Gate {
    pub(super) fn new(store: MemoryStore) -> Self {
        Self { store }
    }

    /// Waits until this many commits stand before the gate.
    ///
    /// # Panics
    ///
    /// After 20 s, so that a test fails instead of hanging.
    pub fn wait_for(&self, commits: usize) {
        let shared = &self.store.shared;
        let (state, waited) = shared
            .bell
            .wait_timeout_while(self.store.state(), PATIENCE, |state| state.gate.waiting < commits)
            .unwrap_or_else(PoisonError::into_inner);
        let waiting = state.gate.waiting;
        drop(state);
        assert!(!waited.timed_out(), "{waiting} commits came to the gate, not {commits}");
    }

    /// Lets everybody through, from here on.
    pub fn open(self) {
        drop(self);
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.store.state().gate.shut = false;
        self.store.shared.bell.notify_all();
    }
}

/// Waits before a shut gate, without the state's mutex.
pub(super) fn pass<'a>(store: &'a MemoryStore, mut state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    state.gate.waiting += 1;
    store.shared.bell.notify_all();
    let mut state =
        store.shared.bell.wait_while(state, |state| state.gate.shut).unwrap_or_else(PoisonError::into_inner);
    state.gate.waiting -= 1;
    state
}
