//! A transaction in memory: rows held until it ends, written all at once or not at all.

use std::collections::HashSet;

use super::faults::{At, Fault, Planned};
use super::{MemoryStore, State, gate};
use crate::{Committed, ConversationId, MessageId, StoreError, Transaction, UnitOfWork};

pub(super) struct MemoryTransaction {
    store: MemoryStore,
    work: UnitOfWork,
    held: HashSet<ConversationId>,
}

impl MemoryTransaction {
    pub(super) fn new(store: MemoryStore, work: UnitOfWork, held: HashSet<ConversationId>) -> Self {
        Self { store, work, held }
    }
}

impl Transaction for MemoryTransaction {
    fn work(&mut self) -> &mut UnitOfWork {
        &mut self.work
    }

    fn commit(mut self: Box<Self>) -> Result<Committed, StoreError> {
        let ids = {
            let mut state = gate::pass(&self.store, self.store.state());
            state.commit(&self.work)?
        };
        let now = self.store.now();
        let work = std::mem::replace(&mut self.work, UnitOfWork::new(now));
        Ok(work.into_committed(ids))
    }
}

impl Drop for MemoryTransaction {
    fn drop(&mut self) {
        let mut state = self.store.state();
        state.held.retain(|id| !self.held.contains(id));
    }
}

impl State {
    fn commit(&mut self, work: &UnitOfWork) -> Result<Vec<MessageId>, StoreError> {
        let fault = self.faults.next(At::Commit);
        if let Some(fault) = fault
            && fault != (Fault::FateUnknown { applied: true })
        {
            return Err(fault.error());
        }
        if self.faults.refuses(work.drafts()) {
            return Err(StoreError::Failed(Planned.into()));
        }
        let ids = self.tables.write(work).map_err(|duplicate| StoreError::Failed(duplicate.into()))?;
        self.counts.commits += 1;
        self.counts.batches.push(ids.len());
        fault.map_or(Ok(ids), |fault| Err(fault.error()))
    }
}
