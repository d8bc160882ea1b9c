//! Ports that can be had at this moment.

use std::net::TcpListener;

use crate::Dice;
use crate::backend::fresh_seed;

/// A port that nobody listens on at this moment, from outside the range that the kernel hands to clients: a client
/// that knocks on a closed port of that range can end up connected to itself, and hold the port.
pub(crate) fn free_port() -> u16 {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut range = range.split_whitespace().filter_map(|bound| bound.parse::<u16>().ok());
    let (low, high) = (range.next().unwrap_or(32_768), range.next().unwrap_or(60_999));
    let mut dice = Dice::new(fresh_seed());
    loop {
        let port = u16::try_from(10_000 + dice.below(50_000)).expect("below 65,536");
        if !(low..=high).contains(&port) && TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
