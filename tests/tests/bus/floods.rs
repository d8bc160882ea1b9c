//! More comes than a node takes in.

use kefu_domain::{OnlineCount, Party, Presence as _};
use kefu_push::Guest;
use kefu_tests::{java_mail, shared_redis};
use redis::aio::MultiplexedConnection;

use crate::hints::hint;
use crate::house::{ALICE, DESK, Node, Street, say};

/// Several times what finds room, and not a tenth of the bytes.
const FLOOD: i64 = 30_000;
/// What may wait at most, and the one that is being looked at.
const ROOM: usize = 8_192 + 1;
const AT_ONCE: i64 = 1_000;

/// Says a lot over a channel.
async fn pour(stranger: &mut MultiplexedConnection, channel: &str, what: impl Fn(i64) -> String) {
    for first in (1..=FLOOD).step_by(usize::try_from(AT_ONCE).unwrap()) {
        let mut words = redis::pipe();
        for number in first..first + AT_ONCE {
            words.cmd("PUBLISH").arg(channel).arg(what(number)).ignore();
        }
        words.query_async::<()>(stranger).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_is_stuck_keeps_so_much_and_knows_how_much_it_has_missed() {
    let street = Street::at(shared_redis());
    let (node, other) = tokio::join!(Node::start(street.settings()), Node::start(street.settings()));
    let mut stranger = street.stranger().await;
    let stuck = node.heard.stick();

    pour(&mut stranger, &street.hint_channel(9), |number| hint(number).to_string()).await;
    let all = usize::try_from(FLOOD).unwrap();
    node.until("the end of the flood", |node| missed(node) >= all - ROOM).await;
    assert!(node.bus.health().is_up(), "it is slow, and not away");
    drop(stuck);

    node.until("all the rest", |node| node.numbers().len() + missed(node) >= all).await;
    let heard = node.numbers();
    assert!(heard.len() <= ROOM, "{}", heard.len());
    assert!(heard.iter().take(5_000).copied().eq(1..=5_000), "the first ones, in order");
    assert!(heard.is_sorted(), "and of the last ones those for which there was room again");
    other.reaches(&node).await;
    assert_eq!(missed(&other), 0, "who is not stuck misses nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_java_nodes_leaves_room_for_hints_and_for_who_is_online() {
    let street = Street::at(shared_redis());
    let settings = || street.settings().with_mall_bridge(street.bridge());
    let (node, other) = tokio::join!(Node::start(settings()), Node::start(street.settings()));
    let everywhere = node.bus.everywhere(node.hub.clone());
    let mut stranger = street.stranger().await;
    let stuck = node.heard.stick();
    // At this one it is stuck.
    say(&mut stranger, &street.hint_channel(9), hint(1).to_string().as_bytes()).await;

    pour(&mut stranger, &street.bridge().channel, |_| java_mail(2, Some(99), "x", "{}").to_string()).await;
    node.until("the end of the flood", |node| missed(node) >= usize::try_from(FLOOD).unwrap() - ROOM).await;
    let _alice = other.hub.join(Guest::new(DESK, Party::Member(ALICE)));
    for number in 2..=1_000 {
        say(&mut stranger, &street.hint_channel(9), hint(number).to_string().as_bytes()).await;
    }
    drop(stuck);

    node.until("the hints", |node| node.numbers().last() == Some(&1_000)).await;
    assert_eq!(node.numbers(), (1..=1_000).collect::<Vec<_>>());
    node.until("Alice", |_| everywhere.count(DESK) == OnlineCount { members: 1, admins: 0 }).await;
}

fn missed(node: &Node) -> usize {
    usize::try_from(node.bus.health().missed).unwrap()
}
