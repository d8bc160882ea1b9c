//! Settings about opening sockets.

use std::num::NonZeroU32;
use std::time::Duration;

use kefu_web::{Origin, SocketLimits};
use serde::{Deserialize, Serialize};

use super::{Entry, Listed};

/// Sockets: how many, how fast they may be opened, and from which pages.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct SocketSettings {
    /// Open sockets at most; 0 is nine tenths of the files or connections that this process may have, whichever are
    /// fewer.
    pub total: u32,
    /// Of them from one address; 0 is no limit.
    pub per_address: u32,
    /// Of them of one person; 0 is no limit.
    pub per_person: u32,
    /// Handshakes in a second, a second's worth at once; 0 is no limit. More of them wait.
    pub handshakes_per_second: u32,
    /// Of them from one address; 0 is no limit.
    pub address_handshakes_per_second: u32,
    /// How long a handshake may have to wait for its turn; whose turn is farther away is refused. 0 to 5.
    pub handshake_wait_seconds: u64,
    /// How long a socket must have been silent before a newer one of the same person may have its place: 1 to 150. Below
    /// 60 the tabs that are hidden, and say something once a minute, come and go.
    pub gives_way_seconds: u64,
    /// Origins of the pages that may open `kefu.v2` sockets; empty: any.
    pub origins: Listed<Origin>,
    /// Origins of the pages that may open sockets in the mall's dialect; empty: any.
    pub mall_origins: Listed<Origin>,
}

impl Default for SocketSettings {
    fn default() -> Self {
        Self {
            total: 0,
            per_address: 200,
            per_person: 20,
            handshakes_per_second: 2_000,
            address_handshakes_per_second: 100,
            handshake_wait_seconds: 5,
            gives_way_seconds: 100,
            origins: Listed::default(),
            mall_origins: Listed::default(),
        }
    }
}

impl SocketSettings {
    /// What these settings say to the controllers, where this process may have so many files and connections open.
    #[must_use]
    pub fn limits(&self, files: usize, connections: usize) -> SocketLimits {
        let nine_tenths = u32::try_from(files.min(connections) / 10 * 9).unwrap_or(u32::MAX);
        let total = NonZeroU32::new(self.total).or_else(|| NonZeroU32::new(nine_tenths)).unwrap_or(NonZeroU32::MIN);
        SocketLimits {
            total: Some(total),
            per_address: NonZeroU32::new(self.per_address),
            per_person: NonZeroU32::new(self.per_person),
            handshakes: NonZeroU32::new(self.handshakes_per_second),
            handshakes_per_address: NonZeroU32::new(self.address_handshakes_per_second),
            wait: Duration::from_secs(self.handshake_wait_seconds),
            gives_way: Duration::from_secs(self.gives_way_seconds),
        }
    }
}

impl Entry for Origin {
    const LIST: &'static str = "a list of origins, such as https://shop.example.com";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

/// What must hold.
pub(super) fn check(socket: &SocketSettings, require: &mut impl FnMut(bool, &str, &str)) {
    require(
        socket.handshake_wait_seconds <= 5,
        "socket.handshake_wait_seconds",
        "is more than 5; nobody waits longer than six seconds for an answer",
    );
    require(
        (1..=150).contains(&socket.gives_way_seconds),
        "socket.gives_way_seconds",
        "is not within 1 to 150, after which a silent socket is closed anyway; 100 is a good value",
    );
    let fast = 1_000_000;
    require(
        socket.handshakes_per_second <= fast,
        "socket.handshakes_per_second",
        "is more than 1000000; 0 is no limit, 2000 is a good value",
    );
    require(
        socket.address_handshakes_per_second <= fast,
        "socket.address_handshakes_per_second",
        "is more than 1000000; 0 is no limit, 100 is a good value",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unless_a_number_is_written_one_tenth_of_what_the_process_may_have_open_is_kept_for_others() {
        let total = |written, files, connections| {
            let limits = SocketSettings { total: written, ..SocketSettings::default() }.limits(files, connections);
            limits.total.map(NonZeroU32::get)
        };

        assert_eq!(total(0, 20_000, 50_000), Some(18_000));
        assert_eq!(total(0, 1_073_741_816, 50_000), Some(45_000));
        assert_eq!(total(7, 20_000, 50_000), Some(7));
        assert_eq!(total(0, 0, 0), Some(1));
    }

    #[test]
    fn the_defaults_are_those_of_the_controllers() {
        let limits = SocketSettings::default().limits(0, 0);

        assert_eq!(SocketLimits { total: None, ..limits }, SocketLimits::default());
    }
}
