use std::collections::HashSet;
use std::time::Duration;

use kefu_domain::{AdminId, MemberId, TenantId};
use proptest::prelude::*;
use tokio::time::advance;

use super::*;
use crate::presence::{EVERY, LINGER, MOST_OF_A_NODE, MOST_WHO_LEFT};

const HERE: Scope = Scope::platform(TenantId(1));
const ALICE: Party = Party::Member(MemberId(101));
const BOB: Party = Party::Admin(AdminId(7));
const A: NodeId = NodeId([1; 8]);
const B: NodeId = NodeId([2; 8]);

fn people(parties: &[Party]) -> People {
    parties.iter().map(|&party| (HERE, party)).collect()
}

fn members(ids: std::ops::Range<usize>) -> People {
    ids.map(|id| (HERE, Party::Member(MemberId(id as i64)))).collect()
}

fn count(members: usize, admins: usize) -> OnlineCount {
    OnlineCount { members, admins }
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[tokio::test(start_paused = true)]
async fn somebody_at_two_nodes_is_one_person() {
    let others = Others::default();

    others.heard(A, people(&[ALICE, BOB]), Instant::now());
    others.heard(B, people(&[ALICE]), Instant::now());

    assert_eq!(others.count(HERE), count(1, 1));
    assert!(others.is_online(HERE, ALICE) && others.is_online(HERE, BOB));
    assert_eq!(others.count(Scope::platform(TenantId(2))), count(0, 0));
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
    assert!(!others.is_online(HERE, ALICE) && others.is_online(HERE, BOB));
    assert_eq!(others.count(HERE), count(0, 1));
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
                assert!(second == 0 || others.count(HERE) == count(1, 0), "{away}");
                for node in [A, B] {
                    // The nodes' beats are not in step.
                    if second % beat == if node == A { 0 } else { later } {
                        let here: &[Party] = if online && at == node { &[ALICE] } else { &[] };
                        others.heard(node, people(here), Instant::now());
                    }
                }
                assert!(others.is_online(HERE, ALICE), "{away}");
                assert_eq!(others.count(HERE), count(1, 0), "{away}");
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
    assert_eq!(others.count(HERE), count(0, 0));
    let state = others.at(Instant::now());
    assert!(state.seen.left.is_empty() && state.counts.0.is_empty(), "nothing is kept of them");
}

#[tokio::test(start_paused = true)]
async fn nobody_makes_us_remember_more_nodes_than_there_can_be() {
    let others = Others::default();

    for number in 0..2_000_u64 {
        others.heard(NodeId(number.to_be_bytes()), people(&[ALICE]), Instant::now());
    }

    assert_eq!(others.at(Instant::now()).seen.nodes.len(), NODES);
}

#[tokio::test(start_paused = true)]
async fn beyond_the_names_that_are_remembered_people_are_counted() {
    let others = Others::default();
    let most = MOST_OF_A_NODE - 1;

    for (number, id) in [A, B, NodeId([3; 8])].into_iter().enumerate() {
        others.heard(id, members(number * most..(number + 1) * most), Instant::now());
    }

    let (named, last) = (MOST_OF_ALL - 3, 3 * most - 1);
    assert_eq!(others.count(HERE), count(3 * most, 0));
    let is_online = |id: usize| others.is_online(HERE, Party::Member(MemberId(id as i64)));
    assert!(is_online(0) && is_online(named - 1) && !is_online(named) && !is_online(last));
    let size: usize = others.at(Instant::now()).seen.nodes.values().map(|it| it.people.size()).sum();
    assert_eq!(size, MOST_OF_ALL);

    // Whoever was forgotten only by name does not linger, or would count twice.
    others.heard(A, members(0..most), Instant::now());
    others.heard(B, members(most..2 * most), Instant::now());
    others.heard(NodeId([3; 8]), members(2 * most - 1_000..3 * most), Instant::now());
    assert_eq!(others.count(HERE), count(3 * most, 0), "a thousand of them are at two nodes, and have names there");

    advance(LEASE).await;
    assert_eq!(others.count(HERE), count(0, 0));
    assert!(others.at(Instant::now()).counts.0.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_makes_us_remember_more_people_who_left_than_there_can_be() {
    let others = Others::default();
    let most = MOST_OF_A_NODE - 1;
    let last = 2 * most - 1;
    others.heard(B, members(last..last + 1), Instant::now());

    for beginning in [0, most] {
        others.heard(A, members(beginning..beginning + most), Instant::now());
        others.heard(A, members(0..0), Instant::now());
    }

    assert_eq!(others.count(HERE), count(MOST_WHO_LEFT + 1, 0), "others are away at once, unless they are elsewhere");
    let is_online = |id: usize| others.is_online(HERE, Party::Member(MemberId(id as i64)));
    assert!(is_online(0) && !is_online(last - 1) && is_online(last));
    advance(LINGER).await;
    assert_eq!(others.count(HERE), count(1, 0));
    assert!(others.at(Instant::now()).seen.left.is_empty());
}

/// What may happen, one thing after the other.
#[derive(Debug, Clone)]
enum Step {
    Heard(u8, Vec<(i64, bool)>),
    Passes(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let people = proptest::collection::vec((0..6_i64, any::<bool>()), 0..6);
    prop_oneof![
        3 => (0..3_u8, people).prop_map(|(node, people)| Step::Heard(node, people)),
        1 => (1..6_u64).prop_map(Step::Passes),
    ]
}

proptest! {
    #[test]
    fn the_counts_are_those_of_the_people_whatever_happens(steps in proptest::collection::vec(step(), 0..60)) {
        let (others, mut now) = (Others::default(), Instant::now());
        let everybody: Vec<_> = (0..6).flat_map(|id| [Party::Member(MemberId(id)), Party::Admin(AdminId(id))]).collect();
        for step in steps {
            match step {
                Step::Heard(node, people) => {
                    let party = |(id, member)| if member { Party::Member(MemberId(id)) } else { Party::Admin(AdminId(id)) };
                    let parties: Vec<_> = people.into_iter().map(party).collect();
                    others.heard(NodeId([node; 8]), self::people(&parties), now);
                }
                Step::Passes(count) => now += seconds(count),
            }

            let state = others.at(now);
            let online: HashSet<_> = everybody.iter().filter(|&&party| state.seen.has((HERE, party))).collect();
            let members = online.iter().filter(|party| matches!(party, Party::Member(_))).count();
            prop_assert_eq!(state.counts.of(HERE), count(members, online.len() - members));
        }
    }
}
