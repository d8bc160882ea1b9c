//! What makes sending idempotent: the sender's key, and what it was used for.

use std::fmt;

/// A key chosen by the sender once per tap; one key of one sender in one conversation is one message for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientMsgId(String);

/// A key that is not 1–64 of `[A-Za-z0-9_-]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a client message id is 1 to 64 of A-Z, a-z, 0-9, _ and -")]
pub struct KeyError;

impl ClientMsgId {
    /// Accepts 1–64 of `[A-Za-z0-9_-]` and refuses everything else.
    pub fn new(text: impl Into<String>) -> Result<Self, KeyError> {
        let text = text.into();
        let fits = (1..=64).contains(&text.len());
        if fits && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            Ok(Self(text))
        } else {
            Err(KeyError)
        }
    }

    /// The key as it was sent.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientMsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Tells whether a key was used before for the same kind and content.
///
/// Compared instead of the stored content, which revoking changes later. It is FNV-1a of 128 bits: not a
/// security hash, and need not be, since the only one who could forge a collision owns the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 16]);

impl Fingerprint {
    /// The fingerprint of a kind and a content as submitted, before anything was normalised.
    #[must_use]
    pub fn of(kind: i32, submitted: &str) -> Self {
        const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
        const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
        let bytes = kind.to_be_bytes().into_iter().chain(submitted.bytes());
        Self(bytes.fold(OFFSET, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME)).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(ClientMsgId::new(text).is_ok(), accepted, "{text:?}");
    }

    #[test]
    fn a_key_is_one_to_sixty_four_plain_characters() {
        check("a", true);
        check("A-z_09", true);
        check(&"x".repeat(64), true);
        check(&"x".repeat(65), false);
        check("", false);
        check("with space", false);
        check("表情😀", false);
        check("a\n", false);
    }

    #[test]
    fn a_fingerprint_tells_kind_and_content_apart() {
        assert_eq!(Fingerprint::of(1, "hi"), Fingerprint::of(1, "hi"));
        assert_ne!(Fingerprint::of(1, "hi"), Fingerprint::of(2, "hi"));
        assert_ne!(Fingerprint::of(1, "hi"), Fingerprint::of(1, "hi "));
    }

    #[test]
    fn a_fingerprint_never_changes_its_meaning() {
        // Stored for ever: if this fails, retries of messages stored by an older version would be refused.
        // FNV-1a, 128 bits, of the bytes 00 00 00 01 'h' 'i', and of 00 00 00 00; computed elsewhere.
        assert_eq!(Fingerprint::of(1, "hi").0, 0x0a5b_a3c7_d43c_64bf_6dc6_a33d_b4fb_d59d_u128.to_be_bytes());
        assert_eq!(Fingerprint::of(0, "").0, 0x66ad_387c_1675_7277_b806_e89d_2e80_f03d_u128.to_be_bytes());
    }
}
