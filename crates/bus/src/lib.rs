//! Several nodes as one desk: what one node tells its sockets, the others hear.
//!
//! A [`RedisBus`] carries the news of one node to the others over Redis' channels, as hints: they may be lost,
//! repeated and reordered, and whoever misses one asks the database. It promises that it never blocks whoever
//! publishes, that nothing that waits grows without end, be it on its way out or in, that it comes back by itself
//! however often Redis goes, and that no bytes from Redis can harm a node: what cannot be read is counted and dropped.
//! A node never hears its own news.
//!
//! Beside the hints it carries
//!
//! * who is writing just now;
//! * who is connected: every node tells the others every three seconds whom it has, and nothing when somebody comes
//!   or goes. A node that was not heard for ten seconds is gone, with everybody at it: [`Everywhere`];
//! * where it is asked to ([`MallBridge`]), the frames of a mall's own Java nodes, both ways, so that their sockets
//!   and ours show the same.
//!
//! The channels are named by a prefix and by the database's epoch: nodes of different databases do not hear each
//! other, though they share a Redis. Redis keeps nothing for us; no key is ever written.
//!
//! It refuses to know the database, and what is missed while Redis is away: that is found there, by whoever wired the
//! desk with `several_nodes`. It logs no text and no name.
//!
//! It takes Redis 6 or later, or whatever else speaks RESP3.
//!
//! # Metrics
//!
//! Recorded through the `metrics` facade; the host installs the recorder.
//!
//! | name | kind | meaning |
//! |---|---|---|
//! | `kefu_bus_up` | gauge | 1 while this node both speaks and hears over Redis |
//! | `kefu_bus_nodes` | gauge | nodes heard within ten seconds, this one included |
//! | `kefu_bus_published_total{kind}` | counter | handed to Redis: `news`, `typing`, `presence`, `mall` |
//! | `kefu_bus_received_total{result}` | counter | came from Redis: `news`, `typing`, `presence`, `own` (came back), `bad` (unreadable), `mall` (of a Java node), `mall_own` (of a node of ours, for Java nodes), `mall_other` (for a socket of a Java node) |
//! | `kefu_bus_missed_total{kind}` | counter | came from Redis and found no room, because more came than this node takes in: `hints` (found in the database), `presence` (comes again), `mall` (lost) |
//! | `kefu_bus_dropped_total{reason}` | counter | not handed to Redis: `full` (too much waits), `stale` (waited over two seconds), `failed`, `large` (a hint, or people of more shops than a snapshot holds); not believed: `nodes` (more than 256) |

mod bus;
mod channels;
mod incoming;
mod mall;
mod meter;
mod node;
mod outgoing;
mod pause;
mod presence;
mod pulse;
mod settings;
mod wire;

pub use bus::{BusError, RedisBus};
pub use node::NodeId;
pub use presence::Everywhere;
pub use pulse::Health;
pub use settings::{MallBridge, Settings};
