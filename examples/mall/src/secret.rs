//! Tokens and passwords, of which the books keep only what does not give them away.

use std::fmt::Write as _;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};
use kefu_push::Credential;
use sha2::{Digest, Sha256};

/// A fresh token: 32 hex digits that nobody can guess.
pub(crate) fn token() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// What a login is kept under, and what the hub knows its sockets by: half of the token's hash, which is plenty for
/// a token of 128 random bits.
pub(crate) fn credential(token: &str) -> Credential {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(token.as_bytes())[..16]);
    Credential(half)
}

/// The text to keep of a password. Slow on purpose.
pub(crate) fn keep(password: &str) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether a password belongs to what was kept. Slow on purpose.
pub(crate) fn matches(password: &str, kept: &str) -> bool {
    let Ok(kept) = PasswordHash::new(kept) else { return false };
    Argon2::default().verify_password(password.as_bytes(), &kept).is_ok()
}
