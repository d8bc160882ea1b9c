//! How many messages a second, each committed before it is answered: the default against one transaction per message.
//!
//! A closed loop over keep-alive HTTP: each caller sends, waits for the answer, sends again. All configurations run in
//! one session, in rounds one after the other, so that what the machine does meanwhile hits them all. At the end every
//! acknowledged message must be in its database, or no number is printed. Build with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

mod caller;
mod machine;
mod table;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use futures_util::future::join_all;
use kefu_tests::{Backend, Claims, Dice, OwnMariaDb, Server, Setup};

use crate::caller::Request;
use crate::machine::cpu_time;
use crate::table::{Cell, Table};

/// Measures how fast messages are sent and committed.
#[derive(Debug, Parser)]
struct Options {
    /// How many rounds; medians are taken over them
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each configuration is measured in a round
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// How long it runs before that
    #[arg(long, default_value_t = 1.0)]
    warm_up: f64,
    /// How many conversations there are
    #[arg(long, default_value_t = 2_000)]
    conversations: i64,
    /// How many callers at once
    #[arg(long, value_delimiter = ',', default_values_t = [64, 256])]
    callers: Vec<usize>,
}

/// A server with its settings.
struct Contestant {
    database: &'static str,
    name: &'static str,
    /// Whether it is what one gets without any settings.
    is_default: bool,
    server: Server,
    requests: Arc<Vec<Request>>,
    /// The database's process, where it is one of its own.
    database_pid: Option<i32>,
    acknowledged: i64,
}

/// (name, lanes, batch); 0 lanes are the default.
const CONFIGURATIONS: [(&str, usize, usize); 4] =
    [("default", 0, 128), ("2 lanes, batch 1", 2, 1), ("8 lanes, batch 1", 8, 1), ("32 lanes, batch 1", 32, 1)];

fn main() {
    kefu_tests::report(measure(&Options::parse()));
}

async fn measure(options: &Options) -> Table {
    let own = OwnMariaDb::start_with(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]);
    let mut contestants = Vec::new();
    for (name, lanes, batch) in CONFIGURATIONS {
        for (database, backend) in [("MariaDB", Backend::MariaDbAt(own.url())), ("SQLite", Backend::Sqlite)] {
            let pid = backend.is_mariadb().then(|| own.pid());
            contestants.push(enter(options, database, name, (lanes, batch), backend, pid).await);
        }
    }
    let mut table = Table::new(machine::sync_takes(contestants[0].server.folder()));
    for round in 0..options.rounds {
        for callers in &options.callers {
            // Every round begins with another one.
            let count = contestants.len();
            for turn in 0..count {
                let contestant = &mut contestants[(turn + round) % count];
                let cell = run(options, contestant, *callers, round).await;
                eprintln!("round {round}: {} {}, {callers} callers: {cell}", contestant.database, contestant.name);
                table.add(contestant.database, contestant.name, contestant.is_default, *callers, cell);
            }
        }
    }
    for contestant in &contestants {
        let rows = contestant.server.books().count("promotion_kefu_message");
        assert_eq!(rows, contestant.acknowledged, "{} {}: rows", contestant.database, contestant.name);
        table.stored += rows;
    }
    table
}

/// Starts a server and opens its conversations.
async fn enter(
    options: &Options,
    database: &'static str,
    name: &'static str,
    (lanes, batch): (usize, usize),
    backend: Backend,
    database_pid: Option<i32>,
) -> Contestant {
    let setup = Setup::on(backend).set("log.level", "\"warn\"");
    let is_default = lanes == 0;
    let setup = if is_default { setup } else { setup.set("database.lanes", lanes).set("database.batch", batch) };
    let server = setup.start().await;
    let requests = (1..=options.conversations).map(|id| {
        let token = Claims::member(1_000_000 + id).signed(server.secret());
        Request::new(server.address(), &token)
    });
    let requests: Arc<Vec<_>> = Arc::new(requests.collect());
    let each = requests.len().div_ceil(32);
    let openers = requests.chunks(each).enumerate().map(|(part, requests)| {
        let first = part * each;
        caller::send_each(server.address(), requests, u64::MAX / 2 + u64::try_from(first).expect("a small number"))
    });
    join_all(openers).await;
    let acknowledged = options.conversations;
    Contestant { database, name, is_default, server, requests, database_pid, acknowledged }
}

/// What processes have used so far, in seconds of a core, and the sum and number of all batches.
struct Gauges {
    server: f64,
    /// 0 where the database is part of the server.
    database: f64,
    load: f64,
    batches: (f64, f64),
}

/// One configuration for some seconds.
async fn run(options: &Options, contestant: &mut Contestant, callers: usize, round: usize) -> Cell {
    let address = contestant.server.address();
    let stretch =
        caller::Stretch::new(Duration::from_secs_f64(options.warm_up), Duration::from_secs_f64(options.seconds));
    let calls = (0..callers).map(|number| {
        // Keys are unique per sender: one counter per caller, in a range of its own.
        let place = (round * 1_000 + callers) * 1_000 + number;
        let place = u64::try_from(place).expect("a small number");
        tokio::spawn(caller::call(address, contestant.requests.clone(), Dice::new(place), place << 32, stretch))
    });
    let calls: Vec<_> = calls.collect();

    let gauges = || async {
        let metrics = contestant.server.metrics().await;
        let batches = (metrics.sum("kefu_lane_batch_messages_sum"), metrics.sum("kefu_lane_batch_messages_count"));
        Gauges {
            server: cpu_time(contestant.server.process().pid()),
            database: contestant.database_pid.map_or(0.0, cpu_time),
            load: cpu_time(i32::try_from(std::process::id()).expect("a process id")),
            batches,
        }
    };
    tokio::time::sleep_until(stretch.begin.into()).await;
    let before = gauges().await;
    tokio::time::sleep_until(stretch.end.into()).await;
    let after = gauges().await;

    let mut took = Vec::new();
    let mut all = 0;
    for call in calls {
        let report = call.await.expect("a caller does not panic");
        all += report.acknowledged;
        took.extend(report.took);
    }
    contestant.acknowledged += all;
    let batch = (after.batches.0 - before.batches.0) / (after.batches.1 - before.batches.1);
    let used = [after.server - before.server, after.database - before.database, after.load - before.load];
    Cell::new(took, stretch.length(), used, batch)
}
