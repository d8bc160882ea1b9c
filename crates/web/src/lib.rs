//! The desk's controllers for actix-web: the mall's HTTP endpoints and its socket, to the letter.
//!
//! This crate promises that every answer is HTTP 200 with `{"code", "msg", "data"}`, that parameters are checked
//! before permissions and permissions before anything is asked of the desk, that somebody else's object answers as
//! one that does not exist, and that a socket's `ping` is answered whatever else waits for that socket.
//!
//! It refuses to know who is calling: the host's authentication puts a [`Caller`] into the request's extensions, and
//! its absence is a 401; of a `kefu.v2` socket, whose first frame brings the credential, a [`Doorkeeper`] is asked. It
//! knows no database, reads no environment, and no text of a message, token or nickname
//! passes its log.
//!
//! A host needs two things of it: [`Caller`], and a [`Site`], which is mounted *inside* scopes that the host owns.
//! Each path is a resource with settings of its own, so a neighbour's routes and limits stay the neighbour's:
//!
//! ```
//! use actix_web::{App, web};
//!
//! fn mount(site: &kefu_web::Site) {
//!     let _app = App::new()
//!         .service(web::scope("/app-api/promotion").configure(site.member_routes()))
//!         .service(web::scope("/admin-api/promotion").configure(site.admin_routes()))
//!         .service(web::scope("/infra").configure(site.socket_route()));
//! }
//! ```
//!
//! What an answer was can be read from the response's extensions as a [`Code`], since nearly every status is 200.
//! Everything that a host needs only for routes of its own in the desk's manner is in [`serving`].
//!
//! Metrics, through the `metrics` facade: `kefu_pong_seconds` (histogram), from a client's `ping` or heartbeat to the
//! moment its answer is handed over; `kefu_retransmissions_total` (counter), conversations that were sent again to
//! clients that had not confirmed them; `kefu_socket_refused_total{reason}` (counter), sockets for which there was no place, by
//! `total`, `address`, `person`, `pace` or `origin`; `kefu_handshake_wait_seconds` (histogram), how long a handshake
//! waited for its turn.

mod admin;
mod admission;
mod body;
mod caller;
mod changes;
mod clock;
mod doorkeeper;
mod error;
mod history;
mod instant;
mod json;
mod limit;
mod list;
mod member;
mod online;
mod origin;
mod person;
mod query;
mod reply;
mod routes;
pub mod serving;
mod site;
mod socket;
mod sync;
mod ticket;
mod unfinished;
mod view;

pub use admission::{ClientAddress, SocketLimits};
pub use caller::Caller;
/// The zones of the world, for [`Settings::zone`].
pub use chrono_tz::Tz;
pub use doorkeeper::{Doorkeeper, KNOWN_WITHIN, TICKET_LIFE, TICKET_PREFIX, ticket};
pub use error::ApiError;
pub use origin::{NoOrigin, Origin, Origins};
pub use reply::Code;
pub use site::{Settings, Site};
