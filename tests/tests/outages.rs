//! The database goes away, hangs, is locked, is full: everybody is answered in time, and nothing is lost or doubled.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use kefu_tests::{
    Backend, Load, Log, Outcome, OwnMariaDb, Person, Program, Server, Setup, WhenCut, beside_this_program, text,
};

/// Nobody may wait longer, whatever the database does.
const NOBODY_WAITS_LONGER: Duration = Duration::from_secs(6);
/// So many write at once that an outage of seconds is felt by more than a hundred attempts.
const WRITERS: i64 = 128;

/// Members who have written once each, so that their conversations exist.
async fn members(server: &Server, count: i64) -> Vec<Person> {
    let members: Vec<_> = (1..=count).map(|n| server.member(1_000 + n)).collect();
    for member in &members {
        member.send(&text("opening"), Some("opening")).await.ok();
    }
    members
}

/// After the outage: in time, felt, and all there.
async fn check(server: &Server, outcome: &Outcome, at_least_unavailable: usize) {
    let tally = outcome.tally;
    assert!(tally.longest <= NOBODY_WAITS_LONGER, "somebody waited {:?}", tally.longest);
    assert!(tally.unavailable >= at_least_unavailable, "the outage was hardly felt: {tally:?}");
    assert!(outcome.unanswered.is_empty(), "everything is acknowledged in the end");

    let books = server.books();
    books.audit();
    books.hold(&outcome.acknowledged);
    let openings =
        books.number("SELECT COUNT(*) AS number FROM promotion_kefu_message WHERE client_msg_id = 'opening'");
    let rows = books.count("promotion_kefu_message");
    assert_eq!(
        rows - openings,
        i64::try_from(outcome.acknowledged.len()).expect("not that many"),
        "the sets are equal"
    );
}

async fn on_a_mariadb_of_its_own() -> (OwnMariaDb, Server) {
    let own = OwnMariaDb::start();
    let server = Setup::on(Backend::MariaDbAt(own.url())).start().await;
    (own, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_that_is_killed_and_comes_back_costs_time_only() {
    let (mut own, server) = on_a_mariadb_of_its_own().await;

    let mut load = Load::endless(members(&server, WRITERS).await, WhenCut::Retry);
    load.wait_until("a flow", |tally| tally.acknowledged >= 500).await;
    own.kill9();
    load.wait_until("a hundred refusals", |tally| tally.unavailable >= 100).await;
    own.start_again();
    let back = load.tally().acknowledged;
    load.wait_until("the flow again", |tally| tally.acknowledged >= back + 500).await;
    let outcome = load.finish().await;

    check(&server, &outcome, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_that_hangs_for_seven_seconds_costs_time_only() {
    let (own, server) = on_a_mariadb_of_its_own().await;

    let mut load = Load::endless(members(&server, WRITERS).await, WhenCut::Retry);
    load.wait_until("a flow", |tally| tally.acknowledged >= 500).await;
    own.freeze();
    // The length of the outage, not a wait for anything.
    tokio::time::sleep(Duration::from_secs(7)).await;
    own.thaw();
    let back = load.tally().acknowledged;
    load.wait_until("the flow again", |tally| tally.acknowledged >= back + 500).await;
    let outcome = load.finish().await;

    check(&server, &outcome, 100).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_may_hold_the_file_for_five_seconds() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let members = members(&server, 32).await;
    let reader = members[0].clone();
    let mut load = Load::endless(members, WhenCut::Retry);
    load.wait_until("a flow", |tally| tally.acknowledged >= 200).await;

    let log = Log::default();
    let file = server.place().path().expect("a file").to_owned();
    let mut holder = Program::new(beside_this_program("hold-lock"), [file]).start(&log);
    let held = log.wait_for(0, kefu_tests::PATIENCE, |line| (line == "held").then_some(())).await;
    assert!(held.is_some(), "the lock was not to be had: {}", log.tail(5));
    let rows = server.books().count("promotion_kefu_message");
    let page = reader.list(&[]).await.ok();
    // The length of the disturbance, not a wait for anything.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let rows_later = server.books().count("promotion_kefu_message");
    holder.kill9();

    assert_eq!(rows_later, rows, "the lock was not held");
    assert!(page.took < Duration::from_secs(2), "reading waited for the writer: {:?}", page.took);
    let back = load.tally().acknowledged;
    load.wait_until("the flow again", |tally| tally.acknowledged >= back + 200).await;
    let outcome = load.finish().await;
    assert!(outcome.tally.longest >= Duration::from_secs(1), "nobody waited: no test of anything");
    check(&server, &outcome, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_writing_and_not_reading_until_there_is_room_again() {
    let disk = SmallDisk::mount();
    let server = Setup::on(Backend::SqliteIn(disk.path().to_owned())).start().await;
    let members = members(&server, 16).await;
    let reader = members[0].clone();
    let mut load = Load::endless(members, WhenCut::Retry);
    load.wait_until("a flow", |tally| tally.acknowledged >= 100).await;

    let filler = disk.fill();
    load.wait_until("twenty refusals", |tally| tally.unavailable >= 20).await;
    let page = reader.list(&[("limit", "200")]).await.ok();
    assert!(!page.rows().is_empty(), "what was written can be read");
    assert_eq!(server.get("/healthz").await.expect("an answer").status, 200);

    std::fs::remove_file(filler).expect("the filler goes");
    let back = load.tally().acknowledged;
    load.wait_until("the flow again, without a restart", |tally| tally.acknowledged >= back + 100).await;
    let outcome = load.finish().await;
    check(&server, &outcome, 20).await;
}

/// A disk of 16 MiB in memory. Dropping it unmounts it.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let kind = Some("tmpfs");
        let flags = nix::mount::MsFlags::empty();
        nix::mount::mount(kind, folder.path(), kind, flags, Some("size=16m"))
            .expect("filling a disk needs a small one of our own, and mounting it needs root: run `make test` as root");
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes until there is no room left, and says where.
    fn fill(&self) -> PathBuf {
        use std::io::Write;

        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("a file");
        while file.write_all(&[0; 4_096]).is_ok() {}
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = nix::mount::umount2(self.path(), nix::mount::MntFlags::MNT_DETACH);
    }
}
