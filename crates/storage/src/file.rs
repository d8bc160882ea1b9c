//! What is known of an uploaded file; the bytes themselves are kept elsewhere.

use kefu_domain::{ConversationId, Party, Scope, StoreError, Timestamp};

use crate::Database;
use crate::database::on_either;

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The name that the server gave it, at most 64 characters; unique over all tenants.
    pub name: String,
    /// Whose.
    pub scope: Scope,
    /// Who brought it.
    pub uploader: Party,
    /// Where it was sent, if that is known.
    pub conversation: Option<ConversationId>,
    /// What it is: `png`, `mp4`, `pdf` …, at most 16 characters.
    pub kind: String,
    /// How long it is.
    pub bytes: i64,
    /// When it came.
    pub created: Timestamp,
}

impl Database {
    /// Notes an uploaded file; a name that is taken is refused as [`StoreError::Failed`].
    pub fn add_file(&self, file: &StoredFile) -> Result<(), StoreError> {
        on_either!(self, db => db.add_file(file))
    }

    /// The file of that name.
    pub fn file(&self, name: &str) -> Result<Option<StoredFile>, StoreError> {
        on_either!(self, db => db.file(name))
    }
}
