//! How reading grows with the house: ten thousand messages in a thousand conversations against a million in a hundred
//! thousand.
//!
//! A closed loop of one caller over keep-alive HTTP. Two servers on each database run side by side, a small house and
//! a large one, and are asked in short turns, each round beginning with the other, so that what the machine does
//! meanwhile hits both. Every answer must be a success and as long as those that were looked at, and nothing may have
//! been written, or no number is printed. Build with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

mod fill;
mod house;
mod line;
mod machine;
mod question;
mod table;

use std::time::{Duration, Instant};

use clap::Parser;
use kefu_tests::{Backend, OwnMariaDb};

use crate::fill::Size;
use crate::house::House;
use crate::line::Line;
use crate::question::Question;
use crate::table::{Row, Table, Taken};

/// Measures how long reading takes in a small house and in a large one.
#[derive(Debug, Parser)]
struct Options {
    /// How many rounds
    #[arg(long, default_value_t = 30)]
    rounds: usize,
    /// After so many seconds no further round begins
    #[arg(long, default_value_t = 150)]
    seconds: u64,
    /// How many conversations the small house has, of ten messages each; a number of thousands
    #[arg(long, default_value_t = 1_000)]
    small: i64,
    /// How many the large house has
    #[arg(long, default_value_t = 100_000)]
    large: i64,
    /// MariaDB's buffer pool
    #[arg(long, default_value = "1G")]
    buffer_pool: String,
}

fn main() {
    kefu_tests::report(measure(&Options::parse()));
}

async fn measure(options: &Options) -> Table {
    let own = OwnMariaDb::start_with(&[
        &format!("--innodb-buffer-pool-size={}", options.buffer_pool),
        "--innodb-log-file-size=512M",
    ]);
    let sizes = [options.small, options.large].map(|conversations| Size { conversations });
    let mut streets = Vec::new();
    for (backend, database_pid) in [(Backend::MariaDbAt(own.url()), Some(own.pid())), (Backend::Sqlite, None)] {
        let [small, large] = sizes.map(|size| House::build(backend.clone(), database_pid, size));
        streets.push([small.await, large.await]);
    }
    let begun = Instant::now();
    std::thread::scope(|threads| {
        for house in streets.iter_mut().flatten() {
            threads.spawn(|| house.fill());
        }
    });
    eprintln!("filled in {:.0} s", begun.elapsed().as_secs_f64());

    let mut rows = Vec::new();
    for [small, large] in &mut streets {
        let lengths = small.warm_up().await;
        assert_eq!(lengths, large.warm_up().await, "{}: the two answer otherwise", large.database());
        let row = |(question, length)| Row { database: small.database(), question, length, taken: Default::default() };
        rows.push(Question::ALL.into_iter().zip(lengths).map(row).collect::<Vec<_>>());
    }
    let until = Instant::now() + Duration::from_secs(options.seconds);
    let mut rounds = 0;
    while rounds < options.rounds && Instant::now() < until {
        for (street, rows) in streets.iter_mut().zip(&mut rows) {
            for row in rows {
                for turn in [rounds % 2, 1 - rounds % 2] {
                    take_turn(&mut street[turn], row.question, row.length, &mut row.taken[turn]).await;
                }
            }
        }
        rounds += 1;
    }
    streets.iter().flatten().for_each(House::check);
    Table { sizes, rounds, rows: rows.into_iter().flatten().collect() }
}

/// One house is asked one question many times, one after the other, over a connection of this turn's own.
async fn take_turn(house: &mut House, question: Question, length: usize, taken: &mut Taken) {
    let (uncounted, counted) = question.turn();
    let requests: Vec<_> = (0..uncounted + counted).map(|_| house.request(question)).collect();
    let mut line = Line::open(house.server.address()).await;
    let mut used = Duration::ZERO;
    for (number, request) in requests.iter().enumerate() {
        if number == uncounted {
            used = house.cpu_time();
        }
        let asked = Instant::now();
        let answer = line.ask(request).await;
        let answered = asked.elapsed();
        assert_eq!(answer.len(), length, "{}: an answer of another length", question.key());
        if number >= uncounted {
            taken.took.push(answered);
        }
    }
    taken.cpu += house.cpu_time() - used;
}
