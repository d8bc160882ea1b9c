//! A storm of returning clients: thousands of sockets are cut at once, messages go on, and everybody comes back at once.
//!
//! What is measured: how long it takes from the first knock until everybody has everything; how long sendings take
//! meanwhile, from the moment when they were due; and how many questions the storm costs the database, which are
//! counted by the database itself. A number is printed only if every client ends with what the database holds. Build
//! with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

mod client;
mod sender;
mod table;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use kefu_tests::{Backend, Books, Claims, OwnMariaDb, Server, Setup};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::client::{Client, Phase};
use crate::sender::Sender;
use crate::table::{Storm, Table};

/// Measures how a storm of returning clients is borne.
#[derive(Debug, Parser)]
struct Options {
    /// How many clients there are, each a member with a conversation of their own
    #[arg(long, default_value_t = 5_000)]
    clients: usize,
    /// How many storms; medians are taken over them
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Messages per second to conversations by chance, all the time
    #[arg(long, default_value_t = 200)]
    sends: u32,
    /// How long everybody is away
    #[arg(long, default_value_t = 5.0)]
    away: f64,
}

/// Handshakes under way at once, of one program: as many as a phone network would not let through faster.
const AT_ONCE: usize = 256;

fn main() {
    kefu_tests::report(measure(&Options::parse()));
}

async fn measure(options: &Options) -> Table {
    let own = OwnMariaDb::start_with(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]);
    let server = Setup::on(Backend::MariaDbAt(own.url())).set("log.level", "\"warn\"").start().await;
    let books = server.books();
    let agent = Claims::agent(7).signed(server.secret());
    let tokens: Vec<_> = (0..options.clients).map(|n| token_of(&server, n)).collect();
    kefu_tests::first_words(&server, &tokens).await;
    let conversations = books.conversations().into_iter().map(|row| row.id).collect();

    let (tell, phase) = watch::channel(Phase::Come);
    let gate = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
    let (report, mut reports) = tokio::sync::mpsc::channel(options.clients);
    let clients: Vec<_> = tokens
        .into_iter()
        .map(|token| Client::new(server.address(), token, phase.clone(), gate.clone(), report.clone()))
        .map(|client| tokio::spawn(client.live()))
        .collect();
    all_back(&mut reports, options.clients, Instant::now()).await;

    let sender = Sender::start(server.address(), agent, conversations, options.sends);
    let away = Duration::from_secs_f64(options.away);
    let mut table = Table::new(options.clients, options.sends, away);
    for round in 1..=options.rounds {
        let quiet = asked_during(&books, away).await;
        tell.send_replace(Phase::Away);
        tokio::time::sleep(away).await;
        let sent_before = sender.done();
        let (asked, served) = (asked(&books), served(&server).await);
        let began = Instant::now();
        tell.send_replace(Phase::Come);
        let took = all_back(&mut reports, options.clients, began).await;
        let lasted = began.elapsed();
        let sends = sender.took_since(sent_before);
        let storm = Storm {
            took,
            sends,
            // What the sendings alone would have asked for in that time.
            questions: (asked_since(&books, asked) - quiet * lasted.as_secs_f64()) / options.clients as f64,
            from_memory: served_since(&server, served).await,
        };
        eprintln!("round {round}: {storm}");
        table.storms.push(storm);
    }
    sender.stop().await;
    table.messages = books.count("promotion_kefu_message");
    tell.send_replace(Phase::Settle(heads(&books)));
    for client in clients {
        client.await.expect("a client ends with everything that was said to it");
    }
    table
}

fn token_of(server: &Server, n: usize) -> String {
    Claims::member(1_000_000 + i64::try_from(n).expect("a small number")).signed(server.secret())
}

/// Waits for a report of each, and says how long each took.
async fn all_back(reports: &mut tokio::sync::mpsc::Receiver<Instant>, clients: usize, began: Instant) -> Vec<Duration> {
    let mut took = Vec::with_capacity(clients);
    while took.len() < clients {
        let back = tokio::time::timeout(Duration::from_secs(120), reports.recv()).await;
        took.push(back.expect("everybody comes back").expect("they live") - began);
    }
    took
}

/// Questions that the database has been asked so far, by whomever.
fn asked(books: &Books) -> f64 {
    let count = "SELECT CAST(VARIABLE_VALUE AS SIGNED) AS number FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'COM_SELECT'";
    books.number(count) as f64
}

fn asked_since(books: &Books, before: f64) -> f64 {
    // Looking is a question too.
    asked(books) - before - 1.0
}

/// Questions per second while nobody comes back.
async fn asked_during(books: &Books, time: Duration) -> f64 {
    let before = asked(books);
    tokio::time::sleep(time).await;
    asked_since(books, before) / time.as_secs_f64()
}

/// Resumings that were served from memory, and all of them.
async fn served(server: &Server) -> (f64, f64) {
    let metrics = server.metrics().await;
    (metrics.sum(r#"kefu_resume_total{from="memory"}"#), metrics.sum("kefu_resume_total"))
}

async fn served_since(server: &Server, before: (f64, f64)) -> f64 {
    let now = served(server).await;
    (now.0 - before.0) / (now.1 - before.1)
}

/// Where every conversation ends.
fn heads(books: &Books) -> Arc<std::collections::HashMap<i64, i64>> {
    Arc::new(books.conversations().into_iter().map(|row| (row.id, row.head)).collect())
}
