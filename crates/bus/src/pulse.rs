//! Whether the bus is there, and whether all of it was taken in.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::channels::Channel;
use crate::meter;

/// Nothing missed for so long: what is missed then is another story, and told again.
const CALM: Duration = Duration::from_secs(60);

/// How the bus is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What this node says reaches Redis.
    pub speaks: bool,
    /// What is said there reaches this node.
    pub hears: bool,
    /// Redis does not speak the protocol (RESP3) that hearing takes: it is older than 6. Until it is another one, this
    /// node hears nothing.
    pub too_old: bool,
    /// How many messages came for which there was no room, since the start. Hints among them are found in the database;
    /// frames of a mall's Java nodes are gone.
    pub missed: u64,
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
    too_old: AtomicBool,
    missed: AtomicU64,
    /// What operators were told last.
    told: Mutex<Option<bool>>,
    /// When something of each channel was missed last.
    bursts: Mutex<[Option<Instant>; Channel::KINDS]>,
}

impl Pulse {
    pub(crate) fn new() -> Self {
        metrics::gauge!("kefu_bus_up").set(0.0);
        Self {
            speaks: AtomicBool::new(false),
            hears: AtomicBool::new(false),
            too_old: AtomicBool::new(false),
            missed: AtomicU64::new(0),
            told: Mutex::new(None),
            bursts: Mutex::default(),
        }
    }

    pub(crate) fn speaks(&self, now: bool) {
        self.speaks.store(now, Ordering::Release);
        self.noted(now);
    }

    pub(crate) fn hears(&self, now: bool) {
        if now {
            self.too_old.store(false, Ordering::Release);
        }
        self.hears.store(now, Ordering::Release);
        self.noted(now);
    }

    /// Redis has refused the protocol.
    pub(crate) fn is_too_old(&self) {
        if !self.too_old.swap(true, Ordering::AcqRel) {
            tracing::error!(
                "this Redis does not speak RESP3: the bus takes Redis 6 or later; until then this node hears nothing over \
                 it, and finds the news of the others in the database, a little later"
            );
        }
    }

    /// Something came that there was no room for. Operators are told once of a burst.
    pub(crate) fn missed(&self, channel: Channel) {
        self.missed.fetch_add(1, Ordering::AcqRel);
        meter::missed(channel.kind());
        if self.begins_burst(channel, Instant::now()) {
            match channel {
                Channel::Hints => tracing::warn!(
                    "more hints come over the bus than this node takes in; it finds what it missed in the database"
                ),
                Channel::Presence => tracing::warn!(
                    "more comes over the bus than this node takes in; whoever is at other nodes may seem to be away"
                ),
                Channel::Mall => tracing::warn!(
                    "the mall's Java nodes publish more than this node takes in; frames of theirs are lost to the \
                     sockets here"
                ),
            }
        }
    }

    pub(crate) fn health(&self) -> Health {
        Health {
            speaks: self.speaks.load(Ordering::Acquire),
            hears: self.hears.load(Ordering::Acquire),
            too_old: self.too_old.load(Ordering::Acquire),
            missed: self.missed.load(Ordering::Acquire),
        }
    }

    fn begins_burst(&self, channel: Channel, now: Instant) -> bool {
        let mut bursts = self.bursts.lock().unwrap_or_else(PoisonError::into_inner);
        let before = bursts[channel as usize].replace(now);
        before.is_none_or(|before| now.duration_since(before) >= CALM)
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

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_told_of_once_however_long_it_lasts_and_the_next_one_again() {
        let pulse = Pulse::new();
        let begins = |channel| pulse.begins_burst(channel, Instant::now());

        assert!(begins(Channel::Mall) && begins(Channel::Hints), "each kind has its own");
        for _ in 0..10 {
            advance(CALM - Duration::from_secs(1)).await;
            assert!(!begins(Channel::Mall));
        }
        advance(CALM).await;

        assert!(begins(Channel::Mall) && !begins(Channel::Mall));
    }

    #[tokio::test]
    async fn what_was_missed_is_counted() {
        let pulse = Pulse::new();

        for channel in [Channel::Hints, Channel::Mall, Channel::Mall] {
            pulse.missed(channel);
        }

        assert_eq!(pulse.health().missed, 3);
    }

    #[tokio::test]
    async fn a_redis_that_is_too_old_is_so_until_it_is_heard() {
        let pulse = Pulse::new();

        pulse.is_too_old();
        pulse.hears(false);
        assert!(pulse.health().too_old);

        pulse.hears(true);
        assert!(!pulse.health().too_old);
    }
}
