//! What is counted. The list for readers is in the crate's page.

use kefu_domain::Party;

use crate::guest::{Dialect, Guest};

/// Why a frame left a queue unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    Held,
    Lagging,
    Closed,
}

pub(crate) fn joined(guest: &Guest) {
    sockets(guest).increment(1.0);
}

pub(crate) fn left(guest: &Guest) {
    sockets(guest).decrement(1.0);
}

fn sockets(guest: &Guest) -> metrics::Gauge {
    let dialect = match guest.dialect {
        Dialect::Mall => "mall",
        Dialect::V2 => "v2",
    };
    metrics::gauge!("kefu_sockets", "user_type" => user_type(guest.party), "dialect" => dialect)
}

pub(crate) fn taken(frames: usize) {
    metrics::counter!("kefu_push_frames_total").increment(frames as u64);
}

pub(crate) fn dropped(why: Dropped, frames: usize) {
    if frames == 0 {
        return;
    }
    let reason = match why {
        Dropped::Held => "held",
        Dropped::Lagging => "lagging",
        Dropped::Closed => "closed",
    };
    metrics::counter!("kefu_push_dropped_total", "reason" => reason).increment(frames as u64);
}

/// A socket became too slow for its queue.
pub(crate) fn lagged() {
    metrics::counter!("kefu_push_lagged_total").increment(1);
}

pub(crate) fn replayed(frames: usize) {
    metrics::counter!("kefu_push_replayed_total").increment(frames as u64);
}

/// Increments, unlike settings, come to the same whatever order two threads make them in.
pub(crate) fn high_water_rose(by: usize) {
    if by > 0 {
        metrics::gauge!("kefu_push_queue_high_water").increment(by as f64);
    }
}

fn user_type(party: Party) -> &'static str {
    match party {
        Party::Member(_) => "member",
        Party::Admin(_) => "admin",
        Party::System => "system",
    }
}
