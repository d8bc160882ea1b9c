//! For routes of a host's own that read and answer as the desk's do: the standalone server's, mostly.
//!
//! Who only mounts the desk needs nothing of this. Who writes pages for the mall's front ends gets bodies and queries
//! read as leniently as the mall's own server reads them ([`Body`], [`Params`]), callers that are kept behind what
//! they may do ([`MemberCaller`], [`AdminCaller`]), the envelope ([`Reply`], with [`ApiError`](crate::ApiError) on its
//! other side), token buckets ([`PerMinute`]), and a table of routes that registers them ([`mount`]) and can be
//! compared with what it should be ([`ROUTES`] is the desk's own).

pub use crate::body::Body;
pub use crate::caller::{AdminCaller, MemberCaller};
pub use crate::limit::PerMinute;
pub use crate::query::Params;
pub use crate::reply::Reply;
pub use crate::routes::{Access, Handler, ROUTES, Route, Verb, mount};
pub use crate::socket::asks_for_v2;
