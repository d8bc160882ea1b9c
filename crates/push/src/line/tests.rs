//! A line under every order of events.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::FutureExt;
use kefu_domain::ConversationId;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::parcel::{Frame, Weight};

const SMALL: Settings = Settings { queue: 8, keep: 3, hold_after: Duration::from_secs(15), legacy_escape: true };
const THREAD: ConversationId = ConversationId(1);

impl Line {
    pub(crate) fn panic_inside(&self) {
        let _state = self.lock();
        panic!("while a queue was locked");
    }

    fn say(&self, seq: i64, now: Instant) -> Taken {
        let frame = Frame { text: "{}".into(), shown: Some((THREAD, seq)), ..Frame::default() };
        self.push(Offer { frame: &frame, handed: None }, now)
    }

    fn len(&self) -> usize {
        self.lock().queue.parcels().len()
    }

    fn seq_of_last(&self) -> Option<i64> {
        self.lock().queue.parcels().back().and_then(|parcel| parcel.shown).map(|(_, seq)| seq)
    }
}

impl Queue {
    fn parcels(&self) -> &VecDeque<Parcel> {
        match self {
            Self::Mall(queue) => &queue.queue,
            Self::V2(queue) => &queue.queue,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Say,
    Repeat(i64),
    Take,
    Ping,
    Wait(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Say),
        1 => (1..20_i64).prop_map(Step::Repeat),
        3 => Just(Step::Take),
        1 => Just(Step::Ping),
        1 => (0..20_u64).prop_map(Step::Wait),
    ];
    vec(step, 0..120)
}

proptest! {
    #[test]
    fn whatever_happens_frames_come_in_order_once_and_the_newest_are_kept(steps in steps()) {
        let mut now = Instant::now();
        let line = Line::mall(SMALL, now, None, None);
        let (mut said, mut pinged, mut taken) = (0, now, Vec::new());

        for step in steps {
            match step {
                Step::Say => {
                    said += 1;
                    prop_assert!(matches!(line.say(said, now), Taken::Waiting(depth) if depth <= SMALL.queue + SMALL.keep));
                    prop_assert_eq!(line.seq_of_last(), Some(said));
                }
                Step::Repeat(back) => {
                    prop_assert!(said <= back || line.say(said - back, now) == Taken::Refused);
                }
                Step::Take => {
                    let next = line.take(now);
                    let held = now - pinged >= SMALL.hold_after;
                    prop_assert!(!(held && matches!(next, Next::Here(_))), "held");
                    taken.extend(shown(next));
                }
                Step::Ping => {
                    pinged = now;
                    line.pinged(now);
                }
                Step::Wait(seconds) => now += Duration::from_secs(seconds),
            }
        }
        let last_taken = taken.last().copied().unwrap_or(0);
        line.pinged(now);
        taken.extend(std::iter::from_fn(|| shown(line.take(now))));

        prop_assert!(taken.is_sorted_by(|a, b| a < b), "{:?}", taken);
        let newest = (last_taken + 1).max(said + 1 - SMALL.keep as i64)..=said;
        prop_assert!(newest.clone().all(|seq| taken.contains(&seq)), "{:?} of {:?}", newest, taken);
    }

    #[test]
    fn a_socket_that_pings_and_takes_in_time_misses_nothing(bursts in vec(1..=SMALL.queue, 0..50)) {
        let mut now = Instant::now();
        let line = Line::mall(SMALL, now, None, None);
        let (mut said, mut taken) = (0, Vec::new());

        for burst in bursts {
            for _ in 0..burst {
                said += 1;
                line.say(said, now);
            }
            taken.extend(std::iter::from_fn(|| shown(line.take(now))));
            now += Duration::from_secs(14);
            line.pinged(now);
        }

        prop_assert_eq!(taken, (1..=said).collect::<Vec<_>>());
    }
}

#[derive(Debug, Clone)]
enum V2Step {
    Say,
    Whisper,
    Bye,
    Take,
}

fn v2_steps() -> impl Strategy<Value = Vec<V2Step>> {
    let step = prop_oneof![5 => Just(V2Step::Say), 1 => Just(V2Step::Whisper), 1 => Just(V2Step::Bye), 3 => Just(V2Step::Take)];
    vec(step, 0..150)
}

proptest! {
    /// A client that asks the database for what was dropped has everything, in order.
    #[test]
    fn whatever_happens_a_v2_line_gives_every_frame_or_says_that_it_did_not(steps in v2_steps()) {
        let (line, now) = (Line::v2(SMALL), Instant::now());
        let (mut said, mut has, mut byes) = (0, 0, (0, 0));

        for step in steps.into_iter().chain(std::iter::repeat_n(V2Step::Take, SMALL.queue + 2)) {
            match step {
                V2Step::Say => {
                    said += 1;
                    line.say(said, now);
                }
                V2Step::Whisper => {
                    let whisper = Frame { weight: Weight::Whisper, ..Frame::default() };
                    let before = line.len();
                    let taken = line.push(Offer { frame: &whisper, handed: None }, now);
                    prop_assert!(taken == Taken::Refused || before <= SMALL.queue / 4, "{before} were waiting");
                }
                V2Step::Bye => {
                    let bye = Frame { text: "bye".into(), weight: Weight::Control, ..Frame::default() };
                    let taken = line.push(Offer { frame: &bye, handed: None }, now);
                    prop_assert_ne!(taken, Taken::Refused);
                    byes = (byes.0 + 1, byes.1);
                }
                V2Step::Take => match line.take(now) {
                    Next::Here(parcel) if parcel.text == "bye" => byes = (0, byes.1 + 1),
                    Next::Here(parcel) => {
                        prop_assert_eq!(byes.0, 0, "a bye goes first");
                        if line.has_lagged() {
                            prop_assert_eq!(line.len(), 0);
                            has = said;
                        } else if let Some((_, seq)) = parcel.shown {
                            prop_assert_eq!(seq, has + 1);
                            has = seq;
                        }
                    }
                    Next::NotYet(_) | Next::Over => {}
                },
            }
            prop_assert!(line.len() <= SMALL.queue);
        }

        prop_assert_eq!(has, said);
    }
}

fn shown(next: Next) -> Option<i64> {
    match next {
        Next::Here(parcel) => parcel.shown.map(|(_, seq)| seq),
        Next::NotYet(_) | Next::Over => None,
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_held_line_is_woken_by_the_ping_and_not_by_a_frame() {
    let line = Line::mall(SMALL, Instant::now(), None, None);
    tokio::time::advance(SMALL.hold_after).await;
    let mut next = std::pin::pin!(line.next());
    assert!(next.as_mut().now_or_never().is_none());

    line.say(1, Instant::now());
    assert!(next.as_mut().now_or_never().is_none());
    line.pinged(Instant::now());

    let woken = tokio::time::timeout(Duration::from_secs(1), next).await.unwrap();
    assert_eq!(woken.and_then(|parcel| parcel.shown), Some((THREAD, 1)));
}

/// A line of somebody who comes back when as many announcements were made.
fn returning(since: u64, now: Instant) -> (Line, Arc<Pigeonhole>) {
    let hole: Arc<Pigeonhole> = Arc::default();
    let absence = Absence { since, shops: Shops::platform() };
    (Line::mall(SMALL, now, Some(Arc::clone(&hole)), Some(absence)), hole)
}

fn news(number: u64, seq: i64) -> Frame {
    Frame { text: "{}".into(), shown: Some((THREAD, seq)), news: Some((number, THREAD)), ..Frame::default() }
}

fn rest(line: &Line, now: Instant) -> Vec<i64> {
    std::iter::from_fn(|| shown(line.take(now))).collect()
}

const GRACE: Duration = Duration::from_millis(1_500);

#[test]
fn what_an_announcer_on_another_thread_leaves_late_is_replayed_if_nothing_newer_was_given() {
    let now = Instant::now();
    let (line, hole) = returning(3, now);
    line.push(Offer { frame: &news(3, 7), handed: None }, now);

    // It looked for sockets before this one came, and is slow to leave what it has to say.
    hole.put(&news(2, 6), kefu_domain::ShopId::PLATFORM, SMALL.keep, now);

    assert_eq!(rest(&line, now), [] as [i64; 0]);
    assert_eq!(rest(&line, now + GRACE), [6, 7]);
}

#[test]
fn what_comes_too_late_to_be_in_order_is_not_replayed() {
    let now = Instant::now();
    let (line, hole) = returning(3, now);
    line.push(Offer { frame: &news(3, 7), handed: None }, now);
    assert_eq!(rest(&line, now), [7]);

    hole.put(&news(2, 6), kefu_domain::ShopId::PLATFORM, SMALL.keep, now);

    assert_eq!(rest(&line, now + GRACE), [] as [i64; 0]);
}

#[test]
fn what_waits_already_is_not_replayed_as_well() {
    let now = Instant::now();
    let (line, hole) = returning(3, now);
    hole.put(&news(2, 6), kefu_domain::ShopId::PLATFORM, SMALL.keep, now);

    // Announced again, to a socket that does not know that it is owed.
    line.push(Offer { frame: &news(3, 6), handed: None }, now);

    assert_eq!(rest(&line, now + GRACE), [6]);
}
