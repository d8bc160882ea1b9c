use futures_util::FutureExt as _;

use super::*;
use crate::{MallBridge, NodeId, Settings};

const HINTS: &str = "kefu:e1:hint:3";
const PRESENCE: &str = "kefu:e1:presence";
const MALL: &str = "RedisWebSocketMessage";

struct House {
    slot: Slot,
    letterbox: Letterbox,
    pulse: Arc<Pulse>,
}

impl House {
    fn new() -> Self {
        let settings = Settings::new("redis://localhost", "e1", NodeId([1; 8])).with_mall_bridge(MallBridge::default());
        let pulse = Arc::new(Pulse::new());
        let (slot, letterbox) = letterbox(Arc::new(Channels::of(&settings)), pulse.clone());
        Self { slot, letterbox, pulse }
    }

    /// So many letters of that length come; says how many of them found no room.
    fn come(&self, count: usize, name: &str, length: usize) -> usize {
        let before = self.pulse.health().missed;
        for _ in 0..count {
            self.slot.take_in(message(name.as_bytes(), &vec![b'x'; length]));
        }
        usize::try_from(self.pulse.health().missed - before).unwrap()
    }

    /// Takes out what there is. Outside a runtime, which would let nobody take so much at once.
    fn empty(&mut self) -> Vec<Letter> {
        std::iter::from_fn(|| self.letterbox.next().now_or_never().flatten()).collect()
    }
}

fn message(name: &[u8], bytes: &[u8]) -> PushInfo {
    let data = vec![Value::BulkString(name.to_vec()), Value::BulkString(bytes.to_vec())];
    PushInfo { kind: PushKind::Message, data }
}

#[test]
fn what_waits_has_an_end_in_number_and_in_bytes_and_makes_room_again() {
    let mut house = House::new();

    assert_eq!(house.come(2 * LETTERS, PRESENCE, 10), LETTERS);
    assert_eq!(house.empty().len(), LETTERS);
    assert_eq!(house.come(20, PRESENCE, LONGEST), 4, "sixteen fit");
    assert_eq!(house.slot.bytes.load(Ordering::Acquire), BYTES);
    assert_eq!(house.empty().len(), 16);
    assert_eq!(house.slot.bytes.load(Ordering::Acquire), 0);
    assert_eq!(house.come(LETTERS, PRESENCE, 10), 0);
}

#[test]
fn a_flood_of_one_kind_leaves_room_for_what_matters_more() {
    let mut house = House::new();

    assert_eq!(house.come(LETTERS, MALL, 10), LETTERS / 2);
    assert_eq!(house.come(LETTERS / 2, HINTS, 10), LETTERS / 8);
    assert_eq!(house.come(LETTERS / 8, PRESENCE, 10), 0);
    assert_eq!(house.come(1, PRESENCE, 10), 1, "until it is full");

    house.empty();
    assert_eq!(house.come(20, MALL, LONGEST), 12, "in bytes too");
    assert_eq!(house.come(7, HINTS, LONGEST), 1);
    assert_eq!(house.come(3, PRESENCE, LONGEST), 1);
}

#[test]
fn what_came_first_is_taken_out_first_and_as_it_was_said() {
    let mut house = House::new();

    house.slot.take_in(message(HINTS.as_bytes(), b"one"));
    house.slot.take_in(message(MALL.as_bytes(), b"\xff\0"));

    let taken: Vec<_> = house.empty().into_iter().map(|letter| (letter.channel, letter.bytes)).collect();
    assert_eq!(taken, [(Channel::Hints, b"one".to_vec()), (Channel::Mall, b"\xff\0".to_vec())]);
}

#[test]
fn what_is_no_letter_of_anybody_takes_no_room() {
    let mut house = House::new();
    let subscribed = vec![Value::BulkString(HINTS.into()), Value::Int(1)];

    for nonsense in [
        message(b"elsewhere", b"x"),
        message(b"\xff", b"x"),
        message(HINTS.as_bytes(), &vec![0; LONGEST + 1]),
        PushInfo { kind: PushKind::Message, data: subscribed.clone() },
        PushInfo { kind: PushKind::Message, data: Vec::new() },
        PushInfo { kind: PushKind::Subscribe, data: subscribed },
        PushInfo { kind: PushKind::Disconnection, data: Vec::new() },
    ] {
        house.slot.take_in(nonsense);
    }

    assert!(house.empty().is_empty());
    assert_eq!((house.slot.bytes.load(Ordering::Acquire), house.pulse.health().missed), (0, 0));
}

#[test]
fn once_nobody_reads_from_redis_any_more_the_box_says_so_when_it_is_empty() {
    let House { slot, mut letterbox, .. } = House::new();
    slot.take_in(message(HINTS.as_bytes(), b"last"));

    drop(slot);

    assert_eq!(letterbox.next().now_or_never().unwrap().unwrap().bytes, b"last");
    assert!(letterbox.next().now_or_never().unwrap().is_none());
}
