//! What the host chooses.

use std::time::Duration;

/// How much a socket may have waiting, and how the mall's pages are to be treated. More may come: end a literal with
/// `..Settings::default()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// A socket with more frames than this waiting is lagging.
    pub queue: usize,
    /// How many of the newest frames a held or lagging socket keeps, at least 1.
    pub keep: usize,
    /// A socket that has not pinged for this long is held.
    pub hold_after: Duration,
    /// Whether contents go through [`crate::legacy_escape`]: in frames, and in the lists of a `kefu_web::Site` at this
    /// hub. Only pages that render contents as text may do without.
    pub legacy_escape: bool,
}

impl Default for Settings {
    /// 1,024 frames are seconds of the busiest desk; the consoles ping every second, the phones every five, a
    /// hidden browser tab once a minute.
    fn default() -> Self {
        Self { queue: 1_024, keep: 50, hold_after: Duration::from_secs(15), legacy_escape: true }
    }
}
