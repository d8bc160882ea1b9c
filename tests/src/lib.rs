//! The outside view: the server as a process of its own, and everybody who deals with it.
//!
//! A [`Server`] is a real process with a database of its own. It promises to be ready when it is handed over, to be
//! gone when it is dropped, and that its whole log was searched for what must never stand in it: message texts,
//! nicknames and tokens. Its [`Watch`] sees every byte that anybody here receives of it. A [`Person`] is a member or an
//! agent who asks over HTTP; a [`Socket`] listens as the mall's pages do and pings every second, a [`MallPage`] plays
//! one of those pages with all its habits, and a [`V2Client`] speaks `kefu.v2` and remembers whatever a server must not
//! do. [`Books`] reads the database with plain SQL, past the code under test, and says whether everybody has seen what
//! it holds. A [`FaultProxy`] spoils the line between any two of them. An
//! [`OwnMariaDb`] is a database server that a test may kill, and so are an [`OwnRedis`] and an [`OwnNginx`]. A
//! [`FakeMall`] is the yudao mall beside which a desk may stand, and a [`JavaNode`] a node of such a mall.
//!
//! Nothing here sleeps to let something happen: whoever waits, waits for an event, and not for ever. No port is
//! fixed, and nothing is shared between two tests but the MariaDB that `make test` starts.
//!
//! ```no_run
//! # async fn example() {
//! use kefu_tests::{Backend, Server, text};
//!
//! let server = Server::start(Backend::Sqlite, &[]).await;
//! let (alice, bob) = (server.member(101), server.agent(7));
//! let socket = alice.listen().await;
//! let seq = alice.send(&text(1), None).await.ok().seq();
//! socket.wait_until("the echo", |frames| frames.iter().any(|frame| frame.seq() == Some(seq))).await;
//! assert_eq!(bob.conversations(&[]).await.ok().data[0]["adminUnreadMessageCount"], 1);
//! # }
//! ```
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

mod ancient_redis;
mod answer;
mod audit;
mod backend;
mod books;
mod canary;
mod door;
mod fake_mall;
mod fault_proxy;
mod frame;
mod java_node;
mod lean;
mod load;
mod log;
mod mall_page;
mod mariadb;
mod measure;
mod metrics;
mod nginx;
mod old_mall;
mod parties;
mod person;
mod ports;
mod process;
mod redis;
mod schedule;
mod server;
mod socket;
mod v2;
mod wire;

pub use ancient_redis::AncientRedis;
pub use answer::{Answer, Unanswered};
pub use backend::{Backend, Place};
pub use books::{Books, ConversationRow, MessageRow};
pub use canary::{CANARY, Home, Leak, Owner, Ring, Visitor, Watch, nickname, take_off, text};
pub use fake_mall::{
    FakeMall, MALL_CLIENT, MALL_CLIENT_SECRET, MALL_PASSWORD, MallAdmin, MallMember, MallSetup, MallTokens, Outage, Who,
};
pub use fault_proxy::{Counts, Cut, FaultProxy, Way};
pub use frame::Frame;
pub use java_node::{JAVA_CHANNEL, JavaNode, java_mail};
pub use lean::{Lean, Told};
pub use load::{Acknowledged, Errand, Load, Outcome, Tally, WhenCut};
pub use log::Log;
pub use mall_page::{MallPage, Pace, PageState, Push, SocketLog};
pub use mariadb::OwnMariaDb;
pub use measure::{acknowledged, first_words, report};
pub use metrics::Metrics;
pub use nginx::OwnNginx;
pub use old_mall::OldMall;
pub use parties::Entry;
pub use person::{Claims, Person, Side};
pub use process::{Program, Running, beside_this_program};
pub use redis::{OwnRedis, shared_redis};
pub use schedule::Dice;
pub use server::{Login, Server, Setup};
pub use socket::{Socket, SocketOptions};
pub use v2::{
    Ack, Anomaly, Applied, Cursor, Ending, Line, Manners, Nodes, Notebook, Outbox, Refusal, Resume, Tallies, Thread,
    V2Client, V2Frame, V2Start, V2State,
};
pub use wire::Refused;

/// Longer than anything here takes on a busy machine; whoever waits that long waits in vain.
pub const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A client that goes straight to where it is sent.
pub fn http() -> reqwest::ClientBuilder {
    // reqwest has no provider of its own here; whoever was first has named the same one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy()
}

/// Runs something that blocks, and that may not be run inside an async task, on a thread of its own.
pub fn off_the_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| match scope.spawn(work).join() {
        Ok(value) => value,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

/// Makes two tests of each function, one on SQLite and one on MariaDB.
#[macro_export]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($backend:ident) $body:block)+) => {
        $(
            $(#[$meta])*
            mod $name {
                use super::*;

                async fn scene($backend: $crate::Backend) $body

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_sqlite() {
                    scene($crate::Backend::Sqlite).await;
                }

                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn on_mariadb() {
                    scene($crate::Backend::MariaDb).await;
                }
            }
        )+
    };
}
