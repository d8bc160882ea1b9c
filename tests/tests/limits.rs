//! Each limit past its edge, over real sockets: who is over it is told so and when to come again, and nobody else
//! notices.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "limits/handshakes.rs"]
mod handshakes;
#[path = "limits/knock.rs"]
mod knock;
#[path = "limits/origins.rs"]
mod origins;
#[path = "limits/places.rs"]
mod places;
#[path = "limits/sends.rs"]
mod sends;
#[path = "limits/slow.rs"]
mod slow;
#[path = "limits/v2.rs"]
mod v2;
