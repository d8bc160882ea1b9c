//! What a test makes go wrong.

use std::collections::{HashMap, VecDeque};

use crate::{Message, StoreError};

/// Where something can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum At {
    /// [`Store::open`](crate::Store::open).
    Open,
    /// [`Store::begin`](crate::Store::begin).
    Begin,
    /// [`Transaction::commit`](crate::Transaction::commit).
    Commit,
    /// The reads of both repositories.
    Read,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is done; the database is not there.
    Unavailable,
    /// Nothing is done; somebody else was faster.
    Contended,
    /// Nothing is done; the data offends.
    Failed,
    /// The answer is lost. Anywhere but at a commit nothing is done either.
    FateUnknown {
        /// Whether the commit happened all the same.
        applied: bool,
    },
}

/// The cause that a planned error names.
#[derive(Debug, thiserror::Error)]
#[error("planned by a test")]
pub(super) struct Planned;

impl Fault {
    pub(super) fn error(self) -> StoreError {
        match self {
            Self::Unavailable => StoreError::Unavailable(Planned.into()),
            Self::Contended => StoreError::Contended(Planned.into()),
            Self::Failed => StoreError::Failed(Planned.into()),
            Self::FateUnknown { .. } => StoreError::FateUnknown(Planned.into()),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Faults {
    planned: HashMap<At, VecDeque<Fault>>,
    refused: Vec<String>,
}

impl Faults {
    pub(super) fn plan(&mut self, at: At, times: usize, fault: Fault) {
        self.planned.entry(at).or_default().extend(std::iter::repeat_n(fault, times));
    }

    pub(super) fn refuse(&mut self, text: &str) {
        self.refused.push(text.to_owned());
    }

    /// The next planned fault of that sort, used up.
    pub(super) fn next(&mut self, at: At) -> Option<Fault> {
        self.planned.get_mut(&at)?.pop_front()
    }

    /// Fails if that was planned.
    pub(super) fn strike(&mut self, at: At) -> Result<(), StoreError> {
        self.next(at).map_or(Ok(()), |fault| Err(fault.error()))
    }

    pub(super) fn refuses(&self, drafts: &[Message]) -> bool {
        drafts.iter().any(|draft| self.refused.iter().any(|text| draft.content.contains(text)))
    }
}
