//! A model: two nodes, or one, over one store in memory, and everything that can happen between them in any order,
//! one step after the other, by a seed. The steps happen inside the follower's reads too.
//!
//! Everybody who listens applies what they are told by the one rule of kefu.v2. What they have in the end is what the
//! store has, in order and once; where there are several nodes, nobody ever sees a gap.

mod alone;
mod client;
mod late;
mod node;
mod pieces;
mod story;
mod world;

use story::World;
use world::Weather;

/// Runs many short stories; each failure names its seed.
fn stories(seeds: u64, weather: Weather) {
    let mut remembered = 0;
    for seed in 0..seeds {
        let told = std::panic::catch_unwind(|| World::new(seed, weather).story());
        remembered += told.unwrap_or_else(|_| panic!("seed {seed} of {weather:?}"));
    }
    assert!(remembered > 0, "nobody was ever answered from memory");
}

#[test]
fn two_nodes_tell_everything_in_order_and_once_whatever_the_bus_does() {
    stories(1_500, Weather { bus: true, ..Weather::two_nodes() });
}

#[test]
fn two_nodes_without_a_bus_find_everything_by_looking() {
    stories(300, Weather::two_nodes());
}

#[test]
fn a_database_that_does_not_answer_for_a_while_costs_nobody_anything() {
    stories(300, Weather { bus: true, outages: true, ..Weather::two_nodes() });
}

#[test]
fn clocks_that_jump_and_commits_of_unknown_fate_cost_nobody_anything() {
    stories(600, Weather { bus: true, outages: true, jumps: true, fates: true, ..Weather::two_nodes() });
}

#[test]
fn transactions_that_take_a_minute_cost_nobody_anything() {
    stories(300, Weather { bus: true, jumps: true, stalls: true, ..Weather::two_nodes() });
    stories(600, Weather { bus: true, jumps: true, stalls: true, forgetful: true, ..Weather::two_nodes() });
}

#[test]
fn a_node_that_remembers_next_to_nothing_asks_more_and_tells_the_same() {
    stories(300, Weather { bus: true, forgetful: true, ..Weather::two_nodes() });
}

#[test]
fn one_node_tells_everything_at_once_and_answers_from_memory() {
    stories(400, Weather { fates: true, ..Weather::alone() });
}
