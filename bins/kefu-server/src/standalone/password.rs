//! Passwords of the desk's own accounts, kept as argon2id.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{Error, PasswordHasher, PasswordVerifier};

/// Why a password or name is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The mall's console takes 4 to 16 characters, and 8 are the least that is worth hashing.
    #[error(
        "a password has 8 to 64 characters, none of them a control character (the mall's console accepts at most 16)"
    )]
    Password,
    /// The mall's console takes no others.
    #[error("a user name has 4 to 30 characters from A-Z, a-z and 0-9")]
    Username,
}

/// Refuses what could not be typed or would be guessed at once.
pub fn check_password(password: &str) -> Result<(), NotTaken> {
    let good = (8..=64).contains(&password.chars().count()) && !password.contains(char::is_control);
    if good { Ok(()) } else { Err(NotTaken::Password) }
}

/// Refuses what the mall's console would not accept in its login form.
pub fn check_username(name: &str) -> Result<(), NotTaken> {
    let good = (4..=30).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if good { Ok(()) } else { Err(NotTaken::Username) }
}

/// The text to keep of a password. Takes tens of milliseconds on purpose: never on an async thread.
pub fn hash(password: &str) -> Result<String, Error> {
    Ok(Argon2::default().hash_password(password.as_bytes())?.to_string())
}

/// Whether a password belongs to what was kept of it. As slow for an unknown account (`None`), which never matches.
#[must_use]
pub fn matches(password: &str, kept: Option<&str>) -> bool {
    /// What an unknown account's password is compared with, so that it costs the same.
    static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash("nobody has this password").ok());

    let Some(text) = kept.or(NOBODY.as_deref()) else { return false };
    let Ok(parsed) = PasswordHash::new(text) else { return false };
    let same = Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok();
    same && kept.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_matches_its_own_hash_and_no_other() {
        let kept = hash("kefu1234").unwrap();

        assert!(matches("kefu1234", Some(&kept)));
        assert!(!matches("kefu1235", Some(&kept)));
        assert!(!matches("", Some(&kept)));
        assert!(kept.starts_with("$argon2id$"), "{kept}");
    }

    #[test]
    fn the_same_password_is_kept_differently_each_time() {
        assert_ne!(hash("kefu1234").unwrap(), hash("kefu1234").unwrap());
    }

    #[test]
    fn nobody_is_nobody_whatever_they_say() {
        assert!(!matches("nobody has this password", None));
        assert!(!matches("kefu1234", Some("not a hash")));
    }

    #[test]
    fn names_and_passwords_are_those_that_the_console_can_type() {
        for name in ["kefu", "agent007", &"a".repeat(30)] {
            assert_eq!(check_username(name), Ok(()), "{name}");
        }
        for name in ["abc", "a b c d", "客服客服", &"a".repeat(31), "a'--", ""] {
            assert_eq!(check_username(name), Err(NotTaken::Username), "{name}");
        }
        assert_eq!(check_password("12345678"), Ok(()));
        for password in ["1234567", "", "1234567\n8", &"x".repeat(65)] {
            assert_eq!(check_password(password), Err(NotTaken::Password), "{password:?}");
        }
    }
}
