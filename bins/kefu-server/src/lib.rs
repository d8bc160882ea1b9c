//! The desk as a server of its own: settings, who is calling, wiring, start and stop.
//!
//! It promises to start only with settings that make sense, and to say everything that is wrong with them at once;
//! never to start with a secret that can be guessed, nor with an account that anybody knows; to let nobody in whose
//! token is unknown, expired or revoked, and to close the sockets of a revoked one within five seconds, of an expired
//! one and of one that a mall has revoked within a minute; and to stop on SIGTERM within fifteen seconds without losing what it has taken on.
//!
//! It refuses to know the rules of the desk, which are in `kefu-domain`, and SQL, which is in `kefu-storage`. It is
//! the one place of the workspace that reads the environment ([`config`]) and asks what time it is ([`clock`]). No
//! message's text, token or nickname is written to its log; what a log line says of a request is its method, the
//! pattern of its path, its status and its time.
//!
//! [`routes::ROUTES`] is the whole table of what it answers, its own rows after those of `kefu-web`.
//!
//! # Metrics
//!
//! Beside those of `kefu`, `kefu-push` and `kefu-web`: `kefu_http_requests_total{method,route,status}` (counter) and
//! `kefu_http_request_seconds{route}` (histogram). Routes are patterns; whatever is not in the table is `(unknown)`.
//! `kefu_log_dropped_lines_total` (counter): lines of the log that nobody took in time.
//! `kefu_mall_questions_total{source,outcome}` (counter) and `kefu_mall_question_seconds{source}` (histogram): what a
//! mall was asked about its tokens.

pub mod attendance;
pub mod cli;
pub mod client;
pub mod clock;
pub mod command;
pub mod config;
pub mod demo;
pub mod development;
mod doorkeeper;
pub mod entrance;
pub mod files;
pub mod guard;
pub mod identity;
pub mod leaving;
mod nodes;
pub mod observe;
pub mod outward;
mod questions;
pub mod random;
pub mod routes;
pub mod secret;
pub mod serve;
pub mod sole;
pub mod standalone;
pub mod start_error;
pub mod sweeper;
pub mod tenants;
#[cfg(test)]
mod testing;
pub mod tls;
mod wiring;

pub use routes::ROUTES;
