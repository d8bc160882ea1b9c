//! Why a request was not carried out, sorted by what the asker can do about it.

use std::time::Duration;

use kefu_domain::{Refusal, StoreError};

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A rule said no; asking again unchanged is useless.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Too many requests are waiting. Nothing was done; try again after this long.
    #[error("too many requests are waiting")]
    Busy(Duration),
    /// No answer in time. A sending may or may not have happened: repeat it with the same key.
    #[error("the desk did not answer in time")]
    Late,
    /// The database is not there. Nothing was done, or it is not known: repeat with the same key.
    #[error("the store did not answer")]
    Store(#[from] StoreError),
    /// A defect of ours; nothing was done.
    #[error("the request crashed")]
    Crashed,
}
