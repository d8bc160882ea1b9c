//! The desk's controllers for actix-web: the mall's HTTP endpoints and its socket, to the letter.
//!
//! This crate promises that every answer is HTTP 200 with `{"code", "msg", "data"}`, that parameters are checked
//! before permissions and permissions before anything is asked of the desk, that somebody else's object answers as
//! one that does not exist, and that a socket's `ping` is answered whatever else waits for that socket.
//!
//! It refuses to know who is calling: the host's authentication puts a [`Caller`] into the request's extensions, and
//! its absence is a 401. It knows no database, reads no environment, and no text of a message, token or nickname
//! passes its log.
//!
//! Routes are mounted *inside* scopes that the host owns, one resource each, with settings of their own, so a
//! neighbour's routes and limits stay the neighbour's:
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
//! [`ROUTES`] is the one table of them all: what registers the routes is what the tests and the documents read.

mod admin;
mod body;
mod caller;
mod error;
mod history;
mod instant;
mod limit;
mod member;
mod query;
mod reply;
mod routes;
mod site;
mod socket;
mod unfinished;
mod view;

pub use body::Body;
pub use caller::{AdminCaller, Caller, MemberCaller};
pub use error::ApiError;
pub use query::Params;
pub use reply::{Code, Reply};
pub use routes::{Access, Handler, ROUTES, Route, Verb, mount};
pub use site::{Settings, Site};
