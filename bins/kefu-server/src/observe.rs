//! What can be seen from outside of a running server: its log, its metrics, its health. None of it holds a message's
//! text, a token or a nickname.

pub mod access;
pub mod health;
pub mod log;
pub mod metrics;
