//! One message, as it is kept for good.

use crate::{ClientMsgId, Content, ConversationId, Fingerprint, MessageId, Party, Timestamp};

/// A stored message. `seq` is its place in the conversation, the only order there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The row's id.
    pub id: MessageId,
    /// Where it was said.
    pub conversation: ConversationId,
    /// 1, 2, 3 … within the conversation, without gaps.
    pub seq: i64,
    /// The change of the conversation that last touched this message.
    pub change: i64,
    /// Who said it.
    pub sender: Party,
    /// The member, when the desk spoke; nobody in particular otherwise.
    pub receiver: Option<Party>,
    /// The mall's content type. Rows written by others may hold numbers that are no [`crate::Kind`].
    pub kind: i32,
    /// The normalised content.
    pub content: String,
    /// Whether the other side has read it.
    pub read: bool,
    /// When, strictly increasing within the conversation.
    pub time: Timestamp,
    /// The sender's key; rows written by others have none.
    pub key: Option<ClientMsgId>,
    /// What the key was used for.
    pub fingerprint: Option<Fingerprint>,
}

/// What somebody wants to say: a content and the key that makes saying it twice harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What.
    pub content: Content,
    /// The sender's key.
    pub key: ClientMsgId,
    /// The key was made by this process a moment ago, so no earlier message can have it.
    pub key_is_ours: bool,
}
