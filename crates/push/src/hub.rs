//! The hub: who sits down, and who is told.

mod leaving;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use kefu_domain::{ConversationId, Party, Recipient, SessionId, TenantId};
use tokio::time::Instant;

use crate::audience::Reading;
use crate::generations::Generations;
use crate::guest::{Credential, Dialect, Guest};
use crate::line::{Absence, Ending, Line, Taken};
use crate::meter;
use crate::parcel::Offer;
use crate::seat::{Inbox, Seat};
use crate::seats::{Chair, Seats};
use crate::settings::Settings;

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Online {
    /// Seats taken.
    pub sockets: usize,
    /// Of them those of [`Dialect::V2`].
    pub v2: usize,
    /// Different members among them.
    pub members: usize,
    /// Different admins among them.
    pub admins: usize,
}

/// Who is connected to this process. Clones share the same seats.
#[derive(Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    settings: Settings,
    seats: RwLock<Seats>,
    last_id: AtomicU64,
    /// The number of the last announcement.
    pub(crate) announced: AtomicU64,
    /// What was told last of how far the desk has read, and of what it had not.
    pub(crate) reading: Mutex<Generations<Reading>>,
    high_water: AtomicUsize,
    /// Everybody was asked to go elsewhere.
    leaving: AtomicBool,
}

impl Hub {
    /// An empty hub with the default settings.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// An empty hub.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        let settings = Settings { keep: settings.keep.max(1), queue: settings.queue.max(1), ..settings };
        Self {
            shared: Arc::new(Shared {
                settings,
                seats: RwLock::default(),
                last_id: AtomicU64::new(0),
                announced: AtomicU64::new(0),
                reading: Mutex::default(),
                high_water: AtomicUsize::new(0),
                leaving: AtomicBool::new(false),
            }),
        }
    }

    /// Sits down, as if having pinged just now.
    ///
    /// The seat is given up when the [`Seat`] is dropped; the [`Inbox`] ends when the hub lets go, at once when
    /// [`Hub::close_all`] was called before.
    pub fn join(&self, guest: Guest) -> (Seat, Inbox) {
        let id = SessionId(self.shared.last_id.fetch_add(1, Ordering::Relaxed) + 1);
        let (settings, now) = (self.shared.settings, Instant::now());
        let mut seats = self.write();
        let kept = if guest.dialect == Dialect::Mall { seats.holes.open(&guest, now) } else { None };
        let line = match (guest.dialect, &kept) {
            (Dialect::V2, _) => Line::v2(settings),
            (Dialect::Mall, Some((hole, true))) => {
                // Whoever announces looks for seats and takes a number in one go: smaller ones did not see this seat.
                let since = self.shared.announced.load(Ordering::Relaxed) + 1;
                let absence = Absence { since, shops: guest.shops.clone() };
                Line::mall(settings, now, Some(Arc::clone(hole)), Some(absence))
            }
            (Dialect::Mall, kept) => Line::mall(settings, now, kept.as_ref().map(|(hole, _)| Arc::clone(hole)), None),
        };
        let chair = Arc::new(Chair { id, guest, line, hole: kept.map(|(hole, _)| hole) });
        let stays = seats.insert(&chair);
        drop(seats);

        if !stays {
            chair.line.shut(Ending::Stopping);
        }
        meter::joined(&chair.guest);
        (Seat::new(self.clone(), Arc::clone(&chair)), Inbox::new(chair))
    }

    /// A page of somebody has listed the newest messages of a conversation, up to this number: none of them is replayed
    /// to the next socket of this token. The mall's pages list with one token and come with another one of the same
    /// login: what is listed with a token that no socket came with counts for all of this person's.
    ///
    /// Where this person has one socket only, and it came back a moment ago, what was listed is not pushed to it either.
    /// With several it is not known whose page has listed, and the others must not miss what was pushed to them.
    pub fn listed(
        &self,
        tenant: TenantId,
        party: Party,
        credential: Option<Credential>,
        conversation: ConversationId,
        up_to: i64,
    ) {
        let (mut chairs, seats) = (Vec::new(), self.read());
        let holes = seats.holes.of(tenant, party, credential);
        seats.of(tenant, party, &mut chairs);
        drop(seats);
        holes.iter().for_each(|hole| hole.listed(conversation, up_to));
        let concerned =
            |chair: &Chair| chair.hole.as_ref().is_some_and(|its| holes.iter().any(|hole| Arc::ptr_eq(hole, its)));
        let mut concerned = chairs.iter().filter(|chair| concerned(chair));
        if let (Some(only), None) = (concerned.next(), concerned.next()) {
            only.line.listed(conversation, up_to);
        }
    }

    /// How many sit here.
    #[must_use]
    pub fn online(&self) -> Online {
        self.read().online()
    }

    /// The tenants whose people sit here, each once.
    #[must_use]
    pub fn tenants(&self) -> Vec<TenantId> {
        self.read().tenants()
    }

    /// Whether contents are escaped for the mall's pages.
    #[must_use]
    pub fn legacy_escape(&self) -> bool {
        self.settings().legacy_escape
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The sockets of a recipient. They are copied out, so that no socket is spoken to while all are locked.
    pub(crate) fn sockets(&self, to: &[Recipient]) -> Vec<Arc<Chair>> {
        let seats = self.read();
        let mut chairs = Vec::new();
        for recipient in to {
            seats.find(recipient, &mut chairs);
        }
        chairs
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) fn seats(&self) -> RwLockReadGuard<'_, Seats> {
        self.read()
    }

    /// Offers each of the sockets what it is to have and says how many took it.
    pub(crate) fn offer<'a>(&self, chairs: &[Arc<Chair>], offer: impl Fn(&Chair) -> Option<Offer<'a>>) -> usize {
        let now = Instant::now();
        let (mut taken, mut deepest) = (0, 0);
        for chair in chairs {
            let Some(offer) = offer(chair) else { continue };
            if let Taken::Waiting(depth) = chair.line.push(offer, now) {
                taken += 1;
                deepest = deepest.max(depth);
            }
        }
        meter::taken(taken);
        let before = self.shared.high_water.fetch_max(deepest, Ordering::Relaxed);
        meter::high_water_rose(deepest.saturating_sub(before));
        taken
    }

    // A panic elsewhere is no reason to stop talking: every change of the seats is complete or has not begun.

    fn read(&self) -> RwLockReadGuard<'_, Seats> {
        self.shared.seats.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Seats> {
        self.shared.seats.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("settings", self.settings()).field("online", &self.online()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use futures_util::FutureExt;
    use kefu_domain::{MemberId, Scope};

    use super::*;
    use crate::sender::WebSocketSender;

    #[test]
    fn a_panic_under_any_lock_silences_nobody() {
        let hub = Hub::new();
        let guest = Guest::new(Scope::platform(TenantId(1)), Party::Member(MemberId(1)));
        let (seat, mut inbox) = hub.join(guest.clone());

        let under_the_seats = catch_unwind(AssertUnwindSafe(|| {
            let _seats = hub.write();
            panic!("while the seats were locked");
        }));
        let under_a_queue = catch_unwind(AssertUnwindSafe(|| seat.chair().line.panic_inside()));

        assert!(under_the_seats.is_err() && under_a_queue.is_err());
        let (_other, mut other) = hub.join(guest);
        let everybody = Recipient::Members(Scope::platform(TenantId(1)));
        assert_eq!(hub.send(&everybody, "notice-push", "{}"), 2);
        assert!(inbox.next().now_or_never().flatten().is_some());
        assert!(other.next().now_or_never().flatten().is_some());
    }
}
