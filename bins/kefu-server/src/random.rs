//! Names that nobody can guess, from the kernel's generator.

use std::fmt::Write as _;

/// 128 random bits as 32 hex digits: the form of the mall's tokens, and of our file names.
pub fn name() -> Result<String, getrandom::Error> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes)?;
    Ok(hex(&bytes))
}

/// Lower-case hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Whether a text has the form of [`name`].
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hex_and_do_not_repeat() {
        let names: std::collections::HashSet<_> = (0..1_000).map(|_| name().unwrap()).collect();

        assert_eq!(names.len(), 1_000);
        assert!(names.iter().all(|name| is_name(name)));
    }

    #[test]
    fn only_32_lower_case_hex_digits_are_a_name() {
        for text in [
            "",
            "0",
            &"A".repeat(32),
            &"g".repeat(32),
            &"a".repeat(31),
            &"a".repeat(33),
            "../../../../../../../../etc/pass",
        ] {
            assert!(!is_name(text), "{text}");
        }
    }
}
