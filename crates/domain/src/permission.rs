//! What an admin may be allowed to do: the six permissions of the mall's kefu menus, and two of ours for shops.

/// What an admin may be allowed to do; spelled as the mall's menus spell it, or would.
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
    /// See which shops there are and who serves them.
    ShopQuery,
    /// Open and close shops, and say who serves them.
    ShopUpdate,
}

impl Permission {
    /// All of them: the mall's in the order of its menus, then ours.
    pub const ALL: [Self; 8] = [
        Self::ConversationQuery,
        Self::ConversationUpdate,
        Self::ConversationDelete,
        Self::MessageSend,
        Self::MessageUpdate,
        Self::MessageQuery,
        Self::ShopQuery,
        Self::ShopUpdate,
    ];

    /// Its name, which is also that of the mall's menu.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ConversationQuery => "promotion:kefu-conversation:query",
            Self::ConversationUpdate => "promotion:kefu-conversation:update",
            Self::ConversationDelete => "promotion:kefu-conversation:delete",
            Self::MessageSend => "promotion:kefu-message:send",
            Self::MessageUpdate => "promotion:kefu-message:update",
            Self::MessageQuery => "promotion:kefu-message:query",
            Self::ShopQuery => "promotion:kefu-shop:query",
            Self::ShopUpdate => "promotion:kefu-shop:update",
        }
    }

    /// The permission of that name, if there is one.
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
