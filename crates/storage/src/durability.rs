//! What the operator has promised on the database's behalf.

/// The settings that decide whether an acknowledged message survives a crash, read on a connection that writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// The server and its version, as it names itself.
    pub version: String,
    /// The settings that were read, by name, in a fixed order.
    pub settings: Vec<(&'static str, String)>,
    /// One sentence for each way in which an acknowledged message can be lost; empty when there is none.
    pub warnings: Vec<String>,
}

impl Durability {
    /// Whether an acknowledged message survives a crash of the machine.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.warnings.is_empty()
    }

    /// The value of a setting that was read.
    #[must_use]
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}
