//! How long a message takes from the sender's POST to the frame at the other party, at a constant rate.
//!
//! Members and agents sit at thousands of sockets of `kefu.v2`; sendings are due at fixed moments, whether answers come
//! or not, and time counts from the moment when a sending was due. Half of them are members' and end at one agent, half
//! are agents' and end at the member. On two nodes the agents sit at the other one. Build with `--release`.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement that cannot go on says so by panicking")]

mod listeners;
mod posts;
mod table;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use kefu_tests::{Backend, Claims, OwnMariaDb, OwnRedis, Server, Setup};

use crate::listeners::{Listeners, Post};
use crate::table::{Row, Table};

/// Measures the way of a message from one party to the other.
#[derive(Debug, Parser)]
struct Options {
    /// How many members sit at sockets
    #[arg(long, default_value_t = 1_990)]
    members: usize,
    /// How many agents do, each of whom hears everything
    #[arg(long, default_value_t = 10)]
    agents: usize,
    /// Sendings per second
    #[arg(long, default_value_t = 500)]
    sends: u32,
    /// How long each run is measured
    #[arg(long, default_value_t = 8.0)]
    seconds: f64,
    /// How many runs of each; medians are taken over them
    #[arg(long, default_value_t = 3)]
    rounds: usize,
}

fn main() {
    kefu_tests::report(measure(&Options::parse()));
}

async fn measure(options: &Options) -> Table {
    let own = OwnMariaDb::start_with(&["--innodb-buffer-pool-size=1G", "--innodb-log-file-size=512M"]);
    let redis = OwnRedis::start();
    let setup = || Setup::on(Backend::MariaDbAt(own.url())).set("log.level", "\"warn\"");
    let with_bus = || {
        let setup = setup().set("nodes.bus", "\"redis\"");
        setup.set("nodes.redis_url", format!("{:?}", redis.url()))
    };
    let alone = setup().start().await;
    let here = with_bus().start().await;
    let there = with_bus().start_beside(&here).await;
    let mut table = Table::new(options.members + options.agents, options.sends);
    for round in 0..options.rounds {
        let runs = [("one node", &alone, &alone), ("two nodes", &here, &there)];
        for (name, members, agents) in runs {
            let row = run(options, members, agents, round).await;
            eprintln!("round {round}: {name}: {row}");
            table.add(name, row);
        }
    }
    table
}

async fn run(options: &Options, at: &Server, agents_at: &Server, round: usize) -> Row {
    let number = |n: usize| i64::try_from(n).expect("a small number");
    let token = |claims: Claims| claims.signed(at.secret());
    let members: Vec<_> = (0..options.members).map(|n| token(Claims::member(1_000_000 + number(n)))).collect();
    let agents: Vec<_> = (0..options.agents).map(|n| token(Claims::agent(7 + number(n)))).collect();
    let first_words = round == 0;
    if first_words {
        kefu_tests::first_words(at, &members).await;
    }
    let post = Arc::new(Post::default());
    let listeners = Listeners::come((at.address(), &members), (agents_at.address(), &agents), &post).await;
    let time = Duration::from_secs_f64(options.seconds);
    let sendings = posts::send(at, agents_at, (&members, &agents), &listeners, options.sends, time, &post).await;
    let row = Row::new(listeners.all_heard(&post, sendings).await);
    listeners.leave();
    row
}
