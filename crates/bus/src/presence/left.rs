//! Who has left a node a moment ago.

use std::collections::{HashMap, VecDeque};

use kefu_domain::{Party, Scope};
use tokio::time::Instant;

use super::{LINGER, MOST_WHO_LEFT};

#[derive(Debug, Default)]
pub(super) struct Left {
    since: HashMap<(Scope, Party), Instant>,
    /// In the order of their leaving. Whoever left again since then has two places here, and the last one counts.
    order: VecDeque<(Instant, (Scope, Party))>,
}

impl Left {
    /// Somebody has left; `false` when too many have.
    pub(super) fn add(&mut self, who: (Scope, Party), now: Instant) -> bool {
        if self.order.len() >= MOST_WHO_LEFT {
            return false;
        }
        self.since.insert(who, now);
        self.order.push_back((now, who));
        true
    }

    pub(super) fn has(&self, who: (Scope, Party)) -> bool {
        self.since.contains_key(&who)
    }

    /// Lets go of the next one whose time is over.
    pub(super) fn let_go(&mut self, now: Instant) -> Option<(Scope, Party)> {
        while let Some((since, who)) = self.order.pop_front_if(|(since, _)| now.duration_since(*since) >= LINGER) {
            if self.since.get(&who) == Some(&since) {
                self.since.remove(&who);
                return Some(who);
            }
        }
        None
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.since.is_empty() && self.order.is_empty()
    }
}
