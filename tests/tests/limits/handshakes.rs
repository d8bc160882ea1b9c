//! So many handshakes in a second, and the others wait.

use std::time::Duration;

use futures_util::future::join_all;
use kefu_tests::{Backend, Server};

use crate::knock::{Knock, Knocked};

/// So many at once, each of another member.
async fn storm(server: &Server, count: i64, way: impl Fn(Knock) -> Knock) -> Vec<Knocked> {
    let knocks: Vec<_> = (0..count).map(|n| way(Knock::of(server, &server.member(1_000 + n)))).collect();
    let mut storm = join_all(knocks.iter().map(Knock::ask)).await;
    storm.sort_by_key(|knocked| knocked.took);
    storm
}

#[tokio::test]
async fn a_storm_is_spread_and_nobody_in_it_is_refused() {
    let server = Server::start(Backend::Sqlite, &[("socket.handshakes_per_second", "20")]).await;

    let (storm, answers) = tokio::join!(storm(&server, 60, |knock| knock), async {
        let agent = server.agent(7);
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            longest = longest.max(agent.conversations(&[]).await.ok().took);
        }
        longest
    });

    assert!(storm.iter().all(|knocked| knocked.status == 101), "somebody was refused");
    let longest = storm[59].took;
    assert!(longest > Duration::from_millis(1_500), "sixty at twenty a second came in within {longest:?}");
    let waited = storm.iter().filter(|knocked| knocked.took > Duration::from_millis(500)).count();
    assert!(waited >= 25, "{waited} have waited");
    assert!(answers < Duration::from_secs(1), "whoever asks over HTTP waits for none of them: {answers:?}");
    let waits = server.metrics().await.sum("kefu_handshake_wait_seconds_count");
    assert!((waits - 60.0).abs() < f64::EPSILON, "{waits}");
}

#[tokio::test]
async fn whose_turn_is_too_far_away_is_told_when_to_come_again() {
    let settings = [("socket.handshakes_per_second", "5"), ("socket.handshake_wait_seconds", "1")];
    let server = Server::start(Backend::Sqlite, &settings).await;

    let storm = storm(&server, 40, |knock| knock).await;

    let (open, shut): (Vec<_>, Vec<_>) = storm.into_iter().partition(|knocked| knocked.status == 101);
    // Five at once, five in the second after it, and what comes while the forty are asking.
    assert!((10..=20).contains(&open.len()), "{} of 40 came in", open.len());
    for knocked in &shut {
        let after = knocked.refused(503);
        assert!((1..=2).contains(&after), "{after}");
    }
    Knock::of(&server, &server.member(101)).until_open().await;
}

#[tokio::test]
async fn the_storm_of_one_address_keeps_nobody_else_waiting() {
    let settings = [("socket.address_handshakes_per_second", "2"), ("server.trusted_proxies", "[\"127.0.0.2\"]")];
    let server = Server::start(Backend::Sqlite, &settings).await;

    let (storm, other) = tokio::join!(
        storm(&server, 10, |knock| knock.by_way_of("127.0.0.2", "203.0.113.1")),
        join_all((0..5).map(|n| {
            let knock = Knock::of(&server, &server.member(101 + n));
            let knock = knock.by_way_of("127.0.0.2", &format!("203.0.113.{}", 2 + n));
            async move { knock.ask().await }
        }))
    );

    assert!(storm.iter().all(|knocked| knocked.status == 101));
    assert!(storm[9].took > Duration::from_secs(3), "ten at two a second came in within {:?}", storm[9].took);
    for knocked in other {
        assert_eq!(knocked.status, 101);
        assert!(knocked.took < Duration::from_secs(1), "{:?}", knocked.took);
    }
}
