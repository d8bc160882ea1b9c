//! Who is where.

use std::time::{Duration, Instant};

use kefu_domain::{AdminId, OnlineCount, Party, Presence as _, Scope, TenantId};
use kefu_push::Guest;
use kefu_tests::shared_redis;

use crate::house::{ALICE, DESK, Node, Street};

const BOB: Party = Party::Admin(AdminId(7));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_known_at_every_node_each_once_and_those_of_a_dead_node_are_gone_within_fifteen_seconds() {
    let street = Street::at(shared_redis());
    let (a, b) = tokio::join!(Node::start(street.settings()), Node::start(street.settings()));
    let [everywhere_a, everywhere_b] = [&a, &b].map(|node| node.bus.everywhere(node.hub.clone()));
    let _alice_at_both = [&a, &b].map(|node| node.hub.join(Guest::new(DESK, Party::Member(ALICE))));
    let bob = a.hub.join(Guest::new(DESK, BOB));

    assert!(everywhere_a.is_online(DESK, BOB), "at his own node at once");
    b.until("Bob", |_| everywhere_b.is_online(DESK, BOB)).await;
    for everywhere in [&everywhere_a, &everywhere_b] {
        assert_eq!(everywhere.count(DESK), OnlineCount { members: 1, admins: 1 });
        assert_eq!(everywhere.count(Scope::platform(TenantId(2))), OnlineCount::default());
    }

    // Its last breath was just before.
    let died = Instant::now();
    drop((a, bob));
    b.until("his node's end", |_| !everywhere_b.is_online(DESK, BOB)).await;
    assert!(died.elapsed() < Duration::from_secs(15), "{:?}", died.elapsed());
    assert!(everywhere_b.is_online(DESK, Party::Member(ALICE)), "who is at another node stays");
}
