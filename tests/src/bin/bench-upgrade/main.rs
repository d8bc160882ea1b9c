//! How long an existing mall's database takes to be upgraded: a million messages in a hundred thousand conversations
//! on a MariaDB of its own.
//!
//! The upgrade is the server's own command, as a process; what took how long is read from its log, and its memory from
//! the kernel. Afterwards every conversation must agree with its messages, and a second upgrade must change nothing, or
//! no number is printed. Build with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use kefu_tests::{Backend, Books, Log, OldMall, OwnMariaDb, Program, beside_this_program};

/// Measures an upgrade.
#[derive(Debug, Parser)]
struct Options {
    /// How many conversations the mall has
    #[arg(long, default_value_t = 100_000)]
    conversations: i64,
    /// How many messages
    #[arg(long, default_value_t = 1_000_000)]
    messages: i64,
    /// How many of the conversations are a member's second one
    #[arg(long, default_value_t = 1_000)]
    doubles: i64,
    /// MariaDB's buffer pool
    #[arg(long, default_value = "1G")]
    buffer_pool: String,
}

/// How long anybody waits for one upgrade.
const WITHIN: Duration = Duration::from_secs(1_800);
/// How often a process's memory is looked at; the kernel keeps the peak.
const LOOK: Duration = Duration::from_millis(20);

/// What an upgrade came to.
struct Upgrade {
    seconds: f64,
    peak_mib: f64,
    log: Log,
}

fn main() {
    kefu_tests::report(measure(&Options::parse()));
}

async fn measure(options: &Options) -> String {
    let own = OwnMariaDb::start_with(&[
        &format!("--innodb-buffer-pool-size={}", options.buffer_pool),
        "--innodb-log-file-size=512M",
    ]);
    let folder = tempfile::tempdir().expect("a folder");
    let place = Backend::MariaDbAt(own.url()).prepare(folder.path());
    let (conversations, messages, doubles) = (options.conversations, options.messages, options.doubles);
    OldMall { conversations, messages, doubles }.write(place.url());
    let settings = settings(folder.path(), place.url());

    let first = upgrade(&settings).await;
    let books = Books::at(place.url());
    let numbered = books.number("SELECT COUNT(*) AS number FROM promotion_kefu_message WHERE seq IS NOT NULL");
    let live = books.number("SELECT COUNT(*) AS number FROM promotion_kefu_message WHERE deleted = 0");
    assert_eq!(numbered, live, "messages with a number");
    assert_eq!(books.count("promotion_kefu_conversation"), conversations - doubles, "conversations");
    assert_eq!(books.number(UNTRUE), 0, "conversations that do not agree with their messages");

    let changes = books.number(CHANGES);
    let second = upgrade(&settings).await;
    assert_eq!(books.number(CHANGES), changes, "a second upgrade changed something");

    let said = |name: &str| field(&first.log, name).unwrap_or_else(|| panic!("the log does not say {name}"));
    let steps: f64 =
        first.log.lines().iter().filter(|line| line.contains(" step=")).filter_map(|line| value(line, "seconds")).sum();
    let (merge, number) = (said("merge_seconds"), said("number_seconds"));
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let rate = numbered as f64 / number;
    format!(
        "upgrade of {messages} messages in {conversations} conversations: {:.1} s, peak memory {:.1} MiB\n  \
         steps of the tables {steps:.1} s, {doubles} conversations merged {merge:.1} s, {numbered} messages numbered \
         {number:.1} s ({rate:.0}/s)\n\
         second upgrade: {:.1} s, peak memory {:.1} MiB",
        first.seconds, first.peak_mib, second.seconds, second.peak_mib
    )
}

/// How many conversations do not agree with their messages.
const UNTRUE: &str = "
    SELECT COUNT(*) AS number FROM (
        SELECT c.head_seq, c.admin_read_seq, c.admin_unread_message_count, COUNT(m.id) AS messages,
            COALESCE(MAX(m.seq), 0) AS head, COUNT(DISTINCT m.seq) AS numbers,
            COALESCE(SUM(m.sender_type = 1 AND m.seq > c.admin_read_seq), 0) AS unread
        FROM promotion_kefu_conversation AS c
        LEFT JOIN promotion_kefu_message AS m ON m.conversation_id = c.id AND m.deleted = 0 GROUP BY c.id
    ) AS found
    WHERE head_seq <> head OR head <> messages OR numbers <> messages OR admin_unread_message_count <> unread";

/// A sum that another write to any conversation would change.
const CHANGES: &str =
    "SELECT CAST(SUM(change_no + CRC32(change_time)) AS SIGNED) AS number FROM promotion_kefu_conversation";

fn settings(folder: &Path, url: &str) -> PathBuf {
    let file = folder.join("kefu.toml");
    let text = format!(
        "[auth]\njwt_secret = \"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\"\n\
         [database]\nurl = {url:?}\n"
    );
    std::fs::write(&file, text).expect("the settings are written");
    file
}

async fn upgrade(settings: &Path) -> Upgrade {
    let log = Log::default();
    let arguments = ["--config".into(), settings.as_os_str().to_owned(), "upgrade".into()];
    let started = Instant::now();
    let running = Program::new(beside_this_program("kefu-under-test"), arguments).start(&log);
    let mut peak_mib = 0.0_f64;
    let status = loop {
        if let Some(peak) = peak_of(running.pid()) {
            peak_mib = peak_mib.max(peak);
        }
        if let Some(status) = running.wait(LOOK).await {
            break status;
        }
        assert!(started.elapsed() < WITHIN, "the upgrade does not end:\n{}", log.tail(20));
    };
    assert!(status.success(), "the upgrade ended with {status}:\n{}", log.tail(20));
    Upgrade { seconds: started.elapsed().as_secs_f64(), peak_mib, log }
}

/// The most memory that a process has had so far, as long as it runs.
fn peak_of(pid: i32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1_024.0)
}

/// The value of a field, wherever the log has it.
fn field(log: &Log, name: &str) -> Option<f64> {
    log.lines().iter().find_map(|line| value(line, name))
}

fn value(line: &str, name: &str) -> Option<f64> {
    let (_, rest) = line.split_once(&format!(" {name}="))?;
    rest.split_whitespace().next()?.parse().ok()
}
