//! The names of the channels.

use kefu_domain::ConversationId;

use crate::Settings;

/// Over so many channels the conversations are spread.
const HINTS: i64 = 16;

/// Which channel something came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Channel {
    Hints,
    Presence,
    Mall,
}

impl Channel {
    pub(crate) const KINDS: usize = 3;

    /// As operators know it.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Hints => "hints",
            Self::Presence => "presence",
            Self::Mall => "mall",
        }
    }
}

pub(crate) struct Channels {
    hints: Vec<String>,
    presence: String,
    mall: Option<String>,
}

impl Channels {
    pub(crate) fn of(settings: &Settings) -> Self {
        let base = format!("{}:{}", settings.prefix, settings.epoch);
        Self {
            hints: (0..HINTS).map(|number| format!("{base}:hint:{number}")).collect(),
            presence: format!("{base}:presence"),
            mall: settings.mall.as_ref().map(|mall| mall.channel.clone()),
        }
    }

    /// Where the news of a conversation go.
    pub(crate) fn hint(&self, conversation: ConversationId) -> &str {
        let number = conversation.0.rem_euclid(HINTS);
        usize::try_from(number).ok().and_then(|number| self.hints.get(number)).map_or("", String::as_str)
    }

    pub(crate) fn presence(&self) -> &str {
        &self.presence
    }

    pub(crate) fn all(&self) -> Vec<&str> {
        self.hints.iter().chain([&self.presence]).chain(&self.mall).map(String::as_str).collect()
    }

    /// Which one has that name.
    pub(crate) fn which(&self, name: &str) -> Option<Channel> {
        if name == self.presence {
            Some(Channel::Presence)
        } else if self.mall.as_deref() == Some(name) {
            Some(Channel::Mall)
        } else {
            self.hints.iter().any(|hint| hint == name).then_some(Channel::Hints)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MallBridge, NodeId};

    #[test]
    fn every_conversation_has_a_channel_that_is_listened_to() {
        let settings = Settings::new("redis://localhost", "e1", NodeId([1; 8])).with_mall_bridge(MallBridge::default());
        let channels = Channels::of(&settings);

        for id in (-40..40).chain([i64::MIN, i64::MAX]) {
            let name = channels.hint(ConversationId(id));
            assert!(name.starts_with("kefu:e1:hint:"), "{name}");
            assert!(channels.all().contains(&name) && channels.which(name) == Some(Channel::Hints), "{name}");
        }
        assert_eq!(channels.hint(ConversationId(9)), channels.hint(ConversationId(25)));
        assert_eq!(channels.which(channels.presence()), Some(Channel::Presence));
        assert_eq!(channels.which("RedisWebSocketMessage"), Some(Channel::Mall));
        assert_eq!(channels.which("kefu:e2:hint:1"), None);
        assert_eq!(channels.all().len(), 18);
    }
}
