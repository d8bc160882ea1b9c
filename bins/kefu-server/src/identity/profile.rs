//! What foreign tokens say of their bearer's name and picture: made harmless, and remembered for the lists that others
//! see.
//!
//! Unchanged words are not written again, others once a minute. Whoever's words cannot be written is let in all the
//! same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kefu_domain::{Party, Profile, StoreError, TenantId, Timestamp};
use moka::sync::Cache;

/// What the mall's columns hold.
const MAX_NICKNAME: usize = 64;
const MAX_AVATAR: usize = 512;
/// Two tokens of one person that say different things would otherwise have every request write.
const REWRITTEN_AFTER_MS: i64 = 60_000;

/// Writes down what a token said about its bearer. Blocks.
pub type Remember = Box<dyn Fn(TenantId, Party, &Profile) -> Result<(), StoreError> + Send + Sync>;

/// How somebody is shown, of words that anybody may have chosen; what is not fit to be shown is left out.
#[must_use]
pub fn profile_of(nickname: Option<&str>, avatar: Option<&str>) -> Profile {
    Profile {
        nickname: nickname.and_then(clean_nickname),
        avatar: avatar.filter(|address| is_picture(address)).map(str::to_owned),
    }
}

/// A name without characters that hide, reorder or break what stands beside it.
fn clean_nickname(name: &str) -> Option<String> {
    let shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = name.trim().chars().filter(shown).take(MAX_NICKNAME).collect();
    (!name.is_empty()).then_some(name)
}

/// An address that a page can show as a picture without running anything.
fn is_picture(address: &str) -> bool {
    address.len() <= MAX_AVATAR
        && ["https://", "http://", "/"].iter().any(|start| address.starts_with(start))
        && !address.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\''))
}

/// What was written of whom, and the hand that writes. Clones share both.
#[derive(Clone)]
pub struct Remembering(Arc<Inner>);

struct Inner {
    write: Remember,
    remembered: Cache<(TenantId, Party), Remembered>,
    /// Whether the last writing failed.
    failing: AtomicBool,
}

/// What was written of somebody, and when.
#[derive(Clone)]
struct Remembered {
    profile: Profile,
    at: Timestamp,
}

impl Remembering {
    /// Writes with this hand.
    #[must_use]
    pub fn new(write: Remember) -> Self {
        Self(Arc::new(Inner { write, remembered: Cache::new(100_000), failing: AtomicBool::new(false) }))
    }

    /// Whether these words are to be written now.
    #[must_use]
    pub fn is_news(&self, tenant: TenantId, party: Party, profile: &Profile, now: Timestamp) -> bool {
        let settled =
            |known: Remembered| known.profile == *profile || now.0.saturating_sub(known.at.0) < REWRITTEN_AFTER_MS;
        *profile != Profile::default() && !self.0.remembered.get(&(tenant, party)).is_some_and(settled)
    }

    /// Writes them, if they are news. What fails is tried again with the next request, and said once. Blocks.
    pub fn note(&self, tenant: TenantId, party: Party, profile: &Profile, now: Timestamp) {
        if !self.is_news(tenant, party, profile, now) {
            return;
        }
        match (self.0.write)(tenant, party, profile) {
            Ok(()) => {
                self.0.remembered.insert((tenant, party), Remembered { profile: profile.clone(), at: now });
                self.0.failing.store(false, Ordering::Relaxed);
            }
            Err(error) if !self.0.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "names and pictures cannot be written; their bearers are let in without");
            }
            Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_pictures_are_made_harmless() {
        assert_eq!(clean_nickname("  Ann\u{202e}\r\n\u{200b} B "), Some("Ann B".into()));
        assert_eq!(clean_nickname("\u{feff}"), None);
        assert_eq!(clean_nickname(&"客".repeat(100)).unwrap().chars().count(), 64);
        assert!(is_picture("https://cdn.example.com/a.png?x=1"));
        assert!(is_picture("/files/abc.png"));
        for address in [
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a/\"onerror=",
            "ftp://a",
            "",
            &format!("https://{}", "a".repeat(512)),
        ] {
            assert!(!is_picture(address), "{address}");
        }
    }
}
