//! Two machines that disagree about what time it is, and both with the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kefu_tests::{Books, Claims, Nodes, OwnRedis, PATIENCE, Person, Server, V2Client, text};
use reqwest::Method;
use serde_json::json;

use crate::company::{Company, Seats, Writer, shows_all};
use crate::house::{SWEPT, at_redis};

/// How far each is off, in seconds: an hour lies between them.
const OFF: [i64; 2] = [-1_800, 1_800];
/// As long as the scene and its questions take, and far from any of those hours, in milliseconds.
const SCENE: i64 = 5 * 60 * 1_000;
/// What `Kefu-As-Of` leaves to those who are writing, in milliseconds.
const UNDER_WAY: i64 = 60_000;

fn database_time(books: &Books) -> i64 {
    books.number("SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED) AS number")
}

/// What a server takes for the time, as a heartbeat's answer says.
async fn server_time(client: &V2Client) -> i64 {
    let times = |client: &V2Client| -> Vec<i64> {
        client.frames().iter().filter_map(|frame| frame.ext_number("server_time")).collect()
    };
    let before = times(client).len();
    client.say(json!({ "category": "heartbeat", "ext": { "received": [] } }));
    client
        .until("an answered heartbeat", |state| {
            state.frames().iter().filter(|frame| frame.ext_number("server_time").is_some()).count() > before
        })
        .await;
    times(client)[before]
}

/// The conversations that have changed since then, as an agent's server says, and its `Kefu-As-Of`.
async fn changed_since(agent: &Person, since: i64) -> (Vec<i64>, i64) {
    let since = since.to_string();
    let answer = agent.conversations(&[("changedSince", &since)]).await.ok();
    let as_of = answer.header("kefu-as-of").and_then(|as_of| as_of.parse().ok()).expect("Kefu-As-Of");
    let mut ids: Vec<i64> = answer.rows().iter().filter_map(|row| row["id"].as_i64()).collect();
    ids.sort_unstable();
    (ids, as_of)
}

/// Without this the scene would be one of two clocks that agree.
async fn clocks_are_off(a: &Server, b: &Server) {
    let ended = Claims::member(103).for_seconds(OFF[0] / 2);
    let good = Claims::member(103).for_seconds(OFF[1] / 2);
    a.person(&ended).list(&[]).await.ok();
    b.person(&ended).list(&[]).await.refused(401);
    b.person(&good).list(&[]).await.refused(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_whose_clocks_are_an_hour_apart_behave_as_one() {
    let mut redis = OwnRedis::start();
    let setup = at_redis(&redis.url());
    let a = setup.clone().with_clock_off_by(OFF[0]).start().await;
    let b = setup.with_clock_off_by(OFF[1]).start_beside(&a).await;
    clocks_are_off(&a, &b).await;
    for server in [&a, &b] {
        server.bus_is_there().await;
    }
    let (books, company) = (a.books(), Company::gather(&Seats::at(&a, &b)).await);
    let agents = [a.agent(7), b.agent(7)];

    // Somebody goes to and fro, each time with a ticket of the other server's.
    let (at, addresses) = (Arc::new(AtomicUsize::new(0)), [a.address(), b.address()]);
    let here = at.clone();
    let nodes = Nodes::wherever(move || vec![addresses[here.load(Ordering::SeqCst)]]);
    let nomad = a.member(101).v2().at(nodes).with_tickets_of(&b.member(101)).join();
    nomad.until("her conversation", |state| state.is_at_rest() && !state.applied().is_empty()).await;

    company
        .talk(async {
            for round in 1..=4 {
                nomad.go_away().await;
                company.flow(&Writer::ALL, 3).await;
                at.store(round % 2, Ordering::SeqCst);
                nomad.come_back().await;
                let own = nomad.send(&text(round)).await;
                // What she said at one server she takes back at the other, by way of HTTP.
                let other = [&b, &a][round % 2].member(101);
                let query = [("id", own.id), ("conversationId", own.conversation)];
                other.ask(other.request(Method::PUT, "/kefu-message/revoke").query(&query)).await.ok();
            }
            for agent in &agents {
                agent.sees_online(2, 2, PATIENCE).await;
            }
            redis.kill9();
            for server in [&a, &b] {
                server.bus_is_away().await;
            }
        })
        .await;
    for writers in [Writer::FIRST, Writer::SECOND] {
        company.write(&writers, company.flow(&writers, 5)).await;
        company.crosses(SWEPT).await;
    }

    company.ends_well(&books).await;
    shows_all(&nomad, &books).await;
    assert_eq!(nomad.tallies().resets, 1, "it began once, and resumed ever after");
    let now = database_time(&books);
    for row in books.all_messages() {
        assert!((now - row.time).abs() < SCENE, "{} is of another time: {}", row.seq, row.time);
    }
    for client in company.clients() {
        let said = server_time(client).await;
        assert!((database_time(&books) - said).abs() < SCENE, "a server says that it is {said}");
    }
    let both = [company.of_alice, company.of_carol];
    for (one, other) in [(&agents[0], &agents[1]), (&agents[1], &agents[0])] {
        let (all, as_of) = changed_since(one, 0).await;
        assert_eq!(all, both);
        let behind = database_time(&books) - as_of;
        assert!((UNDER_WAY..UNDER_WAY + SCENE).contains(&behind), "{behind} ms behind");
        assert_eq!(changed_since(other, as_of).await.0, both, "what is under way is told again");
        assert_eq!(
            changed_since(other, database_time(&books) + 1).await.0,
            [] as [i64; 0],
            "nothing has changed since"
        );
    }
}
