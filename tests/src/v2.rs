//! A client of `kefu.v2`, as the package `ui/client` is one: it keeps what it sends until that is stored, applies by
//! number, asks for what is missing, and comes back whenever it is cut off.
//!
//! The rules are in [`Notebook`] and [`Outbox`], which know neither sockets nor clocks. [`V2Client`] is those two at work
//! on real sockets, and remembers everything: each frame as it came, what it applied and in which order, and whatever
//! a server that keeps its promises never does ([`Anomaly`]).
//!
//! ```no_run
//! # async fn example(server: kefu_tests::Server) {
//! use kefu_tests::text;
//!
//! let (alice, bob) = (server.member(101).join(), server.agent(7).join());
//! let ack = alice.send(&text(1)).await;
//! bob.open(ack.conversation).await;
//! bob.until("the message", |bob| bob.applied_in(ack.conversation).len() == 1).await;
//! alice.cut();
//! bob.send_to(ack.conversation, &text(2)).await;
//! alice.until("the answer", |alice| alice.applied().len() == 2).await;
//! alice.flawless();
//! # }
//! ```

mod anomaly;
mod backoff;
mod client;
mod connection;
mod frame;
mod notebook;
mod outbox;
mod seen;
mod session;
mod start;
mod thread;

#[cfg(test)]
mod tests;

pub use anomaly::Anomaly;
pub use client::V2Client;
pub use frame::{Cursor, V2Frame};
pub use notebook::{Line, Notebook, Resume};
pub use outbox::{Ack, Outbox, Refusal};
pub use seen::{Ending, Tallies, V2State};
pub use start::{Manners, Nodes, V2Start};
pub use thread::{Applied, Thread};
