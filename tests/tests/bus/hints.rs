//! What nodes tell each other.

use kefu_bus::{NodeId, Settings};
use kefu_domain::{AdminId, Bus as _, ConversationId, Event, Party, Side, Typing, What};
use kefu_tests::shared_redis;
use serde_json::json;

use crate::house::{ALICE, DESK, EPOCH, Node, Street, announcement, message, outline, posted, say};

/// One of everything that can happen, on one conversation, in order.
fn a_day() -> Vec<Event> {
    let agent = Party::Admin(AdminId(7));
    let of = |number, by, what| Event { after: outline(9, number), by, what };
    vec![
        posted(9, 1),
        of(2, agent, What::Read(Side::Desk, 1)),
        of(3, Party::Member(ALICE), What::Read(Side::Member, 3)),
        of(4, agent, What::Pinned(true)),
        of(5, agent, What::Hidden),
        of(6, Party::Member(ALICE), What::Revoked(message(9, 1))),
        of(7, agent, What::Deleted(Side::Desk, message(9, 1))),
    ]
}

#[tokio::test]
async fn what_happens_at_one_node_is_heard_at_the_others_in_order_and_not_at_itself() {
    let street = Street::at(shared_redis());
    let (a, b, c) =
        tokio::join!(Node::start(street.settings()), Node::start(street.settings()), Node::start(street.settings()));
    let day = a_day();

    a.bus.publish(&day.iter().cloned().map(announcement).collect::<Vec<_>>());
    for number in 8..=500 {
        a.bus.publish(&[announcement(posted(9, number))]);
    }

    for node in [&b, &c] {
        node.until("everything", |node| node.news().len() >= 500).await;
        assert_eq!(node.news()[..7], day);
        assert_eq!(node.numbers(), (1..=500).collect::<Vec<_>>());
    }
    // Its own came back before what the others say now.
    b.bus.publish(&[announcement(posted(9, 501))]);
    a.until("an answer", |a| !a.news().is_empty()).await;
    assert_eq!(a.numbers(), [501]);
}

#[tokio::test]
async fn whoever_is_writing_is_heard_to_be() {
    let street = Street::at(shared_redis());
    let (a, b) = tokio::join!(Node::start(street.settings()), Node::start(street.settings()));
    let typing =
        |on| Typing { scope: DESK, conversation: ConversationId(9), member: ALICE, by: Party::Admin(AdminId(7)), on };

    a.bus.whisper(&typing(true));
    a.bus.whisper(&typing(false));

    b.until("both", |b| b.typing().len() == 2).await;
    assert_eq!(b.typing(), [typing(true), typing(false)]);
    assert!(b.news().is_empty());
}

#[tokio::test]
async fn nodes_of_another_database_or_another_prefix_are_strangers() {
    let street = Street::at(shared_redis());
    let another_life = Settings::new(&street.url, "00c0ffee00c0fffe", NodeId::random().unwrap());
    let another_life = another_life.with_prefix(&street.prefix);
    let elsewhere = Street::at(shared_redis());
    let (a, b) = tokio::join!(Node::start(street.settings()), Node::start(street.settings()));
    let (restored, neighbour) = tokio::join!(Node::start(another_life), Node::start(elsewhere.settings()));

    a.bus.publish(&[announcement(posted(9, 1))]);
    b.until("news", |b| !b.news().is_empty()).await;

    // Whatever was said to them would have come before what is said to them now.
    let mut stranger = street.stranger().await;
    let good = hint(2).to_string();
    for channel in [format!("{}:00c0ffee00c0fffe:hint:9", street.prefix), elsewhere.hint_channel(9)] {
        assert_eq!(say(&mut stranger, &channel, good.as_bytes()).await, 1, "{channel}");
    }
    for node in [&restored, &neighbour] {
        node.until("the probe", |node| !node.news().is_empty()).await;
        assert_eq!(node.numbers(), [2]);
    }
}

/// A hint as a node writes it.
pub(crate) fn hint(number: i64) -> serde_json::Value {
    json!({"v": 1, "node": "0000000000000000", "news": {
        "conversation": 9, "tenant": 1, "shop": 0, "member": 101, "head": number, "change": number, "member_read": 0,
        "desk_read": 0, "unread": 0, "pinned": false, "hidden": false, "by": [1, 101], "what": {"posted": {
            "id": 1, "seq": number, "change": number, "sender": [1, 101], "kind": 1, "content": "{}", "read": false,
            "time": 1,
        }},
    }})
}

#[tokio::test]
async fn nonsense_over_our_channels_harms_nobody() {
    let street = Street::at(shared_redis());
    let settings = street.settings().with_mall_bridge(street.bridge());
    let node = Node::start(settings).await;
    let mut stranger = street.stranger().await;
    let presence = format!("{}:{EPOCH}:presence", street.prefix);
    let (hints, mall) = (street.hint_channel(9), street.bridge().channel);
    let deep = "[".repeat(1 << 20);
    let long = hint(1).to_string().replace("\"{}\"", &format!("\"{}\"", "x".repeat(1 << 20)));
    let unknown = hint(1).to_string().replace("posted", "exploded");
    let later = hint(1).to_string().replace("\"v\":1", "\"v\":2");
    let backwards = hint(1).to_string().replace("\"seq\":1", "\"seq\":-1");
    let nonsense: [&[u8]; 13] = [
        b"",
        b"\0",
        b"\xff\xfe\xfd",
        b"{",
        b"null",
        b"[]",
        b"{}",
        b"\x01\x03\x03\x03\x03\x03\x03\x03\x03\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        unknown.as_bytes(),
        later.as_bytes(),
        backwards.as_bytes(),
        deep.as_bytes(),
        long.as_bytes(),
    ];

    for bytes in nonsense {
        for channel in [&hints, &presence, &mall] {
            assert_eq!(say(&mut stranger, channel, bytes).await, 1);
        }
    }
    say(&mut stranger, &hints, hint(3).to_string().as_bytes()).await;

    node.until("the good one", |node| !node.news().is_empty()).await;
    assert_eq!(node.numbers(), [3]);
    assert!(node.bus.health().is_up());
}
