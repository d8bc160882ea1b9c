//! Players of the mall's two front ends, with their habits: when they ping, how long they wait for an answer, when
//! they come back, what they ask for, and what they do with what they hear.
//!
//! [`MallPage::console`] is the agents' page, [`MallPage::shopper`] the shoppers'. Neither acknowledges anything or
//! asks again after it was away, and the shoppers' page shows twice what it hears twice. A page may be hidden, as a
//! browser's tab: its timers then run once a minute. What a screen would show is recorded, and every push on every
//! socket.
//!
//! The habits are plain functions of what happens, on a clock that is handed in ([`Pace`] says how fast it runs).

mod browser;
mod console;
mod network;
mod pace;
mod player;
mod seen;
mod shopper;
mod timers;

#[cfg(test)]
mod tests;

pub use pace::Pace;
pub use player::MallPage;
pub use seen::{PageState, Push, SocketLog};
