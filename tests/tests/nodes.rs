//! Two servers at one database, as one desk: with a Redis between them, without one, and while it goes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "nodes/leaving.rs"]
mod leaving;

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use kefu_tests::{
    Backend, Log, OwnRedis, PATIENCE, Person, Server, Setup, Side, Socket, SocketOptions, shared_redis, text,
};
use reqwest::Method;
use serde_json::{Value, json};

/// News without a bus, and once the bus is gone.
const SWEPT: Duration = Duration::from_secs(5);

/// Two servers with these settings.
async fn two(settings: &[(&str, String)]) -> (Server, Server) {
    let setup = settings.iter().fold(Setup::on(Backend::MariaDb), |setup, (name, value)| setup.set(name, value));
    let a = setup.clone().start().await;
    let b = setup.start_beside(&a).await;
    (a, b)
}

/// Two servers with that Redis between them, which have found it.
async fn two_at(redis: &str) -> (Server, Server) {
    let pair = two(&[("nodes.bus", "\"redis\"".into()), ("nodes.redis_url", format!("{redis:?}"))]).await;
    for server in [&pair.0, &pair.1] {
        until(server, "the bus", |report| report["bus"] == "ok").await;
    }
    pair
}

async fn readiness(server: &Server) -> (u16, Value) {
    let answer = server.get("/readyz").await.expect("an answer");
    (answer.status, serde_json::from_str(&answer.body).expect("a report"))
}

/// Asks how a server is until it is so.
async fn until(server: &Server, what: &str, holds: impl Fn(&Value) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (_, report) = readiness(server).await;
        if holds(&report) {
            return;
        }
        assert!(Instant::now() < deadline, "in vain waited for {what}: {report}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A member at the one and an agent at the other who write to each other so often; everybody hears everything once
/// and in order. Says how long each message was on its way to the other server, the fastest first.
async fn talk(alice: &Person, bob: &Person, sockets: [&Socket; 2], rounds: usize) -> Vec<Duration> {
    let mut took = Vec::new();
    for round in 0..rounds {
        let first = sockets[0].seqs().len();
        let sent = alice.send(&text(round), None).await.ok();
        took.push(arrives(sockets[1], first + 1).await);
        let conversation = bob.conversations(&[]).await.ok().data[0]["id"].as_i64().expect("an id");
        bob.send_to(conversation, &text(round), None).await.ok();
        took.push(arrives(sockets[0], first + 2).await);
        assert!(sent.seq() > 0);
    }
    for socket in sockets {
        socket.settle().await;
        let seqs = socket.seqs();
        assert_eq!(seqs, (1..=i64::try_from(seqs.len()).expect("few")).collect::<Vec<_>>());
    }
    took.sort();
    took
}

/// Half of what the database brings takes longer than a second.
#[track_caller]
fn by_bus(took: &[Duration]) {
    assert!(took[took.len() / 2] < Duration::from_millis(500), "that was no bus: {took:?}");
}

#[track_caller]
fn in_time(took: &[Duration]) {
    assert!(took[took.len() - 1] < SWEPT, "{took:?}");
}

async fn arrives(socket: &Socket, count: usize) -> Duration {
    let since = Instant::now();
    let shown = |frames: &[kefu_tests::Frame]| frames.iter().filter(|frame| frame.shows_message()).count() >= count;
    socket.wait_until("the message", shown).await;
    since.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_at_one_server_is_heard_at_the_other_at_once_and_once() {
    let (a, b) = two_at(&shared_redis()).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    by_bus(&talk(&alice, &bob, [&hers, &his], 20).await);

    bob.read(b.books().conversation_of(101).expect("a conversation").id, None).await.ok();
    hers.wait_until("that the desk has read", |frames| frames.iter().any(|frame| !frame.shows_message())).await;
    assert!(a.metrics().await.sum("kefu_bus_published_total") >= 20.0);
    b.books().audit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_bus_the_database_brings_the_news_within_five_seconds() {
    let (a, b) = two(&[]).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    in_time(&talk(&alice, &bob, [&hers, &his], 3).await);

    assert_eq!(readiness(&a).await.1.get("bus"), None, "what is not there is not reported");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_killed_costs_time_and_no_message_and_is_used_again_when_it_is_back() {
    let mut redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);
    talk(&alice, &bob, [&hers, &his], 2).await;

    redis.kill9();
    in_time(&talk(&alice, &bob, [&hers, &his], 3).await);
    for server in [&a, &b] {
        until(server, "the loss", |report| report["bus"] == "degraded").await;
        let (status, report) = readiness(server).await;
        assert_eq!((status, &report["state"]), (200, &json!("degraded")), "{report}");
        assert_eq!(server.metrics().await.sum("kefu_bus_up"), 0.0);
    }

    redis.start_again();
    for server in [&a, &b] {
        until(server, "the bus", |report| report["state"] == "ok").await;
    }
    by_bus(&talk(&alice, &bob, [&hers, &his], 5).await);
    b.books().audit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_the_redis_of_its_settings() {
    let mut redis = OwnRedis::start();
    redis.kill9();
    let url = redis.url();
    let (a, b) = two(&[("nodes.bus", "\"redis\"".into()), ("nodes.redis_url", format!("{url:?}"))]).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    in_time(&talk(&alice, &bob, [&hers, &his], 1).await);

    assert_eq!(readiness(&a).await.1["bus"], "degraded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_at_the_other_server_is_online() {
    let (a, b) = two_at(&shared_redis()).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (_hers, _his) = (alice.listen().await, bob.listen().await);
    let online = async || bob.ask(bob.request(Method::GET, "/kefu-online/get")).await.ok().data;

    let deadline = Instant::now() + PATIENCE;
    let mut seen = online().await;
    while seen != json!([{"shopId": 0, "members": 1, "admins": 1}]) {
        assert!(Instant::now() < deadline, "{seen}");
        tokio::time::sleep(Duration::from_millis(50)).await;
        seen = online().await;
    }
    let asked = bob.request(Method::GET, "/kefu-online/members").query(&[("ids", "101,102")]);
    assert_eq!(bob.ask(asked).await.ok().data, json!([101]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_out_at_one_server_is_shown_out_at_the_other_within_five_seconds() {
    const PASSWORD: &str = "Richtig7Pferd";
    let (a, b) = two(&[]).await;
    for server in [&a, &b] {
        server.keep_secret(PASSWORD);
    }
    let log = Log::default();
    let hire = ["admin", "add", "--tenant", "1", "--role", "manager", "--password-stdin", "bobby"];
    let status = a.program(hire).reading(PASSWORD).start(&log).wait(PATIENCE).await;
    assert!(status.is_some_and(|status| status.success()), "{}", log.tail(20));
    let login = a.request(Method::POST, "/admin-api/system/auth/login").header("tenant-id", "1");
    let answer = a.try_ask(login.json(&json!({"username": "bobby", "password": PASSWORD}))).await.expect("an answer");
    let token = answer.data["accessToken"].as_str().expect("a token").to_owned();
    let id = answer.data["userId"].as_i64().expect("an id");
    let [at_a, at_b] = [&a, &b].map(|server| server.person_with(Side::Agent, id, &token));
    let socket = at_b.listen().await;

    at_a.ask(at_a.request_to(Method::POST, "/admin-api/system/auth/logout")).await.ok();

    assert!(socket.closed(Duration::from_secs(5)).await.is_some(), "a revoked token still listens");
    let refused = at_b.try_listen(SocketOptions::default()).await;
    assert_eq!(refused.err().and_then(|refused| refused.status), Some(401));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_and_the_java_nodes_of_a_mall_share_their_sockets() {
    let redis = OwnRedis::start();
    let url = redis.url();
    let settings = [
        ("nodes.bus", "\"redis\"".to_owned()),
        ("mall.redis_url", format!("{url:?}")),
        ("nodes.mall_bridge", "true".to_owned()),
    ];
    let (a, b) = two(&settings).await;
    for server in [&a, &b] {
        until(server, "the bus", |report| report["bus"] == "ok").await;
    }
    let client = redis::Client::open(url.as_str()).expect("an address");
    let (mut sink, mut java) = client.get_async_pubsub().await.expect("Redis").split();
    sink.subscribe("RedisWebSocketMessage").await.expect("Redis");
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    alice.send(&text("hello"), None).await.ok();
    for (user_type, user_id) in [(1, json!(101)), (2, Value::Null)] {
        let message = tokio::time::timeout(PATIENCE, java.next()).await.expect("in time").expect("a message");
        let said: Value = serde_json::from_slice(message.get_payload_bytes()).expect("JSON");
        assert_eq!((&said["userType"], &said["userId"]), (&json!(user_type), &user_id));
        assert_eq!((&said["messageType"], &said["headers"]), (&json!("kefu_message_type"), &json!({"tenant-id": "1"})));
    }

    // As a Java node says it; and what it says last shows that nothing came back to us before.
    let mut speaker = client.get_multiplexed_async_connection().await.expect("Redis");
    for user_type in [1, 2] {
        let notice = json!({"headers": {"tenant-id": "1"}, "sessionId": null, "userType": user_type, "userId": null,
            "messageType": "notice-push", "messageContent": "{\"id\":1}"});
        redis::cmd("PUBLISH")
            .arg("RedisWebSocketMessage")
            .arg(notice.to_string())
            .exec_async(&mut speaker)
            .await
            .expect("Redis");
    }
    for socket in [&hers, &his] {
        socket.wait_until("the notice", |frames| frames.iter().any(|frame| frame.kind == "notice-push")).await;
        socket.settle().await;
        let kinds: Vec<_> = socket.frames().iter().map(|frame| frame.kind.clone()).collect();
        assert_eq!(kinds, ["kefu_message_type", "notice-push"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_that_kefu_v2_knows_of_passes_from_server_to_server() {
    // The database is asked so seldom that it brings nothing here.
    let redis = ("nodes.redis_url", format!("{:?}", shared_redis()));
    let (a, b) = two(&[("nodes.bus", "\"redis\"".into()), ("nodes.sweep_seconds", "30".into()), redis]).await;
    for server in [&a, &b] {
        until(server, "the bus", |report| report["bus"] == "ok").await;
    }
    let (member, agent) = (a.member(101), b.agent(7));
    member.send(&text("hello"), None).await.ok();
    let (alice, bob) = (member.join(), agent.join());
    alice.until("her conversation", |state| state.applied().len() == 1).await;
    let conversation = b.books().conversation_of(101).expect("a conversation").id;
    bob.open(conversation).await;
    let since = Instant::now();

    let question = alice.send(&text("the wrong question")).await;
    bob.until("the question", |state| state.applied_in(conversation).len() == 2).await;
    bob.read(conversation, question.seq).await.expect("read");
    let answer = bob.send_to(conversation, &text("what?")).await;
    alice.until("the answer", |state| state.applied().len() == 3).await;
    alice.revoke(None, question.id).await.expect("taken back");
    bob.delete(Some(conversation), answer.id).await.expect("deleted");
    agent.pin(conversation, true).await.ok();
    alice.typing(conversation, true);
    bob.until("that she is writing", |state| {
        state.frames().iter().any(|frame| frame.action() == "typing" && frame.text("content") == "on")
    })
    .await;

    let head = b.books().conversation_of(101).expect("a conversation").change;
    for device in [&alice, &bob] {
        device
            .until("the last change", |state| {
                state.thread(conversation).is_some_and(|thread| thread.cursor().change == head)
            })
            .await;
        device.flawless();
    }
    assert!(since.elapsed() < Duration::from_secs(20), "{:?}: that was no bus", since.elapsed());
    b.books().audit();
}
