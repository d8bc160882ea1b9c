//! What the proxy is told to do to its lines.

use std::net::SocketAddr;
use std::time::Duration;

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// From whoever connected to the target.
    Up = 0,
    /// From the target to whoever connected.
    Down = 1,
}

impl Way {
    /// Both of them.
    pub const BOTH: [Self; 2] = [Self::Up, Self::Down];
}

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// With a reset: both sides see an error.
    Reset,
    /// With an end: both sides read that nothing more comes.
    End,
}

/// What becomes of the bytes of one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Flow {
    /// They are passed on.
    #[default]
    Passes,
    /// They wait.
    Stalls,
    /// They are gone.
    Vanishes,
}

/// One way of all lines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Road {
    pub(super) delay: Duration,
    pub(super) jitter: Duration,
    pub(super) slice: Option<usize>,
    pub(super) flow: Flow,
}

/// Everything the proxy is told. Its lines read it anew whenever it changes.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) target: SocketAddr,
    roads: [Road; 2],
    pub(super) refuses: bool,
    /// How often all lines were cut, and how the last time.
    pub(super) cuts: (u64, Cut),
    pub(super) traps: Vec<Trap>,
}

impl Plan {
    pub(super) fn to(target: SocketAddr) -> Self {
        Self { target, roads: Default::default(), refuses: false, cuts: (0, Cut::Reset), traps: Vec::new() }
    }

    /// Forgets every fault; the target, the traps and what was cut stay.
    pub(super) fn heal(&mut self) {
        (self.roads, self.refuses) = Default::default();
    }

    pub(super) fn road(&self, way: Way) -> Road {
        self.roads[way as usize]
    }

    pub(super) fn road_mut(&mut self, way: Way) -> &mut Road {
        &mut self.roads[way as usize]
    }
}

/// Cuts a line where something passes. It is gone once it has.
#[derive(Debug)]
pub(super) struct Trap {
    way: Way,
    what: What,
    how: Cut,
}

#[derive(Debug)]
enum What {
    After(usize),
    Before(Vec<u8>),
}

impl Trap {
    pub(super) fn after(way: Way, bytes: usize, how: Cut) -> Self {
        Self { way, what: What::After(bytes), how }
    }

    pub(super) fn before(way: Way, pattern: &[u8], how: Cut) -> Self {
        Self { way, what: What::Before(pattern.to_vec()), how }
    }
}

/// A trap that has closed: how many of the bytes still pass, and how the line ends behind them.
pub(super) struct Closed {
    pub(super) pass: usize,
    pub(super) how: Cut,
}

/// Shows the traps what is about to pass behind `tail`, which has passed before. The first one that closes is taken
/// away; the others count only what really passes.
pub(super) fn spring(traps: &mut Vec<Trap>, way: Way, tail: &[u8], bytes: &[u8]) -> Option<Closed> {
    let joined = [tail, bytes].concat();
    let closes = |trap: &Trap| {
        if trap.way != way {
            return None;
        }
        match &trap.what {
            What::After(left) => (*left <= bytes.len()).then_some(*left),
            What::Before(pattern) => {
                let at = joined.windows(pattern.len()).position(|part| part == pattern)?;
                // A pattern that began in the tail has half passed; nothing more of it does.
                Some(at.saturating_sub(tail.len()))
            }
        }
    };
    let first = traps.iter().enumerate().filter_map(|(n, trap)| Some((closes(trap)?, n))).min();
    let passes = first.map_or(bytes.len(), |(pass, _)| pass);
    let closed = first.map(|(pass, n)| Closed { pass, how: traps.remove(n).how });
    for trap in traps.iter_mut().filter(|trap| trap.way == way) {
        if let What::After(left) = &mut trap.what {
            *left -= passes.min(*left);
        }
    }
    closed
}

/// The longest pattern that a trap of that way waits for, less one byte: so much has to be remembered.
pub(super) fn memory(traps: &[Trap], way: Way) -> usize {
    let lengths = traps.iter().filter(|trap| trap.way == way).map(|trap| match &trap.what {
        What::After(_) => 0,
        What::Before(pattern) => pattern.len() - 1,
    });
    lengths.max().unwrap_or(0)
}
