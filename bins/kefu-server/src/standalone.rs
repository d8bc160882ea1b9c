//! What this server adds to the desk so that it can stand alone: the mall's login, upload, the shops, and the little
//! questions that the mall's pages ask on the way to the chat.

pub(crate) mod little;
pub(crate) mod login;
pub mod magic;
pub mod password;
pub mod quota;
pub mod shelf;
pub(crate) mod shops;
pub mod throttle;
pub(crate) mod upload;

use std::time::Duration;

use kefu_push::Hub;
use kefu_storage::Database;

use crate::config::{Settings, UploadSettings};
use crate::identity::OwnTokens;
use login::Turns;
use quota::Quota;
use shelf::Shelf;
use throttle::Throttle;

/// What the handlers of this module share.
pub struct Standalone {
    pub(crate) database: Database,
    pub(crate) hub: Hub,
    pub(crate) tokens: OwnTokens,
    throttle: Throttle,
    turns: Turns,
    shelf: Shelf,
    quota: Quota,
    upload: UploadSettings,
    public_url: String,
}

impl Standalone {
    /// Puts it together; makes the folder for uploads. `public_url` is how browsers reach this server.
    pub fn new(
        settings: &Settings,
        public_url: &str,
        database: Database,
        hub: Hub,
        tokens: OwnTokens,
    ) -> std::io::Result<Self> {
        let (auth, upload) = (&settings.auth, settings.upload.clone());
        Ok(Self {
            database,
            hub,
            tokens,
            throttle: Throttle::new(auth.login_failures, Duration::from_secs(auth.login_wait_seconds.into())),
            turns: Turns::default(),
            shelf: Shelf::open(&upload.dir, crate::clock::now())?,
            quota: Quota::new(upload.daily_files, upload.daily_bytes),
            upload,
            public_url: public_url.trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
