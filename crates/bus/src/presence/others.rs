//! What the nodes have said about who is with them, and how long that counts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use kefu_domain::{OnlineCount, Party, Scope};
use tokio::time::Instant;

use super::left::Left;
use super::{LEASE, MOST_OF_ALL, People};
use crate::{NodeId, meter};

/// More nodes than this are not believed.
const NODES: usize = 256;

/// The nodes, this one included, as they were heard last.
#[derive(Debug, Default)]
pub(crate) struct Others(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    seen: Seen,
    /// Kept in step with what was seen, so that nobody has to walk through it to answer.
    counts: Counts,
}

/// Who is there, or was a moment ago.
#[derive(Debug, Default)]
struct Seen {
    nodes: HashMap<NodeId, Node>,
    left: Left,
}

#[derive(Debug)]
struct Node {
    people: People,
    heard: Instant,
}

impl Others {
    /// A node has said whom it has.
    pub(crate) fn heard(&self, node: NodeId, mut people: People, now: Instant) {
        let mut state = self.at(now);
        let before = state.seen.nodes.remove(&node).map(|it| it.people);
        if before.is_none() && state.seen.nodes.len() >= NODES {
            meter::dropped("nodes", 1);
            return;
        }
        let elsewhere: usize = state.seen.nodes.values().map(|it| it.people.size()).sum();
        meter::dropped("large", people.shorten(MOST_OF_ALL.saturating_sub(elsewhere)));
        state.replace(&before.unwrap_or_default(), &people, now);
        state.seen.nodes.insert(node, Node { people, heard: now });
        meter::nodes(state.seen.nodes.len());
    }

    /// How many are in a scope, each once.
    pub(crate) fn count(&self, scope: Scope) -> OnlineCount {
        self.at(Instant::now()).counts.of(scope)
    }

    pub(crate) fn is_online(&self, scope: Scope, party: Party) -> bool {
        self.at(Instant::now()).seen.has((scope, party))
    }

    /// Who is there at that moment, without those who are not there any more.
    fn at(&self, now: Instant) -> MutexGuard<'_, State> {
        // Nothing here panics halfway, whoever else panicked.
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.forget(now);
        state
    }
}

impl Seen {
    fn has(&self, who: (Scope, Party)) -> bool {
        self.left.has(who) || self.is_at_a_node(who)
    }

    fn is_at_a_node(&self, (scope, party): (Scope, Party)) -> bool {
        self.nodes.values().any(|node| node.people.has(scope, party))
    }
}

impl State {
    /// Goes from what a node has said before to what it says now, while it stands in neither.
    fn replace(&mut self, before: &People, after: &People, now: Instant) {
        for who in after.without(before).filter(|&who| !self.seen.has(who)) {
            self.counts.add(who);
        }
        for who in before.without(after) {
            // Whoever was left without a name has not left.
            let lingers = after.names_all_of(who) && self.seen.left.add(who, now);
            if !lingers && !self.seen.has(who) {
                self.counts.take(who);
            }
        }
        before.unnamed().for_each(|(scope, count)| self.counts.take_unnamed(scope, count));
        after.unnamed().for_each(|(scope, count)| self.counts.add_unnamed(scope, count));
    }

    /// Lets go who was not heard of for long enough. A dead node's people were given their time with it.
    fn forget(&mut self, now: Instant) {
        let is_dead = |node: &Node| now.duration_since(node.heard) >= LEASE;
        while let Some(dead) = self.seen.nodes.iter().find_map(|(id, node)| is_dead(node).then_some(*id)) {
            let Some(Node { people, .. }) = self.seen.nodes.remove(&dead) else { break };
            for who in people.named().filter(|&who| !self.seen.has(who)) {
                self.counts.take(who);
            }
            people.unnamed().for_each(|(scope, count)| self.counts.take_unnamed(scope, count));
        }
        while let Some(who) = self.seen.left.let_go(now) {
            if !self.seen.is_at_a_node(who) {
                self.counts.take(who);
            }
        }
    }
}

/// How many people there are in each scope that has any.
#[derive(Debug, Default)]
struct Counts(HashMap<Scope, OnlineCount>);

impl Counts {
    fn of(&self, scope: Scope) -> OnlineCount {
        self.0.get(&scope).copied().unwrap_or_default()
    }

    fn add(&mut self, (scope, party): (Scope, Party)) {
        self.add_unnamed(scope, one(party));
    }

    fn take(&mut self, (scope, party): (Scope, Party)) {
        self.take_unnamed(scope, one(party));
    }

    fn add_unnamed(&mut self, scope: Scope, more: OnlineCount) {
        let count = self.0.entry(scope).or_default();
        count.members += more.members;
        count.admins += more.admins;
    }

    fn take_unnamed(&mut self, scope: Scope, fewer: OnlineCount) {
        let Some(count) = self.0.get_mut(&scope) else { return };
        count.members = count.members.saturating_sub(fewer.members);
        count.admins = count.admins.saturating_sub(fewer.admins);
        if *count == OnlineCount::default() {
            self.0.remove(&scope);
        }
    }
}

fn one(party: Party) -> OnlineCount {
    OnlineCount {
        members: usize::from(matches!(party, Party::Member(_))),
        admins: usize::from(matches!(party, Party::Admin(_))),
    }
}

#[cfg(test)]
mod tests;
