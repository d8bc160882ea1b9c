//! Who is connected, to whichever node.
//!
//! Every node tells the others every three seconds whom it has. Each of them remembers what it was told for ten
//! seconds. Somebody who has left a node counts as there for nine seconds more: whoever comes back within five, at
//! whatever node, was never away for the others, since it takes at most three until they hear of it.
//!
//! Names are remembered up to a number: [`MOST_OF_A_NODE`] of one node, [`MOST_OF_ALL`] of all, [`MOST_WHO_LEFT`] of
//! those who have left. Beyond it people are counted and not named: how many are online stays right, except that
//! somebody without a name who is at two nodes counts twice, and nobody but their own node can say that they are
//! online.

mod left;
mod others;
mod people;

use std::sync::Arc;
use std::time::Duration;

use kefu_domain::{OnlineCount, Party, Presence, Scope};
use kefu_push::Hub;

pub(crate) use others::Others;
pub(crate) use people::People;

/// How often a node tells whom it has.
pub(crate) const EVERY: Duration = Duration::from_secs(3);
/// A node that was not heard for so long is gone.
pub(crate) const LEASE: Duration = Duration::from_secs(10);
/// How long somebody who has left counts as there.
pub(crate) const LINGER: Duration = Duration::from_secs(9);

/// Scopes and names of one node; a node has fewer sockets than that.
pub(crate) const MOST_OF_A_NODE: usize = 200_000;
/// Scopes and names of all nodes, some 100 MB where every name has a scope to itself and 4 MB where few do.
pub(crate) const MOST_OF_ALL: usize = 500_000;
/// People who have left within [`LINGER`]; further ones are away at once. Some 20 MB.
pub(crate) const MOST_WHO_LEFT: usize = 200_000;

/// Everybody who is connected, to this node or any other; each person counts once.
///
/// Whoever is at this node is online at once, and everywhere within three seconds; they are counted within three
/// seconds. Whoever has left is gone after 15 seconds at most, and so are those at a node that has died. Of more than
/// 200,000 people at one node, or 500,000 at all of them, the rest is counted, and is not said to be online by any node
/// but their own.
#[derive(Clone, Debug)]
pub struct Everywhere {
    here: Hub,
    others: Arc<Others>,
}

impl Everywhere {
    pub(crate) fn new(here: Hub, others: Arc<Others>) -> Self {
        Self { here, others }
    }
}

impl Presence for Everywhere {
    /// Ready since the last snapshot, however many people there are.
    fn count(&self, scope: Scope) -> OnlineCount {
        self.others.count(scope)
    }

    fn is_online(&self, scope: Scope, party: Party) -> bool {
        self.here.is_online(scope, party) || self.others.is_online(scope, party)
    }
}
