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
//! A shop's member writes in a conversation that is theirs; agents answer in it, and see those of their shops only. A
//! conversation that somebody may not see is one that does not exist. What was refused says why in [`Error`], sorted
//! by what the asker can do about it.
//!
//! Whoever comes back is told what is new since their cursor, and starts over, visibly, where that cannot be said:
//! [`MemberDesk::resume`], [`AdminDesk::resume`]. What has happened of late is kept, within bounds, so that most of
//! them cost the database nothing. Where several processes write to one database ([`Builder::several_nodes`]), what
//! the others do is told here too, in the order of each conversation, none missing and none twice, whatever the bus
//! between them loses, repeats or reorders; a bus that is dead costs the time between two looks at the database.
//!
//! It refuses to know HTTP, sockets, SQL and the environment. The database, the directories of members and admins
//! and the announcer are ports of `kefu-domain`, given to [`builder`].
//!
//! A host in a few lines; docs/EMBEDDING.md has the whole of it:
//!
//! ```
//! use std::collections::HashMap;
//!
//! use kefu::Post;
//! use kefu::domain::memory::MemoryStore;
//! use kefu::domain::{
//!     AdminDirectory, AdminId, Announcement, Announcer, Content, DirectoryError, Kind, Member, MemberDirectory,
//!     MemberId, Profile, Scope, TenantId,
//! };
//!
//! struct Mall;
//!
//! impl MemberDirectory for Mall {
//!     fn profiles(&self, _: TenantId, _: &[MemberId]) -> Result<HashMap<MemberId, Profile>, DirectoryError> {
//!         Ok(HashMap::new())
//!     }
//!
//!     fn denies(&self, _: TenantId, _: MemberId) -> Result<bool, DirectoryError> {
//!         Ok(false)
//!     }
//! }
//!
//! impl AdminDirectory for Mall {
//!     fn profiles(&self, _: TenantId, _: &[AdminId]) -> Result<HashMap<AdminId, Profile>, DirectoryError> {
//!         Ok(HashMap::new())
//!     }
//! }
//!
//! impl Announcer for Mall {
//!     fn announce(&self, _: Vec<Announcement>) {}
//! }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), kefu::Error> {
//! // A `kefu_storage::Database` and a `kefu_push::Hub` in earnest.
//! let desk = kefu::builder(MemoryStore::new(), Mall, Mall, Mall).build();
//! let alice = Member { scope: Scope::platform(TenantId(1)), id: MemberId(101) };
//!
//! let hello = Content::new(Kind::Text, "Is this still hot after a day?").unwrap();
//! let sent = desk.member(alice, Profile::default()).send(Post::new(hello)).await?;
//!
//! assert_eq!(sent.message.seq, 1);
//! # Ok(())
//! # }
//! ```
//!
//! Metrics, through the `metrics` facade: `kefu_lane_batch_messages` and `kefu_lane_batch_jobs` (histograms),
//! `kefu_lane_commit_seconds` (histogram), `kefu_lane_queue_jobs` (gauge, by lane), `kefu_lane_retries_total`
//! (counter, by reason), `kefu_lane_shed_total` (counter); `kefu_resume_total` (counter, by `from`: `memory` or
//! `database`); and with several nodes, counters all, `kefu_gap_fetches_total` (conversations read because news of them
//! were missing), `kefu_sweeps_total` (looks at what has changed) and `kefu_sweep_found_total` (conversations that
//! such a look found behind).

mod archive;
mod builder;
mod desk;
mod error;
mod job;
mod known;
mod lane;
mod lanes;
mod live;

pub use builder::{Builder, builder};
pub use desk::{AdminDesk, Desk, History, Listed, MemberDesk, Post};
pub use error::Error;
/// The words that everybody here shares: ids, contents, the ports that a host implements. With the feature `testing`
/// also a store in memory and mocks of the ports, for a host's tests.
pub use kefu_domain as domain;
