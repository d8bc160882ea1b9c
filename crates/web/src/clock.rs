//! What time it is by the database's clock, without asking it each time.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kefu::Desk;
use kefu_domain::Timestamp;
use tokio::sync::Mutex as Turn;
use tokio::time::{Instant, timeout};

/// How long this process's own time may run on from the database's before they are compared again.
const TRUST: Duration = Duration::from_secs(60);
/// How long somebody waits for it where nothing is known yet.
const PATIENCE: Duration = Duration::from_secs(1);

/// The database's clock, as it was when it was looked at last, and how long ago that was. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct DatabaseClock(Arc<Inner>);

#[derive(Default)]
struct Inner {
    seen: Mutex<Seen>,
    /// Whose turn it is to ask while nothing is known: one asks for all.
    turn: Turn<()>,
}

#[derive(Default)]
struct Seen {
    at: Option<(Timestamp, Instant)>,
    /// Since when somebody has been looking.
    looking: Option<Instant>,
}

impl DatabaseClock {
    /// The time; `None` while it could not be found out even once. Asks the database at most once a minute, and waits
    /// for it, a second at most, only where nothing is known.
    pub(crate) async fn now(&self, desk: &Desk) -> Option<Timestamp> {
        if let Some(now) = self.at_once(desk) {
            return Some(now);
        }
        let first = async {
            let _turn = self.0.turn.lock().await;
            if self.known().is_none() {
                self.look(desk).await;
            }
        };
        let _ = timeout(PATIENCE, first).await;
        self.known()
    }

    /// The same without waiting.
    pub(crate) fn at_once(&self, desk: &Desk) -> Option<Timestamp> {
        if self.is_mine_to_look() {
            let (clock, desk) = (self.clone(), desk.clone());
            actix_web::rt::spawn(async move { clock.look(&desk).await });
        }
        self.known()
    }

    fn known(&self) -> Option<Timestamp> {
        let (then, seen) = self.seen().at?;
        Some(Timestamp(then.0.saturating_add(i64::try_from(seen.elapsed().as_millis()).unwrap_or(i64::MAX))))
    }

    /// Whether what is known is old, and nobody else looks.
    fn is_mine_to_look(&self) -> bool {
        let mut seen = self.seen();
        let fresh = |at: Instant| at.elapsed() < TRUST;
        if seen.at.is_none_or(|(_, at)| fresh(at)) || seen.looking.is_some_and(fresh) {
            return false;
        }
        seen.looking = Some(Instant::now());
        true
    }

    async fn look(&self, desk: &Desk) {
        let asked = Instant::now();
        if let Ok(now) = desk.now().await {
            // Half of the way there and back is the best guess at when it looked.
            self.seen().at = Some((now, asked + asked.elapsed() / 2));
        }
        self.seen().looking = None;
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
