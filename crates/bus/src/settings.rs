//! Where Redis is, and who is to hear whom.

use std::fmt;

use crate::NodeId;

/// What a node needs to find the others. More may come: start from [`Settings::new`].
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// `redis://:PASSWORD@HOST:PORT/DB`. Never printed.
    pub url: String,
    /// What the names of our channels begin with.
    pub prefix: String,
    /// The database's epoch: nodes of another database, or of another life of this one, are strangers.
    pub epoch: String,
    /// This node.
    pub node: NodeId,
    /// Whether the frames of a mall's Java nodes are exchanged too.
    pub mall: Option<MallBridge>,
}

impl Settings {
    /// A node at that Redis, on channels that begin with `kefu`, with no Java nodes beside it.
    #[must_use]
    pub fn new(url: impl Into<String>, epoch: impl Into<String>, node: NodeId) -> Self {
        Self { url: url.into(), prefix: "kefu".into(), epoch: epoch.into(), node, mall: None }
    }

    /// With names of channels that begin with this.
    #[must_use]
    pub fn with_prefix(self, prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into(), ..self }
    }

    /// With the Java nodes of a mall beside it.
    #[must_use]
    pub fn with_mall_bridge(self, mall: MallBridge) -> Self {
        Self { mall: Some(mall), ..self }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("prefix", &self.prefix).field("node", &self.node).finish_non_exhaustive()
    }
}

/// How the frames of a mall's Java nodes are exchanged, where the mall's `yudao.websocket.sender-type` is `redis`.
///
/// What the platform's desk (shop 0) posts, and that it has read, goes to the member's sockets there and to those of
/// **all** admins of the tenant there: Java nodes know no permissions. Other shops' news do not go there.
///
/// What Java nodes publish comes to the sockets here: for one person, or for everybody of a user type, of the tenant
/// that it names. Where it names none it is for tenant 0, which is what a mall without tenants is here. Customer
/// service of a mall that runs its own beside ours is heard by those who may read messages at the platform's desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MallBridge {
    /// The mall's channel.
    pub channel: String,
    /// Whether contents go out through [`kefu_push::legacy_escape`], as the hub's own frames do: the pages behind the
    /// sockets of Java nodes are the same pages.
    pub legacy_escape: bool,
}

impl Default for MallBridge {
    fn default() -> Self {
        Self { channel: "RedisWebSocketMessage".into(), legacy_escape: true }
    }
}
