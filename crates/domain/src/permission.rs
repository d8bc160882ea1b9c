//! The six permissions of the mall's kefu menus.

/// What an admin may be allowed to do; spelled as the mall's menus spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// See conversations.
    ConversationQuery,
    /// Pin conversations.
    ConversationUpdate,
    /// Hide conversations.
    ConversationDelete,
    /// Write messages.
    MessageSend,
    /// Mark messages read.
    MessageUpdate,
    /// Read messages, and hear of new ones.
    MessageQuery,
}

impl Permission {
    /// All six, in the order of the mall's menus.
    pub const ALL: [Self; 6] = [
        Self::ConversationQuery,
        Self::ConversationUpdate,
        Self::ConversationDelete,
        Self::MessageSend,
        Self::MessageUpdate,
        Self::MessageQuery,
    ];

    /// The mall's name of it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConversationQuery => "promotion:kefu-conversation:query",
            Self::ConversationUpdate => "promotion:kefu-conversation:update",
            Self::ConversationDelete => "promotion:kefu-conversation:delete",
            Self::MessageSend => "promotion:kefu-message:send",
            Self::MessageUpdate => "promotion:kefu-message:update",
            Self::MessageQuery => "promotion:kefu-message:query",
        }
    }

    /// The permission of that name, if it is one of the six.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|permission| permission.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_known_by_its_name_and_by_no_other() {
        for permission in Permission::ALL {
            assert_eq!(Permission::parse(permission.as_str()), Some(permission));
        }
        for unknown in ["", "promotion:kefu-message", "PROMOTION:KEFU-MESSAGE:SEND", "promotion:kefu-message:send "] {
            assert_eq!(Permission::parse(unknown), None, "{unknown}");
        }
    }
}
