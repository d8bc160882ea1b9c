//! So many sockets in all, of one address, of one person.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, PATIENCE, Server};

use crate::knock::{Knock, end_of, is_alive};

const PROXY: &str = "127.0.0.2";

#[tokio::test]
async fn past_the_limit_of_all_nobody_comes_in_and_everything_else_still_answers() {
    let server = Server::start(Backend::Sqlite, &[("socket.total", "3")]).await;
    let (alice, bob) = (server.member(101), server.agent(7));
    let mut open = Vec::new();
    for person in [&alice, &alice, &bob] {
        open.push(Knock::of(&server, person).ask().await.opened());
    }

    for person in [&alice, &bob, &server.member(102)] {
        assert!(Knock::of(&server, person).ask().await.refused(503) > 0);
    }

    alice.send(&kefu_tests::text(1), None).await.ok();
    assert_eq!(bob.conversations(&[]).await.ok().rows().len(), 1, "the desk answers");
    assert_eq!(server.get("/readyz").await.unwrap().status, 200);
    let metrics = server.metrics().await;
    assert!((metrics.sum("kefu_socket_refused_total") - 3.0).abs() < f64::EPSILON, "and tells the operator");
    for stream in &mut open {
        assert!(is_alive(stream).await, "who is in stays in");
    }
    drop(open.pop());
    Knock::of(&server, &bob).until_open().await;
}

#[tokio::test]
async fn one_address_has_so_many_sockets_and_no_header_of_its_own_gives_it_more() {
    let settings = [("socket.per_address", "2"), ("server.trusted_proxies", "[\"127.0.0.2\"]")];
    let server = Server::start(Backend::Sqlite, &settings).await;
    let knock = |member: i64| Knock::of(&server, &server.member(member));
    let mut open = Vec::new();
    for member in [101, 102] {
        open.push(knock(member).by_way_of(PROXY, "203.0.113.1").ask().await.opened());
        open.push(knock(member).by_way_of(PROXY, "2001:db8::1").ask().await.opened());
    }

    for spoofed in ["203.0.113.1", "198.51.100.7, 203.0.113.1", "203.0.113.9, 203.0.113.1:4711", "::ffff:203.0.113.1"] {
        knock(103).by_way_of(PROXY, spoofed).ask().await.refused(429);
    }
    knock(103).by_way_of(PROXY, "2001:db8::2").ask().await.refused(429);

    for other in ["203.0.113.2", "2001:db8:0:1::1"] {
        open.push(knock(103).by_way_of(PROXY, other).ask().await.opened());
    }
    assert!(is_alive(&mut open[0]).await, "who is in stays in");
    drop(open);
    knock(101).by_way_of(PROXY, "203.0.113.1").until_open().await;
}

#[tokio::test]
async fn who_comes_from_this_machine_or_from_a_proxy_that_names_nobody_has_no_address() {
    let settings = [("socket.per_address", "1"), ("server.trusted_proxies", "[\"10.1.0.0/16\", \"127.0.0.2\"]")];
    let server = Server::start(Backend::Sqlite, &settings).await;
    let knock = |member: i64| Knock::of(&server, &server.member(member));
    let mut open = Vec::new();

    for member in 101..104 {
        open.push(knock(member).ask().await.opened());
        open.push(knock(member).by_way_of("127.0.0.3", "203.0.113.1").ask().await.opened());
        open.push(knock(member).from(PROXY).ask().await.opened());
        open.push(knock(member).by_way_of(PROXY, "unknown, 10.1.2.3").ask().await.opened());
    }

    open.push(knock(104).by_way_of(PROXY, "203.0.113.1").ask().await.opened());
    knock(104).by_way_of(PROXY, "203.0.113.1").ask().await.refused(429);
}

#[tokio::test]
async fn one_person_has_so_many_sockets_and_others_are_not_touched() {
    let server = Server::start(Backend::Sqlite, &[("socket.per_person", "2")]).await;
    let (alice, bob, agent) = (server.member(101), server.member(102), server.agent(101));
    let mut open = Vec::new();
    for _ in 0..2 {
        open.push(Knock::of(&server, &alice).ask().await.opened());
    }

    let after = Knock::of(&server, &alice).ask().await.refused(429);

    assert!((1..=100).contains(&after), "{after}");
    for person in [&bob, &agent] {
        open.push(Knock::of(&server, person).ask().await.opened());
    }
    drop(open.swap_remove(0));
    Knock::of(&server, &alice).until_open().await;
}

/// The mall's pages leave their old socket open when they open another.
#[tokio::test]
async fn whoever_comes_again_when_told_has_the_place_of_a_socket_that_was_left_behind() {
    let settings = [("socket.per_person", "2"), ("socket.gives_way_seconds", "4")];
    let server = Server::start(Backend::Sqlite, &settings).await;
    let alice = server.member(101);
    let mut left_behind = Knock::of(&server, &alice).ask().await.opened();
    let in_use = alice.listen().await;
    let since = Instant::now();

    let mut refusals = 0;
    let newer = loop {
        let knocked = Knock::of(&server, &alice).ask().await;
        if knocked.status == 101 {
            break knocked.stream;
        }
        // What it was told to wait, and not a guess.
        tokio::time::sleep(Duration::from_secs(knocked.refused(429))).await;
        refusals += 1;
        assert!(since.elapsed() < PATIENCE, "{refusals} times in vain");
    };

    assert_eq!(refusals, 1, "it was told the truth");
    assert!(end_of(&mut left_behind, PATIENCE).await.is_some(), "three sockets, and two may be");
    assert!(!in_use.is_closed(), "the one that pings stays");
    let mut newer = newer;
    assert!(is_alive(&mut newer).await);
}
