//! The upgrade of an existing mall as operators run it: a process that is watched, killed, begun twice.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::process::ExitStatus;
use std::time::Duration;

use kefu_tests::{
    Backend, Books, Claims, Log, OldMall, OwnMariaDb, PATIENCE, Place, Program, Running, beside_this_program, http,
};
use tempfile::TempDir;

const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const MESSAGES: i64 = 20_000;
const CONVERSATIONS: i64 = 2_000;
const DOUBLES: i64 = 100;
/// Of a thousand messages one is deleted.
const LIVE: i64 = MESSAGES - MESSAGES / 1_000;

/// An old mall and the settings of a desk on it.
struct Mall {
    place: Place,
    folder: TempDir,
}

impl Mall {
    fn on(backend: Backend) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = backend.prepare(folder.path());
        OldMall { conversations: CONVERSATIONS, messages: MESSAGES, doubles: DOUBLES }.write(place.url());
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\n[auth]\njwt_secret = {SECRET:?}\n[database]\nurl = {:?}\n",
            place.url()
        );
        std::fs::write(folder.path().join("kefu.toml"), text).unwrap();
        Self { place, folder }
    }

    fn start(&self, command: &[&str], log: &Log) -> Running {
        let mut arguments = vec!["--config".to_owned(), self.folder.path().join("kefu.toml").display().to_string()];
        arguments.extend(command.iter().map(|&word| word.to_owned()));
        Program::new(beside_this_program("kefu-under-test"), arguments).start(log)
    }

    async fn run(&self, command: &[&str]) -> (ExitStatus, Log) {
        let log = Log::default();
        let status = self.start(command, &log).wait(PATIENCE).await;
        (status.unwrap_or_else(|| panic!("{command:?} does not end:\n{}", log.tail(20))), log)
    }

    fn books(&self) -> Books {
        Books::at(self.place.url())
    }

    /// Every message has its number, every conversation agrees with its messages, every member has one.
    #[track_caller]
    fn is_taken_over(&self) {
        let books = self.books();
        assert_eq!(books.number("SELECT COUNT(*) AS number FROM promotion_kefu_message WHERE seq IS NOT NULL"), LIVE);
        assert_eq!(books.count("promotion_kefu_message"), MESSAGES);
        assert_eq!(books.count("promotion_kefu_conversation"), CONVERSATIONS - DOUBLES);
        assert_eq!(books.count("kefu_conversation_merged"), DOUBLES);
        assert_eq!(books.number(UNTRUE), 0);
    }
}

/// How many conversations do not agree with their messages, or number them in another order than that of time and id.
const UNTRUE: &str = "
    SELECT COUNT(*) AS number FROM (
        SELECT c.head_seq, c.change_no, c.admin_unread_message_count, COUNT(m.id) AS messages,
            SUM(m.seq <> m.place) AS misplaced, SUM(m.sender_type = 1 AND m.seq > c.admin_read_seq) AS unread,
            SUM(m.sender_type = 1 AND m.read_status = 0 AND m.seq <= c.admin_read_seq) AS passed
        FROM promotion_kefu_conversation AS c JOIN (
            SELECT id, conversation_id, sender_type, read_status, seq,
                ROW_NUMBER() OVER (PARTITION BY conversation_id ORDER BY create_time, id) AS place
            FROM promotion_kefu_message WHERE deleted = 0
        ) AS m ON m.conversation_id = c.id GROUP BY c.id
    ) AS found
    WHERE head_seq <> messages OR change_no <> messages OR misplaced > 0 OR passed > 0
        OR admin_unread_message_count <> unread";

/// What a field of the log adds up to.
fn sum(log: &Log, name: &str) -> i64 {
    let field = format!(" {name}=");
    let values = log.lines().into_iter().filter(|line| line.contains("are taken over"));
    values.filter_map(|line| line.split_once(&field)?.1.split_whitespace().next()?.parse::<i64>().ok()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_messages_are_taken_over_with_progress_in_the_log() {
    let mall = Mall::on(Backend::MariaDb);

    let (status, log) = mall.run(&["upgrade"]).await;

    assert!(status.success(), "{}", log.tail(20));
    mall.is_taken_over();
    assert_eq!((sum(&log, "merged"), sum(&log, "numbered")), (DOUBLES, LIVE));
    assert!(log.count("messages are numbered") >= 2 && log.count("percent=100") == 2, "{}", log.tail(40));
    assert_eq!(log.count("a message of the old mall"), 0, "no text stands in the log");

    let (status, log) = mall.run(&["migrate"]).await;

    assert!(status.success(), "{}", log.tail(20));
    assert_eq!(log.count("taken over") + log.count("a step of the tables"), 0, "{}", log.tail(20));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let mall = Mall::on(Backend::MariaDb);
    let before = mall.books().number(TABLES);

    let (status, log) = mall.run(&["upgrade", "--dry-run"]).await;

    assert!(status.success(), "{}", log.tail(20));
    for line in [
        "times are read in Asia/Shanghai, +08:00 from UTC",
        "  0210_message_columns",
        "  tenant 1: 2000",
        "conversations to merge into the same member's oldest: 100",
        "  1901 into 1",
        &format!("messages to number: {LIVE}"),
        "messages that are logically deleted, and stay so: 20",
        "nothing was changed",
    ] {
        assert!(log.lines().iter().any(|said| said == line), "{line:?} is missing:\n{}", log.tail(60));
    }
    assert_eq!(mall.books().number(TABLES), before);
}

/// The tables of the database and what they look like, as one number.
const TABLES: &str = "SELECT CAST(SUM(CRC32(CONCAT(table_name, column_name, column_type))) AS SIGNED) AS number
                      FROM information_schema.columns WHERE table_schema = DATABASE()";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_time_it_goes_on() {
    let mall = Mall::on(Backend::MariaDb);
    let mut killed = 0;

    // Each try lives a little longer than the one before, so the ends are spread over all that there is to do.
    let log = Log::default();
    for lives in (5..).step_by(25) {
        let mut running = mall.start(&["upgrade"], &log);
        match running.wait(Duration::from_millis(lives)).await {
            Some(status) => {
                assert!(status.success(), "{}", log.tail(20));
                break;
            }
            None => running.kill9(),
        }
        killed += 1;
    }

    assert!(killed >= 5, "killed {killed} times: no test of anything");
    mall.is_taken_over();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_database_may_be_killed_as_well() {
    let mut own = OwnMariaDb::start();
    let mall = Mall::on(Backend::MariaDbAt(own.url()));
    let log = Log::default();
    let running = mall.start(&["upgrade"], &log);
    let half = log.wait_for(0, PATIENCE, |line| line.contains("messages are numbered").then_some(())).await;
    assert!(half.is_some(), "{}", log.tail(20));

    own.kill9();
    let status = running.wait(PATIENCE).await.expect("it ends");
    own.start_again();

    assert_eq!(status.code(), Some(1), "{}", log.tail(20));
    let (status, log) = mall.run(&["upgrade"]).await;
    assert!(status.success() && sum(&log, "numbered") < LIVE, "{}", log.tail(20));
    mall.is_taken_over();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_do_it_once() {
    let mall = Mall::on(Backend::MariaDb);
    let logs = [Log::default(), Log::default()];

    let running = [mall.start(&["upgrade"], &logs[0]), mall.start(&["upgrade"], &logs[1])];
    for (one, log) in running.iter().zip(&logs) {
        let status = one.wait(PATIENCE).await.expect("it ends");
        assert!(status.success(), "{}", log.tail(20));
    }

    mall.is_taken_over();
    assert_eq!(logs.iter().map(|log| sum(log, "numbered")).sum::<i64>(), LIVE);
    assert_eq!(logs.iter().map(|log| log.count("0210_message_columns")).sum::<usize>(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_knows_an_old_id_is_answered() {
    let mall = Mall::on(Backend::MariaDb);
    for command in [&["upgrade"][..], &["tenant", "add", "mall", "--id", "1"]] {
        let (status, log) = mall.run(command).await;
        assert!(status.success(), "{}", log.tail(20));
    }
    let log = Log::default();
    let _running = mall.start(&["serve"], &log);
    let address = log.wait_for(0, PATIENCE, |line| Some(line.split_once("listening on ")?.1.to_owned())).await;
    let address = address.unwrap_or_else(|| panic!("it does not start:\n{}", log.tail(20)));
    let (client, token) = (http().build().unwrap(), Claims::agent(7).signed(SECRET));
    let ask = async |path: &str| {
        let asked = client.get(format!("{address}/admin-api/promotion/{path}")).bearer_auth(&token).send().await;
        asked.unwrap().json::<serde_json::Value>().await.unwrap()
    };

    // The second conversation of the first member, which is merged into the first.
    let (old, into) = (CONVERSATIONS - DOUBLES + 1, 1);

    let found = ask(&format!("kefu-conversation/get?id={old}")).await;
    assert_eq!((&found["code"], &found["data"]["id"]), (&0.into(), &into.into()), "{found}");
    let history = ask(&format!("kefu-message/list?conversationId={old}&limit=20")).await;
    let all = ask(&format!("kefu-message/list?conversationId={into}&limit=20")).await;
    assert_eq!(history["data"].as_array().map(Vec::len), Some(20), "{history}");
    assert_eq!(history, all);

    let body = serde_json::json!({"conversationId": old, "contentType": 1, "content": "{\"text\":\"hello\"}"});
    let send = client.post(format!("{address}/admin-api/promotion/kefu-message/send")).bearer_auth(&token).json(&body);
    let sent: serde_json::Value = send.send().await.unwrap().json().await.unwrap();
    assert_eq!(sent["code"], 0, "{sent}");
    let newest = "SELECT conversation_id AS number FROM promotion_kefu_message ORDER BY id DESC LIMIT 1";
    assert_eq!(mall.books().number(newest), into);
}
