//! Two servers at one database, as one desk: with a Redis between them, without one, and while it goes.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "nodes/leaving.rs"]
mod leaving;

use std::time::{Duration, Instant};

use kefu_tests::{
    AncientRedis, Backend, JAVA_CHANNEL, JavaNode, OwnRedis, PATIENCE, Person, Server, Setup, Side, Socket,
    SocketOptions, shared_redis, text,
};
use reqwest::Method;
use serde_json::{Value, json};

/// News without a bus, and once the bus is gone.
const SWEPT: Duration = Duration::from_secs(5);

/// Two servers with nothing but a database between them, unless more is said.
fn on_mariadb() -> Setup {
    Setup::on(Backend::MariaDb)
}

/// Two servers with that Redis between them, which have found it.
async fn two_at(redis: &str) -> (Server, Server) {
    on_mariadb().with_bus_at(redis).start_two().await
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
    let (a, b) = on_mariadb().start_two().await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    in_time(&talk(&alice, &bob, [&hers, &his], 3).await);

    assert_eq!(a.readiness().await.1.get("bus"), None, "what is not there is not reported");
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
        server.bus_is_away().await;
        assert_eq!(server.metrics().await.sum("kefu_bus_up"), 0.0);
    }

    redis.start_again();
    for server in [&a, &b] {
        server.bus_is_there().await;
    }
    by_bus(&talk(&alice, &bob, [&hers, &his], 5).await);
    b.books().audit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_starts_without_the_redis_of_its_settings() {
    let mut redis = OwnRedis::start();
    redis.kill9();
    let setup = on_mariadb().with_bus_at(&redis.url());
    let a = setup.clone().start().await;
    let b = setup.start_beside(&a).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    in_time(&talk(&alice, &bob, [&hers, &his], 1).await);

    assert_eq!(a.readiness().await.1["bus"], "degraded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn operators_are_told_that_their_redis_is_too_old() {
    let redis = AncientRedis::start().await;
    let server = on_mariadb().with_bus_at(&redis.url()).start().await;

    let told = server.log().wait_for(0, PATIENCE, |line| line.contains("takes Redis 6 or later").then_some(())).await;

    assert!(told.is_some(), "{}", server.log().tail(20));
    server.bus_is_away().await;
    let warnings = &server.readiness().await.1["warnings"];
    let told = |warning: &Value| warning.as_str().is_some_and(|words| words.contains("Redis 6"));
    assert!(warnings.as_array().is_some_and(|all| all.iter().any(told)), "{warnings}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_at_the_other_server_is_online() {
    let (a, b) = two_at(&shared_redis()).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (_hers, _his) = (alice.listen().await, bob.listen().await);

    bob.sees_online(1, 1, PATIENCE).await;

    assert_eq!(bob.online_members("101,102").await, json!([101]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_out_at_one_server_is_shown_out_at_the_other_within_five_seconds() {
    const PASSWORD: &str = "Richtig7Pferd";
    let (a, b) = on_mariadb().start_two().await;
    a.hire("bobby", PASSWORD).await;
    let login = a.log_in("bobby", PASSWORD).await;
    let [at_a, at_b] = [&a, &b].map(|server| server.person_with(Side::Agent, login.id, &login.access));
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
    let setup = on_mariadb().set("nodes.bus", "\"redis\"").set("mall.redis_url", format!("{url:?}"));
    let (a, b) = setup.set("nodes.mall_bridge", true).start_two().await;
    let mut java = JavaNode::at(&url, JAVA_CHANNEL).await;
    let (alice, bob) = (a.member(101), b.agent(7));
    let (hers, his) = (alice.listen().await, bob.listen().await);

    alice.send(&text("hello"), None).await.ok();
    for (user_type, user_id) in [(1, json!(101)), (2, Value::Null)] {
        let said = java.hears().await;
        assert_eq!((&said["userType"], &said["userId"]), (&json!(user_type), &user_id));
        assert_eq!((&said["messageType"], &said["headers"]), (&json!("kefu_message_type"), &json!({"tenant-id": "1"})));
    }

    // As a Java node says it; and what it says last shows that nothing came back to us before.
    for user_type in [1, 2] {
        java.says(user_type, None, "notice-push", "{\"id\":1}").await;
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
    let (a, b) = on_mariadb().with_bus_at(&shared_redis()).set("nodes.sweep_seconds", 30).start_two().await;
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
