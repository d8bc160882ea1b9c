//! Who has a socket open, and with which token they came, where somebody has to be asked again whether it still opens
//! what it did: the mall, whose people are not told here when they are shut out, and our own books about admins.
//!
//! An entry lives exactly as long as the socket that it belongs to, so there are never more of them than sockets. Tokens
//! lie here in the clear, since a question needs them; they are not printed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt as _;
use futures_util::stream;
use kefu_push::Hub;

use crate::identity::{Identity, Keeper, Token};

/// Questions about open sockets that are under way at once.
const AT_ONCE: usize = 16;

/// The sockets that are open; clones share them.
#[derive(Clone, Default)]
pub struct Attendance(Arc<Mutex<Rows>>);

#[derive(Default)]
struct Rows {
    last: u64,
    visits: HashMap<u64, Arc<Visit>>,
}

/// Somebody's socket.
struct Visit {
    token: Token,
    /// As it was when they came.
    identity: Identity,
    keeper: Arc<dyn Keeper>,
}

/// A place in the attendance. Dropping it takes it out.
#[must_use = "whoever drops it has left"]
pub struct Present {
    attendance: Attendance,
    number: u64,
}

impl Attendance {
    /// Takes somebody in, until the place is dropped.
    pub fn enter(&self, token: Token, identity: Identity, keeper: Arc<dyn Keeper>) -> Present {
        let mut rows = self.rows();
        rows.last += 1;
        let number = rows.last;
        rows.visits.insert(number, Arc::new(Visit { token, identity, keeper }));
        Present { attendance: self.clone(), number }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.rows().visits.len()
    }

    /// Asks about everybody once, and has the hub show out whoever's rights are no longer those they came with.
    pub async fn recheck(&self, hub: &Hub) {
        let visits: Vec<_> = self.rows().visits.values().cloned().collect();
        let ask = |visit: Arc<Visit>| async move {
            if !visit.keeper.still(&visit.token, &visit.identity).await {
                hub.close_credential(&visit.identity.credential);
            }
        };
        stream::iter(visits).for_each_concurrent(AT_ONCE, ask).await;
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        self.attendance.rows().visits.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::BoxFuture;
    use kefu_domain::{MemberId, Party, Profile, Scope, Shops, TenantId};
    use kefu_push::Guest;

    use super::*;

    struct Says(bool);

    impl Keeper for Says {
        fn still<'a>(&'a self, _: &'a Token, _: &'a Identity) -> BoxFuture<'a, bool> {
            Box::pin(async { self.0 })
        }
    }

    fn alice(token: &str) -> (Token, Identity) {
        let token = Token::new(token).unwrap();
        let identity = Identity {
            party: Party::Member(MemberId(101)),
            tenant: TenantId(1),
            permissions: Vec::new(),
            shops: Shops::platform(),
            profile: Profile::default(),
            credential: token.credential(),
            expires: None,
        };
        (token, identity)
    }

    #[actix_web::test]
    async fn only_whoever_may_no_longer_be_here_is_shown_out() {
        let (attendance, hub) = (Attendance::default(), Hub::new());
        let mut inboxes = Vec::new();
        let mut places = Vec::new();
        for (name, stays) in [("first", true), ("second", false)] {
            let (token, identity) = alice(name);
            let mut guest = Guest::new(Scope::platform(TenantId(1)), identity.party);
            guest.credential = Some(identity.credential);
            inboxes.push(hub.join(guest));
            places.push(attendance.enter(token, identity, Arc::new(Says(stays))));
        }

        attendance.recheck(&hub).await;

        assert_eq!(inboxes.iter().map(|(_, inbox)| inbox.is_closed()).collect::<Vec<_>>(), [false, true]);
        assert_eq!(attendance.count(), 2);
        drop(places);
        assert_eq!(attendance.count(), 0);
    }
}
