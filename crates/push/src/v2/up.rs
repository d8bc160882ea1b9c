//! What clients say.

mod hear;

use std::fmt;

use kefu_domain::{ClientMsgId, ConversationId, Cursor, MessageId, ShopId};

pub use hear::hear;

use super::envelope::Action;

/// The most conversations that one frame may resume.
pub const MOST_RESUMED: usize = 64;

/// A frame that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What it asks for.
    pub up: Up,
    /// What its answer is to carry back; of a `send` also its key.
    pub client_msg_id: Option<ClientMsgId>,
}

/// Why a frame is refused. Nothing of what it says is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misheard {
    /// What is wrong with it.
    pub why: &'static str,
    /// What it asks for, if that was understood.
    pub action: Option<Action>,
    /// What its answer is to carry back.
    pub client_msg_id: Option<ClientMsgId>,
}

/// What a client asks for. Its `Debug` shows neither tokens nor texts.
#[derive(Clone, PartialEq, Eq)]
pub enum Up {
    /// Says who is here.
    Auth(Auth),
    /// Wants what was missed.
    Resume {
        /// The life of the database that the cursors are of.
        epoch: Option<String>,
        /// What the client has; at most [`MOST_RESUMED`]. Whoever names none asks for all of theirs; without a list
        /// nothing is asked for.
        cursors: Option<Vec<Cursor>>,
        /// What it follows no longer; at most [`MOST_RESUMED`].
        drop: Vec<ConversationId>,
    },
    /// Says something.
    Send(Said),
    /// Has read.
    Read {
        /// Where; a member need not say.
        conversation: Option<ConversationId>,
        /// Up to this number.
        seq: i64,
    },
    /// Takes a message back.
    Revoke {
        /// Where; a member need not say.
        conversation: Option<ConversationId>,
        /// Which.
        message: MessageId,
    },
    /// Deletes a message for their side.
    Delete {
        /// Where; a member need not say.
        conversation: Option<ConversationId>,
        /// Which.
        message: MessageId,
    },
    /// Is writing, or has stopped to.
    Typing {
        /// Where; a member need not say.
        conversation: Option<ConversationId>,
        /// Whether they are.
        on: bool,
    },
    /// Is there.
    Heartbeat {
        /// What the client has.
        received: Vec<Cursor>,
    },
    /// Has applied what it was sent.
    Receive {
        /// What the client has.
        received: Vec<Cursor>,
    },
}

/// Who is here.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// A token, or a ticket.
    pub credential: String,
    /// At whose door; 0 where it is not said.
    pub shop: ShopId,
    /// The life of the database that the cursors are of.
    pub epoch: Option<String>,
    /// What to resume at once; at most [`MOST_RESUMED`].
    pub resume: Option<Vec<Cursor>>,
}

/// What somebody says: ready for [`kefu_domain::Content::said_by`].
#[derive(Clone, PartialEq, Eq)]
pub struct Said {
    /// Where; a member need not say.
    pub conversation: Option<ConversationId>,
    /// The mall's content type.
    pub kind: i32,
    /// The content to submit, in the mall's form.
    pub content: String,
    /// The sender's key.
    pub key: ClientMsgId,
    /// The message that it refers to.
    pub quote: Option<MessageId>,
}

impl Up {
    /// What its answer answers; what is answered otherwise, or not at all, has none.
    #[must_use]
    pub const fn action(&self) -> Option<Action> {
        Some(match self {
            Self::Auth(_) => Action::Auth,
            Self::Resume { .. } => Action::Resume,
            Self::Send(_) => Action::Send,
            Self::Read { .. } => Action::Read,
            Self::Revoke { .. } => Action::Revoke,
            Self::Delete { .. } => Action::Delete,
            Self::Typing { .. } => Action::Typing,
            Self::Heartbeat { .. } | Self::Receive { .. } => return None,
        })
    }
}

impl fmt::Debug for Up {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Up").field(&self.action()).finish()
    }
}
