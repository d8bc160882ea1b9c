//! Which node of several.

use std::fmt::Write as _;

/// The name of one life of one node: whoever starts again is somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub [u8; 8]);

impl NodeId {
    /// A name that no other node has; an error where the system gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 8];
        getrandom::fill(&mut bytes)?;
        Ok(Self(bytes))
    }
}

impl std::fmt::Display for NodeId {
    /// 16 hex digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl NodeId {
    pub(crate) fn hex(self) -> String {
        let mut text = String::with_capacity(16);
        let _ = write!(text, "{self}");
        text
    }
}
