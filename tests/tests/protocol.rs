//! Every frame that docs/PROTOCOL.md shows, of both dialects: what goes up is understood by a real server, and what comes
//! down has the members that a real server's frames have, no more and no fewer.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "protocol/document.rs"]
mod document;
#[path = "protocol/down.rs"]
mod down;
#[path = "protocol/mall.rs"]
mod mall;
#[path = "protocol/poll.rs"]
mod poll;
#[path = "protocol/shape.rs"]
mod shape;
#[path = "protocol/talker.rs"]
mod talker;
#[path = "protocol/up.rs"]
mod up;
