//! What is counted. The list for readers is in the crate's page.

use kefu_domain::Party;

/// Why a frame left a queue unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dropped {
    Held,
    Lagging,
    Closed,
}

pub(crate) fn joined(party: Party) {
    metrics::gauge!("kefu_sockets", "user_type" => user_type(party)).increment(1.0);
}

pub(crate) fn left(party: Party) {
    metrics::gauge!("kefu_sockets", "user_type" => user_type(party)).decrement(1.0);
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
