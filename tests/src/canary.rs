//! Texts that can be told from everything else, so that they are found wherever they should not be.
//!
//! Every text, nickname and file name of these tests holds the [`CANARY`]. On its way to a server it gets a [`Ring`],
//! which says whose it is: which server's, which tenant's, which shop's, which member's. A [`Watch`] reads the ring of
//! every canary that comes back, asks whether whoever it comes to may meet it, and takes the ring off again, so that a
//! test finds what it sent.

mod homes;
mod ring;
mod visitor;
mod watch;

#[cfg(test)]
mod tests;

pub use homes::Home;
pub use ring::{Owner, Ring, take_off};
pub use visitor::Visitor;
pub use watch::{Leak, Watch};

pub(crate) use homes::Homes;
pub(crate) use ring::{PREFIX, whose};

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

/// What no log may hold: canaries and their rings, as they are and as an address writes them.
pub(crate) fn unspeakable() -> [String; 3] {
    let encoded = CANARY.bytes().filter(|byte| !byte.is_ascii()).map(|byte| format!("%{byte:02X}")).collect();
    [CANARY.to_owned(), PREFIX.to_owned(), encoded]
}

/// The token in an `Authorization`.
pub(crate) fn bearer(value: &str) -> &str {
    value.split_once(' ').map_or(value, |(_, token)| token).trim()
}
