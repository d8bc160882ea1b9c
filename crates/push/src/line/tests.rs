//! A line under every order of events.

use std::time::Duration;

use futures_util::FutureExt;
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const SMALL: Settings = Settings { queue: 8, keep: 3, hold_after: Duration::from_secs(15), legacy_escape: true };
const THREAD: ConversationId = ConversationId(1);

impl Line {
    pub(crate) fn panic_inside(&self) {
        let _state = self.lock();
        panic!("while a queue was locked");
    }

    fn seq_of_last(&self) -> Option<i64> {
        self.lock().queue.back().and_then(|parcel| parcel.shown).map(|(_, seq)| seq)
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
        let (line, text) = (Line::new(SMALL, now), ByteString::from_static("{}"));
        let (mut said, mut pinged, mut taken) = (0, now, Vec::new());
        let say = |seq, now| line.push(Offer { text: &text, shown: Some((THREAD, seq)), handed: None }, now);

        for step in steps {
            match step {
                Step::Say => {
                    said += 1;
                    prop_assert!(matches!(say(said, now), Taken::Waiting(depth) if depth <= SMALL.queue + SMALL.keep));
                    prop_assert_eq!(line.seq_of_last(), Some(said));
                }
                Step::Repeat(back) => {
                    prop_assert!(said <= back || say(said - back, now) == Taken::Refused);
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
        let (line, text) = (Line::new(SMALL, now), ByteString::from_static("{}"));
        let (mut said, mut taken) = (0, Vec::new());

        for burst in bursts {
            for _ in 0..burst {
                said += 1;
                line.push(Offer { text: &text, shown: Some((THREAD, said)), handed: None }, now);
            }
            taken.extend(std::iter::from_fn(|| shown(line.take(now))));
            now += Duration::from_secs(14);
            line.pinged(now);
        }

        prop_assert_eq!(taken, (1..=said).collect::<Vec<_>>());
    }
}

fn shown(next: Next) -> Option<i64> {
    match next {
        Next::Here(parcel) => parcel.shown.map(|(_, seq)| seq),
        Next::NotYet | Next::Over => None,
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_a_held_line_is_woken_by_the_ping_and_not_by_a_frame() {
    let line = Line::new(SMALL, Instant::now());
    tokio::time::advance(SMALL.hold_after).await;
    let mut next = std::pin::pin!(line.next());
    assert!(next.as_mut().now_or_never().is_none());

    line.push(Offer { text: &ByteString::from_static("{}"), shown: Some((THREAD, 1)), handed: None }, Instant::now());
    assert!(next.as_mut().now_or_never().is_none());
    line.pinged(Instant::now());

    let woken = tokio::time::timeout(Duration::from_secs(1), next).await.unwrap();
    assert_eq!(woken.and_then(|parcel| parcel.shown), Some((THREAD, 1)));
}
