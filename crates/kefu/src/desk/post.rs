//! What somebody wants to say.

use kefu_domain::{ClientMsgId, Content, Draft, MessageId};

use crate::Error;

/// Something to say, with the sender's key; without one the desk makes one, and a retry is a second message.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Post {
    /// What.
    pub content: Content,
    /// The sender's key, the same for every retry.
    pub key: Option<ClientMsgId>,
    /// The message of the same conversation that it refers to.
    pub quote: Option<MessageId>,
}

impl Post {
    /// Something to say once: whoever sends it again sends another message.
    #[must_use]
    pub fn new(content: Content) -> Self {
        Self { content, key: None, quote: None }
    }

    /// With the sender's key, which makes it the same message however often it is sent.
    #[must_use]
    pub fn with_key(self, key: ClientMsgId) -> Self {
        Self { key: Some(key), ..self }
    }

    /// With reference to a message of the same conversation that the sender's side still has; any other is refused
    /// with [`Refusal::NoSuchMessage`](kefu_domain::Refusal::NoSuchMessage).
    #[must_use]
    pub fn quoting(self, message: MessageId) -> Self {
        Self { quote: Some(message), ..self }
    }

    /// The draft that lanes carry: with the sender's key, or a fresh one of 128 random bits.
    pub(super) fn draft(self) -> Result<Draft, Error> {
        let key_is_ours = self.key.is_none();
        let key = match self.key {
            Some(key) => key,
            None => fresh_key().ok_or(Error::Crashed)?,
        };
        Ok(Draft { content: self.content, key, key_is_ours, quote: self.quote })
    }
}

fn fresh_key() -> Option<ClientMsgId> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).ok()?;
    ClientMsgId::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).ok()
}
