//! Who is at the door, for sockets that say it in their first frame, and tickets that say it for them.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _, ready};
use tokio::time::Instant;

use crate::{ApiError, Caller};

/// How long a ticket is good.
pub const TICKET_LIFE: Duration = Duration::from_secs(30);
/// What every ticket begins with. No token of the host's may.
pub const TICKET_PREFIX: &str = "kt_";
/// How long a doorkeeper may take to say who somebody is.
pub const KNOWN_WITHIN: Duration = Duration::from_secs(2);
/// Tickets in memory that have been neither used nor forgotten; beyond that the oldest are forgotten.
const MOST: usize = 100_000;

/// Knows who a credential belongs to, and gives out tickets.
///
/// A `kefu.v2` socket carries no credential in its address or headers; its first frame does. The host's authentication,
/// which sees requests, never sees that frame, so it is asked here. A ticket is a credential for one socket, to be
/// redeemed once within [`TICKET_LIFE`], at any node; it lets nobody in whom the credential that it was issued for
/// would not.
pub trait Doorkeeper: Send + Sync {
    /// Who shows this token; `None` is nobody. Answers within [`KNOWN_WITHIN`], if need be that it cannot be found out;
    /// a later answer is not waited for, and whoever came is told to come again.
    fn identify<'a>(&'a self, credential: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>>;

    /// A new ticket for this caller; begins with [`TICKET_PREFIX`].
    fn issue_ticket<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<String, ApiError>>;

    /// Who comes with this ticket; `None` for one that is unknown, used or over. Answers within [`KNOWN_WITHIN`]
    /// too.
    fn redeem_ticket<'a>(&'a self, ticket: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>>;
}

/// Knows no tokens, and keeps tickets in the memory of this process: for a host of one process, whose own
/// authentication stands before the route that gives tickets out.
///
/// A session that ends between ticket and socket is not noticed; a host that cannot have that writes a doorkeeper.
#[derive(Default)]
pub(crate) struct Tickets(Mutex<Drawer>);

#[derive(Default)]
struct Drawer {
    callers: HashMap<String, Caller>,
    /// The same tickets, the oldest first, and some that were used.
    ends: VecDeque<(Instant, String)>,
}

impl Tickets {
    fn issue(&self, caller: &Caller) -> Result<String, ApiError> {
        let ticket = ticket().ok_or(ApiError::Desk(kefu::Error::Crashed))?;
        let now = Instant::now();
        let mut drawer = self.drawer();
        drawer.forget(now);
        drawer.callers.insert(ticket.clone(), caller.clone());
        drawer.ends.push_back((now + TICKET_LIFE, ticket.clone()));
        Ok(ticket)
    }

    fn redeem(&self, ticket: &str) -> Option<Caller> {
        let mut drawer = self.drawer();
        drawer.forget(Instant::now());
        drawer.callers.remove(ticket)
    }

    // A panic elsewhere leaves at worst a ticket that is never found.
    fn drawer(&self) -> MutexGuard<'_, Drawer> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drawer {
    fn forget(&mut self, now: Instant) {
        while self.ends.front().is_some_and(|(end, _)| *end <= now) || self.ends.len() >= MOST {
            let Some((_, ticket)) = self.ends.pop_front() else { break };
            self.callers.remove(&ticket);
        }
    }
}

impl Doorkeeper for Tickets {
    fn identify<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        ready(Ok(None)).boxed()
    }

    fn issue_ticket<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<String, ApiError>> {
        ready(self.issue(caller)).boxed()
    }

    fn redeem_ticket<'a>(&'a self, ticket: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        ready(Ok(self.redeem(ticket))).boxed()
    }
}

/// A ticket that nobody can guess: 256 random bits. `None` where the machine has no randomness.
#[must_use]
pub fn ticket() -> Option<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).ok()?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Some(format!("{TICKET_PREFIX}{digits}"))
}

#[cfg(test)]
mod tests {
    use kefu_domain::{MemberId, Party, TenantId};

    use super::*;

    fn alice() -> Caller {
        Caller::member(TenantId(1), MemberId(101))
    }

    fn who(tickets: &Tickets, ticket: &str) -> Option<Party> {
        tickets.redeem(ticket).map(|caller| caller.party)
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_is_good_once() {
        let tickets = Tickets::default();
        let ticket = tickets.issue(&alice()).unwrap();

        assert_eq!(who(&tickets, "kt_"), None);
        assert_eq!(who(&tickets, &ticket), Some(Party::Member(MemberId(101))));
        assert_eq!(who(&tickets, &ticket), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_ticket_ends_after_thirty_seconds() {
        let tickets = Tickets::default();
        let [early, late] = [(); 2].map(|()| tickets.issue(&alice()).unwrap());

        tokio::time::advance(TICKET_LIFE - Duration::from_millis(1)).await;
        assert!(who(&tickets, &early).is_some());
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(who(&tickets, &late), None);
    }

    #[tokio::test(start_paused = true)]
    async fn tickets_that_nobody_uses_are_forgotten() {
        let tickets = Tickets::default();
        let first = tickets.issue(&alice()).unwrap();

        for _ in 0..MOST {
            tickets.issue(&alice()).unwrap();
        }

        assert_eq!(tickets.drawer().callers.len(), MOST);
        assert_eq!(who(&tickets, &first), None, "the oldest makes room");
        tokio::time::advance(TICKET_LIFE).await;
        tickets.issue(&alice()).unwrap();
        assert_eq!(tickets.drawer().callers.len(), 1);
        assert_eq!(tickets.drawer().ends.len(), 1);
    }
}
