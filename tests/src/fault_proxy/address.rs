//! Where an address of the settings leads to, and where else it might.

use std::net::SocketAddr;

/// An address of the settings with another host and port.
pub(crate) fn led_through(url: &str, address: SocketAddr) -> String {
    let (scheme, login, _, tail) = taken_apart(url);
    format!("{scheme}://{login}{address}{tail}")
}

/// What it leads to, where it names its port.
pub(super) fn place_of(url: &str) -> SocketAddr {
    let (_, _, host, _) = taken_apart(url);
    host.parse().expect("an address with a port")
}

/// The scheme, the login with its `@`, the host and port, and the rest.
fn taken_apart(url: &str) -> (&str, &str, &str, &str) {
    let (scheme, rest) = url.split_once("://").expect("an address with a scheme");
    let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (login, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    (scheme, login, host, tail)
}
