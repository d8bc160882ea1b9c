//! Every setting of the server: one TOML file, then the environment over it.
//!
//! `KEFU_SERVER__LISTEN` is `listen` of the section `server`: prefix, section, two underscores, setting. Variables
//! without the two underscores are nobody's business here. Nothing else in the workspace reads the environment.
//! Whatever is wrong is said all at once, one sentence for each setting, and nothing starts.

mod check;
mod jwt;
mod listed;
mod load;
mod mall;
mod nodes;
mod settings;
mod socket;

use std::fmt;

pub use jwt::{DefaultType, JwtSettings, Roles};
pub use listed::{Entry, Listed};
pub use load::{load, load_from};
pub use mall::{MallSettings, MallSource};
pub use nodes::{BusKind, NodesSettings};
pub use settings::{
    AuthSettings, DatabaseSettings, DeskSettings, LogFormat, LogSettings, ServerSettings, Settings, UploadSettings,
};
pub use socket::SocketSettings;

/// One thing that is wrong, in one sentence that says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The setting, as `section.name`; the file's name where the file itself is wrong.
    pub setting: String,
    /// What is wrong with it, and the way out.
    pub what: String,
}

impl Wrong {
    fn new(setting: impl Into<String>, what: impl Into<String>) -> Self {
        Self { setting: setting.into(), what: what.into() }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.what)
    }
}

/// The settings are not usable; every reason at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Wrong>);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings are not usable")?;
        self.0.iter().try_for_each(|wrong| write!(f, "\n  {wrong}"))
    }
}

/// The effective settings as a TOML file, secrets masked.
pub fn show(settings: &Settings) -> Result<String, toml::ser::Error> {
    toml::to_string_pretty(settings)
}

#[cfg(test)]
mod tests;
