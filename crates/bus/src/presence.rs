//! Who is connected, to whichever node.
//!
//! Every node tells the others every three seconds whom it has. Each of them remembers what it was told for ten
//! seconds. Somebody who has left a node counts as there for nine seconds more: whoever comes back within five, at
//! whatever node, was never away for the others, since it takes at most three until they hear of it.

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

/// Everybody who is connected, to this node or any other; each person counts once.
///
/// Whoever is at this node is known at once, whoever is at another within three seconds. Whoever has left is gone
/// after 15 seconds at most, and so are those at a node that has died.
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
    fn count(&self, scope: Scope) -> OnlineCount {
        let mut count = self.here.count(scope);
        for party in self.others.online(scope) {
            if self.here.is_online(scope, party) {
                continue;
            }
            match party {
                Party::Member(_) => count.members += 1,
                Party::Admin(_) => count.admins += 1,
                Party::System => {}
            }
        }
        count
    }

    fn is_online(&self, scope: Scope, party: Party) -> bool {
        self.here.is_online(scope, party) || self.others.is_online(scope, party)
    }
}
