//! What was acknowledged survives the server's death, and a stop loses nothing.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::path::Path;
use std::time::Duration;

use kefu_storage::{Database, Options};
use kefu_tests::{Backend, Errand, Load, Person, Server, Setup, WhenCut, off_the_runtime, on_both, text};

/// A thousand messages of four members, each with its key.
fn a_thousand(members: &[Person]) -> Vec<Errand> {
    let errand = |n: usize| {
        let person = members[n % members.len()].clone();
        Errand { person, conversation: None, key: format!("key-{n}"), text: text(n) }
    };
    (0..1_000).map(errand).collect()
}

on_both! {
    async fn what_was_acknowledged_before_a_kill_is_there_afterwards(backend) {
        let mut server = Server::start(backend, &[]).await;
        let members: Vec<_> = (101..=104).map(|id| server.member(id)).collect();
        let errands = a_thousand(&members);

        let mut load = Load::of(32, WhenCut::GoHome, errands.clone());
        load.wait_until("400 answers", |tally| tally.acknowledged >= 400).await;
        server.kill9();
        let before = load.join().await;

        let count = before.acknowledged.len();
        assert!((200..=800).contains(&count), "the kill came after {count} answers: no test of anything");
        assert!(!before.unanswered.is_empty(), "nothing was under way: no test of anything");
        server.start_again().await;
        server.books().hold(&before.acknowledged);
        server.books().audit();

        let done = |errand: &Errand| before.acknowledged.iter().any(|one| one.key == errand.key);
        let rest: Vec<_> = errands.into_iter().filter(|errand| !done(errand)).collect();
        let after = Load::of(32, WhenCut::Retry, rest).join().await;
        let all: Vec<_> = before.acknowledged.into_iter().chain(after.acknowledged).collect();
        assert_eq!(all.len(), 1_000);
        server.books().hold_exactly(&all);
        server.books().audit();
    }

    /// The promise of the test above holds against a power cut only if the database was told to sync.
    async fn the_connection_that_writes_has_full_durability(backend) {
        let server = Server::start(backend.clone(), &[]).await;

        let durability = off_the_runtime(|| {
            let database = Database::connect(server.place().url(), &Options::default()).expect("the database opens");
            database.durability().expect("an answer")
        });

        assert!(durability.is_full(), "{durability:?}");
        // SQLite's 2 is FULL.
        let (name, value) =
            if backend.is_mariadb() { ("innodb_flush_log_at_trx_commit", "1") } else { ("synchronous", "2") };
        assert_eq!(durability.setting(name), Some(value), "{durability:?}");
        assert_eq!(server.log().count("durable=true"), 1, "the server itself has found the same");
    }

    async fn a_stop_under_load_is_clean_and_loses_nothing(backend) {
        let mut server = Server::start(backend, &[]).await;
        let members: Vec<_> = (101..=132).map(|id| server.member(id)).collect();
        let mut sockets = Vec::new();
        for member in &members {
            sockets.push(member.listen().await);
        }
        sockets.push(server.agent(7).listen().await);

        let mut load = Load::endless(members, WhenCut::GoHome);
        load.wait_until("500 answers", |tally| tally.acknowledged >= 500).await;
        let status = server.terminate(Duration::from_secs(15)).await.expect("it stops within 15 seconds");
        let outcome = load.finish().await;

        assert!(status.success(), "it stopped with {status}");
        for socket in &sockets {
            assert!(socket.closed(Duration::from_secs(1)).await.is_some(), "a socket outlived its server");
        }
        server.books().hold(&outcome.acknowledged);
        server.books().audit();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite_every_commit_is_synced() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("syncs");
    let server = Setup::on(Backend::Sqlite).counting_syncs(&file).start().await;
    let alice = server.member(101);
    alice.send(&text("first"), None).await.ok();

    let commits = || async { server.metrics().await.sum("kefu_lane_commit_seconds_count") };
    let before = (syncs(&file), commits().await);
    for n in 0..100 {
        alice.send(&text(n), None).await.ok();
    }
    let after = (syncs(&file), commits().await);

    let commits = after.1 - before.1;
    assert!((commits - 100.0).abs() < f64::EPSILON, "each message was a commit of its own: {commits}");
    assert!(after.0 - before.0 >= 100, "{} syncs for 100 commits", after.0 - before.0);
}

/// How many fsyncs and fdatasyncs have succeeded so far. A line is written before the process goes on.
fn syncs(file: &Path) -> usize {
    let lines = std::fs::read_to_string(file).expect("what strace wrote");
    lines.lines().filter(|line| line.contains("sync") && line.trim_end().ends_with("= 0")).count()
}
