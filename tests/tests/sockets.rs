//! Sockets that read, hang, fall silent, or belong to somebody who may no longer listen.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use kefu_tests::{Claims, Log, Person, Server, Side, SocketOptions, on_both, text};
use serde_json::json;

/// A page that has hung takes in what its kernel takes in.
const HANGS: SocketOptions = SocketOptions { pings: false, receive_buffer: Some(4_096) };

async fn write_many(person: &Person, count: usize) {
    stream::iter(0..count)
        .for_each_concurrent(64, |n| async move {
            person.send(&text(n), None).await.ok();
        })
        .await;
}

on_both! {
    async fn a_socket_that_stopped_reading_harms_nobody_else(backend) {
        let server = Server::start(backend, &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let hanging = [alice.listen_as(HANGS).await, bob.listen_as(HANGS).await, bob.listen_as(HANGS).await];
        for socket in &hanging {
            socket.ping().await;
            socket.wait_for_pongs(1).await;
            socket.stop_reading().await;
        }
        let sockets = [alice.listen().await, bob.listen().await];

        write_many(&alice, 2_000).await;

        for socket in &sockets {
            socket.wait_until("everything", |frames| frames.len() >= 2_000).await;
            socket.settle().await;
            assert_eq!(socket.seqs(), (1..=2_000).collect::<Vec<_>>());
        }
        let dropped = server.metrics().await.sum("kefu_push_dropped_total");
        assert!(dropped > 0.0, "nothing fell out of the queues of those that hang: no test of anything");
        server.books().audit();
    }

    async fn a_pong_overtakes_the_messages(backend) {
        let server = Server::start(backend.clone(), &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let socket = bob.listen_as(SocketOptions { pings: false, ..SocketOptions::default() }).await;
        socket.ping().await;
        socket.wait_for_pongs(1).await;

        // 500 messages a second for four seconds, and a ping every tenth of a second.
        let alice = &alice;
        let started = Instant::now();
        let flow = stream::iter(0..2_000_u32).for_each_concurrent(200, |n| async move {
            tokio::time::sleep_until((started + n * Duration::from_millis(2)).into()).await;
            alice.send(&text(n), None).await.ok();
        });
        let pings = async {
            for n in 0..40 {
                tokio::time::sleep_until((started + n * Duration::from_millis(100)).into()).await;
                socket.ping().await;
                socket.wait_for_pongs(usize::try_from(n).expect("a small number") + 2).await;
            }
        };
        tokio::join!(flow, pings);

        socket.wait_until("everything", |frames| frames.len() >= 2_000).await;
        let mut pongs = socket.pongs();
        pongs.sort();
        let (median, most, worst) = (pongs[pongs.len() / 2], pongs[pongs.len() * 9 / 10], pongs[pongs.len() - 1]);
        eprintln!("pong while 500 messages a second flow, {backend:?}: median {median:?}, worst {worst:?}");
        assert!(median < Duration::from_millis(250), "median {median:?}, worst {worst:?}");
        // After a second the shopper's page opens another socket. One in ten is left to a machine that is busy.
        assert!(most < Duration::from_secs(1), "{pongs:?}");
    }

    async fn logging_out_closes_the_sockets_of_that_login_only(backend) {
        let server = Server::start(backend, &[]).await;
        hire(&server, "bobby").await;
        let (here, there) = (log_in(&server, "bobby").await, log_in(&server, "bobby").await);
        let by_access = here.access.listen().await;
        let by_refresh = here.refresh.listen().await;
        let elsewhere = there.refresh.listen().await;

        here.access.ask(here.access.request_to(reqwest::Method::POST, "/admin-api/system/auth/logout")).await.ok();

        for socket in [&by_access, &by_refresh] {
            assert!(socket.closed(Duration::from_secs(5)).await.is_some(), "a revoked token still listens");
        }
        here.access.conversations(&[]).await.refused(401);
        server.member(101).send(&text("afterwards"), None).await.ok();
        elsewhere.wait_until("the message", |frames| frames.len() == 1).await;
        assert!(by_access.frames().is_empty() && by_refresh.frames().is_empty());
    }

    /// The command is another process: the server has to notice.
    async fn disabling_an_account_closes_its_sockets(backend) {
        let server = Server::start(backend, &[]).await;
        hire(&server, "bobby").await;
        let bob = log_in(&server, "bobby").await;
        let socket = bob.refresh.listen().await;

        command(&server, &["admin", "disable", "--tenant", "1", "bobby"], "").await;

        assert!(socket.closed(Duration::from_secs(5)).await.is_some(), "a disabled account still listens");
        bob.access.conversations(&[]).await.refused(401);
        let refused = bob.refresh.try_listen(SocketOptions::default()).await;
        assert_eq!(refused.err().and_then(|refused| refused.status), Some(401));
    }

    async fn a_socket_ends_with_its_token(backend) {
        let server = Server::start(backend, &[]).await;
        let soon = server.person(&Claims::member(101).for_seconds(3));
        let later = server.member(101);
        let (ends, stays) = (soon.listen().await, later.listen().await);

        assert!(ends.closed(Duration::from_secs(60)).await.is_some(), "an expired token still listens");
        soon.list(&[]).await.refused(401);
        later.send(&text("afterwards"), None).await.ok();
        stays.wait_until("the message", |frames| frames.len() == 1).await;
        assert!(ends.frames().is_empty());
    }

    /// A hidden tab, or one that leaked: it would be drowned, and may not even be there.
    async fn a_socket_that_fell_silent_is_held_until_its_next_ping(backend) {
        let server = Server::start(backend, &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let awake = bob.listen().await;
        let silent = bob.listen_as(SocketOptions { pings: false, ..SocketOptions::default() }).await;
        silent.ping().await;
        silent.wait_for_pongs(1).await;
        alice.send(&text("before"), None).await.ok();
        silent.wait_until("what comes before the silence", |frames| frames.len() == 1).await;

        // The silence itself, not a wait for anything.
        tokio::time::sleep(Duration::from_secs(16)).await;
        for n in 0..60 {
            alice.send(&text(n), None).await.ok();
        }
        awake.wait_until("everything", |frames| frames.len() == 61).await;
        assert_eq!(silent.seqs(), [1], "a silent socket gets nothing");

        silent.ping().await;
        silent.wait_until("the newest", |frames| frames.last().and_then(kefu_tests::Frame::seq) == Some(61)).await;
        silent.settle().await;
        let newest: Vec<i64> = (12..=61).collect();
        assert_eq!(silent.seqs(), [vec![1], newest].concat(), "the newest fifty, in order");
    }
}

/// The two tokens of a login, each as somebody who shows it.
struct Login {
    access: Person,
    refresh: Person,
}

const PASSWORD: &str = "Richtig7Pferd";

/// Makes an account at the server's command line.
async fn hire(server: &Server, name: &str) {
    server.keep_secret(PASSWORD);
    let arguments = ["admin", "add", "--tenant", "1", "--role", "manager", "--password-stdin", name];
    command(server, &arguments, PASSWORD).await;
}

async fn log_in(server: &Server, name: &str) -> Login {
    let http = kefu_tests::http().build().expect("a client");
    let request = http.post(server.url("/admin-api/system/auth/login")).header("tenant-id", "1");
    let answer = request.json(&json!({ "username": name, "password": PASSWORD })).send().await.expect("an answer");
    let answer: serde_json::Value = answer.json().await.expect("an envelope");
    assert_eq!(answer["code"], 0, "not let in: {}", answer["msg"]);
    let token = |name: &str| answer["data"][name].as_str().expect("a token").to_owned();
    let id = answer["data"]["userId"].as_i64().expect("an id");
    let person = |token: &str| server.person_with(Side::Agent, id, token);
    Login { access: person(&token("accessToken")), refresh: person(&token("refreshToken")) }
}

/// Runs a command of the server's program, which must succeed.
async fn command(server: &Server, arguments: &[&str], input: &str) {
    let log = Log::default();
    let running = server.program(arguments.iter().copied()).reading(input).start(&log);
    let status = running.wait(kefu_tests::PATIENCE).await;
    assert!(status.is_some_and(|status| status.success()), "the command failed: {}", log.tail(20));
}
