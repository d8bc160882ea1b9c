//! Several desks over one store, as they run: threads, a bus that cannot be relied upon, and a database that goes away.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::counted::Counted;
use common::{Ear as Told, Room, text};
use kefu::Builder;
use kefu::domain::memory::MemoryStore;
use kefu::domain::{Announcement, Bus, ConversationId, Ear, Event, Typing, What};

const SOON: Duration = Duration::from_millis(2);
const NEVER: Duration = Duration::from_secs(3_600);

/// Loses, repeats, delays and reorders what one desk tells the other.
#[derive(Clone, Default)]
struct Wire {
    to: Arc<Mutex<Option<Arc<dyn Ear>>>>,
    late: Arc<Mutex<Vec<Announcement>>>,
    dice: Arc<Mutex<u64>>,
}

impl Wire {
    fn seeded(seed: u64) -> Self {
        Self { dice: Arc::new(Mutex::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)), ..Self::default() }
    }

    fn roll(&self, below: u64) -> u64 {
        let mut dice = self.dice.lock().unwrap();
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        (*dice >> 11) % below
    }
}

impl Bus for Wire {
    fn publish(&self, news: &[Announcement]) {
        let Some(ear) = self.to.lock().unwrap().clone() else { return };
        for one in news {
            match self.roll(5) {
                0 => {}
                1 => self.late.lock().unwrap().push(one.clone()),
                2 => {
                    ear.hear(one.clone());
                    ear.hear(one.clone());
                }
                _ => ear.hear(one.clone()),
            }
            if self.roll(3) == 0 {
                let late = std::mem::take(&mut *self.late.lock().unwrap());
                late.into_iter().rev().for_each(|one| ear.hear(one));
            }
        }
    }

    fn whisper(&self, typing: &Typing) {
        if let Some(ear) = self.to.lock().unwrap().clone() {
            ear.hear_typing(*typing);
        }
    }
}

fn two(store: &MemoryStore, settings: impl Fn(Builder, usize) -> Builder) -> [Room; 2] {
    [0, 1].map(|node| Room::with(store.clone(), Told::new(store), |builder| settings(builder, node)))
}

/// Applies what was told by the rule of kefu.v2: in order, without a gap, nothing twice.
fn applied(events: &[Event]) -> HashMap<ConversationId, (i64, BTreeMap<i64, String>)> {
    let mut all: HashMap<_, (i64, BTreeMap<i64, String>)> = HashMap::new();
    for event in events {
        let (change, lines) = all.entry(event.after.conversation).or_default();
        let head = |lines: &BTreeMap<i64, String>| lines.keys().next_back().copied().unwrap_or(0);
        match &event.what {
            What::CaughtUp(since) => {
                assert!(since.more || since.outline.change > *change, "no news");
                for message in &since.messages {
                    assert_eq!(message.seq, head(lines) + 1);
                    lines.insert(message.seq, message.content.clone());
                }
                lines.extend(since.changed.iter().map(|one| (one.seq, one.content.clone())));
                *change = if since.more { *change } else { since.outline.change };
            }
            what => {
                assert_eq!(event.after.change, *change + 1);
                *change += 1;
                if let What::Posted(message) | What::Revoked(message) | What::Deleted(_, message) = what {
                    lines.insert(message.seq, message.content.clone());
                }
            }
        }
        assert!(event.after.head_seq >= head(lines));
    }
    all
}

/// Whether everything that the store has was told.
fn is_all(store: &MemoryStore, ids: &[ConversationId], events: &[Event]) -> bool {
    let told = applied(events);
    ids.iter().all(|id| {
        let stored: BTreeMap<_, _> = store.messages(*id).iter().map(|one| (one.seq, one.content.clone())).collect();
        told.get(id).is_some_and(|(_, lines)| *lines == stored)
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_bus_does_both_nodes_tell_everything_in_order_and_once() {
    for seed in 0..40 {
        let store = MemoryStore::new();
        let wires = [Wire::seeded(seed), Wire::seeded(seed + 1_000)];
        let rooms = two(&store, |builder, node| builder.several_nodes(SOON).bus(wires[node].clone()));
        for node in [0, 1] {
            *wires[node].to.lock().unwrap() = Some(rooms[1 - node].desk.ear());
        }
        let ids = [1, 2, 3].map(|id| rooms[0].conversation(id));

        let writes = |room: &Room, by: i64| {
            let (members, agent) = ([1, 2, 3].map(|id| room.member(id)), room.admin(by));
            async move {
                for round in 0..8 {
                    for (member, id) in members.iter().zip(ids) {
                        let said = member.send(text(&format!("{round} at {by}"))).await.unwrap().message;
                        agent.send(id, text("yes")).await.unwrap();
                        agent.read(id, Some(said.seq)).await.unwrap();
                        if round % 4 == 3 {
                            member.revoke(said.id, Some(id)).await.unwrap();
                        }
                    }
                }
            }
        };
        let (one, other) = (tokio::spawn(writes(&rooms[0], 7)), tokio::spawn(writes(&rooms[1], 8)));
        one.await.unwrap();
        other.await.unwrap();

        for room in rooms {
            let store = store.clone();
            let told = move || {
                room.ear.wait_until(|events| is_all(&store, &ids, events));
                assert!(room.desk.stop(Duration::from_secs(20)) && !room.desk.is_running());
            };
            tokio::task::spawn_blocking(told).await.unwrap();
        }
    }
}

#[tokio::test]
async fn without_a_bus_one_node_finds_what_the_other_has_done() {
    let store = MemoryStore::new();
    let [here, there] = two(&store, |builder, _| builder.several_nodes(SOON));
    let id = here.member(1).send(text("one")).await.unwrap().message.conversation;
    there.ear.wait_until(|events| is_all(&store, &[id], events));

    there.admin(7).send(id, text("two")).await.unwrap();
    here.member(1).send(text("three")).await.unwrap();

    for room in [&here, &there] {
        room.ear.wait_until(|events| is_all(&store, &[id], events));
    }
}

#[tokio::test]
async fn a_database_that_does_not_answer_for_a_while_loses_nothing() {
    let counted = Counted::default();
    let store = counted.store.clone();
    let here = Room::with(store.clone(), Told::new(&store), |builder| builder.several_nodes(NEVER));
    let there = Room::over(counted.clone(), store.clone(), Told::new(&store), |builder| builder.several_nodes(NEVER));
    let ear = there.desk.ear();
    let id = here.member(1).send(text("one")).await.unwrap().message.conversation;
    counted.is_silent(true);
    let before = counted.reads();
    for number in 2..=5 {
        here.member(1).send(text(&number.to_string())).await.unwrap();
    }
    let last = here.ear.heard.lock().unwrap().last().cloned().unwrap();
    ear.hear(Announcement { event: last, avatar: None, handed: None });
    let patience = Instant::now() + Duration::from_secs(20);
    while counted.reads() < before + 3 {
        assert!(Instant::now() < patience, "it is not tried again");
        tokio::task::yield_now().await;
    }
    assert!(!is_all(&store, &[id], &there.ear.heard.lock().unwrap()));

    counted.is_silent(false);

    there.ear.wait_until(|events| is_all(&store, &[id], events));
}

#[tokio::test]
async fn a_desk_that_is_dropped_leaves_no_thread_behind() {
    let counted = Counted::default();
    let store = counted.store.clone();
    let room = Room::over(counted.clone(), store.clone(), Told::new(&store), |builder| builder.several_nodes(NEVER));
    room.member(1).send(text("one")).await.unwrap();
    assert!(room.desk.is_running());
    let held = counted.holders();
    assert!(held > 1);

    drop(room);

    let patience = Instant::now() + Duration::from_secs(20);
    while counted.holders() > 1 {
        assert!(Instant::now() < patience, "somebody still holds the store");
        tokio::task::yield_now().await;
    }
}
