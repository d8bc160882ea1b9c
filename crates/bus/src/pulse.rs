//! Whether the bus is there.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// How the bus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What this node says reaches Redis.
    pub speaks: bool,
    /// What is said there reaches this node.
    pub hears: bool,
}

impl Health {
    /// Both.
    #[must_use]
    pub const fn is_up(self) -> bool {
        self.speaks && self.hears
    }
}

pub(crate) struct Pulse {
    speaks: AtomicBool,
    hears: AtomicBool,
    /// What operators were told last.
    told: Mutex<Option<bool>>,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        metrics::gauge!("kefu_bus_up").set(0.0);
        Self { speaks: AtomicBool::new(false), hears: AtomicBool::new(false), told: Mutex::new(None) }
    }

    pub(crate) fn speaks(&self, now: bool) {
        self.speaks.store(now, Ordering::Release);
        self.noted(now);
    }

    pub(crate) fn hears(&self, now: bool) {
        self.hears.store(now, Ordering::Release);
        self.noted(now);
    }

    pub(crate) fn health(&self) -> Health {
        Health { speaks: self.speaks.load(Ordering::Acquire), hears: self.hears.load(Ordering::Acquire) }
    }

    /// Says it once when the bus comes or goes. That only one way is there as yet is no news.
    fn noted(&self, better: bool) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let up = self.health().is_up();
        metrics::gauge!("kefu_bus_up").set(if up { 1.0 } else { 0.0 });
        if up == better && *told != Some(up) {
            *told = Some(up);
            if up {
                tracing::info!("the bus is there");
            } else {
                tracing::warn!("the bus is away; the nodes find each other's news in the database, a little later");
            }
        }
    }
}
