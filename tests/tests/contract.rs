//! The mall's contract, as it stands on the wire: what its unchanged pages send and expect.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod asking;

#[path = "contract/cross_origin.rs"]
mod cross_origin;
#[path = "contract/envelope.rs"]
mod envelope;
#[path = "contract/errors.rs"]
mod errors;
#[path = "contract/lists.rs"]
mod lists;
#[path = "contract/login.rs"]
mod login;
#[path = "contract/sockets.rs"]
mod sockets;
#[path = "contract/upload.rs"]
mod upload;
