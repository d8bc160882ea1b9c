//! What is counted. The list for readers is in the crate's page.

/// What was handed to Redis.
pub(crate) fn published(kind: &'static str, count: usize) {
    if count > 0 {
        metrics::counter!("kefu_bus_published_total", "kind" => kind).increment(count as u64);
    }
}

/// What came from Redis.
pub(crate) fn received(result: &'static str) {
    metrics::counter!("kefu_bus_received_total", "result" => result).increment(1);
}

/// What came from Redis and found no room.
pub(crate) fn missed(kind: &'static str) {
    metrics::counter!("kefu_bus_missed_total", "kind" => kind).increment(1);
}

/// What never got to Redis.
pub(crate) fn dropped(reason: &'static str, count: usize) {
    if count > 0 {
        metrics::counter!("kefu_bus_dropped_total", "reason" => reason).increment(count as u64);
    }
}

pub(crate) fn nodes(count: usize) {
    metrics::gauge!("kefu_bus_nodes").set(count as f64);
}
