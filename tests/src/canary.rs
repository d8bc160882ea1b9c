//! Texts that can be told from everything else, so that they are found wherever they should not be.

/// Stands in every message text and every nickname of these tests, and nowhere else.
pub const CANARY: &str = "金丝雀QX7";

/// The text of a message, different for each number.
#[must_use]
pub fn text(number: impl std::fmt::Display) -> String {
    format!("{CANARY} 你好，请问这件什么时候发货？ {number}")
}

/// The name of a person.
#[must_use]
pub fn nickname(id: i64) -> String {
    format!("{CANARY}{id}")
}
