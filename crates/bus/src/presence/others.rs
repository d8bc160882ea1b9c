//! What the nodes have said about who is with them, and how long that counts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use kefu_domain::{Party, Scope};
use tokio::time::Instant;

use super::{LEASE, LINGER, People};
use crate::{NodeId, meter};

/// More nodes than this are not believed.
const NODES: usize = 256;

/// The nodes, this one included, as they were heard last.
#[derive(Debug, Default)]
pub(crate) struct Others(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    nodes: HashMap<NodeId, Node>,
    /// Who was gone from a node's last snapshot, and when.
    left: BTreeMap<(Scope, Party), Instant>,
}

#[derive(Debug)]
struct Node {
    people: People,
    heard: Instant,
}

impl Others {
    /// A node has said whom it has.
    pub(crate) fn heard(&self, node: NodeId, people: People, now: Instant) {
        let mut state = self.lock();
        state.forget(now);
        if state.nodes.len() >= NODES && !state.nodes.contains_key(&node) {
            meter::dropped("nodes", 1);
            return;
        }
        let before = state.nodes.get(&node).map(|it| &it.people);
        let gone: Vec<_> =
            before.iter().flat_map(|it| it.all()).filter(|&(scope, party)| !people.has(scope, party)).collect();
        state.left.extend(gone.into_iter().map(|who| (who, now)));
        state.nodes.insert(node, Node { people, heard: now });
        meter::nodes(state.nodes.len());
    }

    /// Whoever is in a scope, each once.
    pub(crate) fn online(&self, scope: Scope) -> HashSet<Party> {
        let (state, now) = (self.lock(), Instant::now());
        let mut found: HashSet<_> = state.alive(now).flat_map(|node| node.people.of(scope)).collect();
        let left = state.left.range((scope, FIRST)..).take_while(|((of, _), _)| *of == scope);
        found.extend(left.filter(|(_, since)| lingers(**since, now)).map(|((_, party), _)| *party));
        found
    }

    pub(crate) fn is_online(&self, scope: Scope, party: Party) -> bool {
        let (state, now) = (self.lock(), Instant::now());
        state.left.get(&(scope, party)).is_some_and(|since| lingers(*since, now))
            || state.alive(now).any(|node| node.people.has(scope, party))
    }

    // Every change under the lock is complete or has not begun, whoever panicked.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody comes before.
const FIRST: Party = Party::Member(kefu_domain::MemberId(i64::MIN));

fn lingers(since: Instant, now: Instant) -> bool {
    now.duration_since(since) < LINGER
}

impl Node {
    fn lives(&self, now: Instant) -> bool {
        now.duration_since(self.heard) < LEASE
    }
}

impl State {
    fn alive(&self, now: Instant) -> impl Iterator<Item = &Node> {
        self.nodes.values().filter(move |node| node.lives(now))
    }

    /// Lets go who was not heard of for long enough. A dead node's people were given their time with it.
    fn forget(&mut self, now: Instant) {
        self.nodes.retain(|_, node| node.lives(now));
        self.left.retain(|_, since| lingers(*since, now));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kefu_domain::{AdminId, MemberId, TenantId};
    use tokio::time::advance;

    use super::*;
    use crate::presence::EVERY;

    const HERE: Scope = Scope::platform(TenantId(1));
    const ALICE: Party = Party::Member(MemberId(101));
    const BOB: Party = Party::Admin(AdminId(7));
    const A: NodeId = NodeId([1; 8]);
    const B: NodeId = NodeId([2; 8]);

    fn people(parties: &[Party]) -> People {
        parties.iter().map(|&party| (HERE, party)).collect()
    }

    fn seconds(count: u64) -> Duration {
        Duration::from_secs(count)
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_at_two_nodes_is_one_person() {
        let others = Others::default();

        others.heard(A, people(&[ALICE, BOB]), Instant::now());
        others.heard(B, people(&[ALICE]), Instant::now());

        assert_eq!(others.online(HERE), HashSet::from([ALICE, BOB]));
        assert!(others.is_online(HERE, ALICE));
        assert!(others.online(Scope::platform(TenantId(2))).is_empty());
        assert!(!others.is_online(Scope::platform(TenantId(2)), ALICE));
    }

    #[tokio::test(start_paused = true)]
    async fn the_people_of_a_node_that_is_not_heard_any_more_are_gone_after_ten_seconds() {
        let others = Others::default();
        others.heard(A, people(&[ALICE]), Instant::now());
        others.heard(B, people(&[BOB]), Instant::now());

        advance(seconds(9)).await;
        others.heard(B, people(&[BOB]), Instant::now());
        assert!(others.is_online(HERE, ALICE));

        advance(seconds(1)).await;
        assert_eq!(others.online(HERE), HashSet::from([BOB]));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_comes_back_within_five_seconds_was_never_away() {
        // At every moment of the snapshots' beat, and at another node too.
        let beat = EVERY.as_secs();
        for (offset, later) in (0..beat).flat_map(|offset| (0..beat).map(move |later| (offset, later))) {
            for back_at in [A, B] {
                let others = Others::default();
                let left = seconds(3 + offset);
                let mut returned = false;
                for second in 0..20 {
                    let online = seconds(second) < left || seconds(second) >= left + seconds(5);
                    returned |= seconds(second) >= left + seconds(5);
                    let at = if returned { back_at } else { A };
                    let away = format!("after {second} s, away from {left:?}, back at {back_at}");
                    // A moment before the beat, and after it.
                    assert!(second == 0 || others.is_online(HERE, ALICE), "{away}");
                    for node in [A, B] {
                        // The nodes' beats are not in step.
                        if second % beat == if node == A { 0 } else { later } {
                            let here: &[Party] = if online && at == node { &[ALICE] } else { &[] };
                            others.heard(node, people(here), Instant::now());
                        }
                    }
                    assert!(others.is_online(HERE, ALICE), "{away}");
                    advance(seconds(1)).await;
                }
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_stays_away_is_gone_within_fifteen_seconds() {
        let others = Others::default();
        others.heard(A, people(&[ALICE]), Instant::now());

        // Gone right after a snapshot.
        for second in 1..=12 {
            advance(seconds(1)).await;
            if second % EVERY.as_secs() == 0 {
                others.heard(A, people(&[]), Instant::now());
            }
        }

        assert!(!others.is_online(HERE, ALICE));
        assert!(others.online(HERE).is_empty());
        others.heard(A, people(&[]), Instant::now());
        assert!(others.lock().left.is_empty(), "nothing is kept of them");
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_makes_us_remember_more_nodes_than_there_can_be() {
        let others = Others::default();

        for number in 0..2_000_u64 {
            others.heard(NodeId(number.to_be_bytes()), people(&[ALICE]), Instant::now());
        }

        assert_eq!(others.lock().nodes.len(), NODES);
    }
}
