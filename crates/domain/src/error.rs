//! Why something did not happen, sorted by what one can do about it.

use crate::{ContentError, ConversationId, KeyError, MemberId, MessageId, ShopId};

/// A cause from underneath; the log prints the chain, nobody else sees it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A rule said no. Nothing was stored, and asking again unchanged will be refused again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It does not exist, or belongs to somebody else: the two are never told apart.
    #[error("conversation {0} does not exist")]
    NoSuchConversation(ConversationId),
    /// The directory positively knows that there is no such member.
    #[error("member {0} does not exist")]
    NoSuchMember(MemberId),
    /// There is no such shop.
    #[error("shop {0} does not exist")]
    NoSuchShop(ShopId),
    /// The shop takes no messages any more.
    #[error("shop {0} is closed")]
    ShopClosed(ShopId),
    /// The key was used before, for another content.
    #[error("this client message id belongs to another content")]
    KeyReused,
    /// There is no such message in the conversation, or none that this side still has.
    #[error("message {0} does not exist")]
    NoSuchMessage(MessageId),
    /// Only whoever said something may take it back.
    #[error("message {0} was said by somebody else")]
    NotTheirs(MessageId),
    /// It was said longer ago than this many milliseconds.
    #[error("the message is older than {0} ms")]
    TooLate(i64),
    /// The content is not one that we keep.
    #[error("content is not acceptable")]
    Content(#[from] ContentError),
    /// The key is not one that we keep.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// The store did not do it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Try again in a moment: no connection, no space, no answer. Nothing was written.
    #[error("the database is not available")]
    Unavailable(#[source] BoxError),
    /// Try again at once: deadlock, lock timeout or another process's lock. Nothing was written.
    #[error("lost a race for a row")]
    Contended(#[source] BoxError),
    /// The commit was sent and its answer was not heard: it may or may not have happened.
    #[error("the fate of a commit is unknown")]
    FateUnknown(#[source] BoxError),
    /// The data of one job offends the database; others of its batch may be fine.
    #[error("the database refused the data")]
    Failed(#[source] BoxError),
}

/// A directory of members or admins did not answer.
#[derive(Debug, thiserror::Error)]
#[error("directory did not answer")]
pub struct DirectoryError(#[source] pub BoxError);

/// An error and its causes, in one line: for a log, never for an answer.
#[derive(Debug)]
pub struct Chain<'a>(pub &'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
