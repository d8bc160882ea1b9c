//! The desk: what a mall's backend embeds, and what the standalone server wires to its controllers.
//!
//! A [`Desk`] carries requests to the database on **lanes** and tells what came of them. It promises that a
//! message it has acknowledged is committed; that nobody is told anything before its commit, and everybody in
//! commit order; that one key of one sender is one message, however often it is sent; and that every request is
//! answered within six seconds, if need be by saying that the database is not there.
//!
//! Whoever holds a handle holds a capability: [`Desk::member`] gives what a member may do, [`Desk::admin`] what an
//! agent may. Who somebody is and what they may do is the caller's to establish beforehand.
//!
//! It refuses to know HTTP, sockets, SQL and the environment. The database, the directories of members and admins
//! and the announcer are ports of `kefu-domain`, given to [`builder`].
//!
//! Metrics, through the `metrics` facade: `kefu_lane_batch_messages` and `kefu_lane_batch_jobs` (histograms),
//! `kefu_lane_commit_seconds` (histogram), `kefu_lane_queue_jobs` (gauge, by lane), `kefu_lane_retries_total`
//! (counter, by reason), `kefu_lane_shed_total` (counter).

mod builder;
mod desk;
mod error;
mod job;
mod known;
mod lane;
mod lanes;

pub use builder::{Builder, builder};
pub use desk::{AdminDesk, Desk, History, Listed, MemberDesk, Post};
pub use error::Error;
pub use kefu_domain as domain;
