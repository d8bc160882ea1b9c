//! The two things that the owner of a socket holds.

use std::fmt;
use std::sync::Arc;

use kefu_domain::SessionId;
use tokio::time::Instant;

use crate::hub::Hub;
use crate::line::Ending;
use crate::parcel::Parcel;
use crate::seats::Chair;

/// A socket's place in the hub. Dropping it forgets the socket.
#[must_use = "a seat that is dropped is given up"]
pub struct Seat {
    hub: Hub,
    chair: Arc<Chair>,
}

impl Seat {
    pub(crate) fn new(hub: Hub, chair: Arc<Chair>) -> Self {
        Self { hub, chair }
    }

    /// The number of this socket, never given twice by one hub.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.chair.id
    }

    #[cfg(test)]
    pub(crate) fn chair(&self) -> &Chair {
        &self.chair
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.hub.leave(&self.chair);
    }
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Seat").field(&self.id()).finish()
    }
}

/// What waits for one socket. Dropping it lets the rest go; the seat stays taken until it is dropped too.
#[must_use = "an inbox that is dropped takes nothing in"]
pub struct Inbox {
    chair: Arc<Chair>,
}

impl Inbox {
    pub(crate) fn new(chair: Arc<Chair>) -> Self {
        Self { chair }
    }

    /// Waits for the next frame; `None` when the hub has let this socket go, and from then on.
    ///
    /// Nothing is lost when the future is dropped before it is ready. It needs tokio's clock: what somebody of the
    /// mall's dialect missed between two sockets comes after a second and a half.
    pub async fn next(&mut self) -> Option<Parcel> {
        self.chair.line.next().await
    }

    /// The client has said ping: it is there, and gets what was held back. Means nothing in
    /// [`Dialect::V2`](crate::Dialect::V2), where nothing is held.
    pub fn pinged(&self) {
        self.chair.line.pinged(Instant::now());
    }

    /// In [`Dialect::V2`](crate::Dialect::V2): whether frames were dropped because this socket was too slow, since this
    /// was asked last. The frame that says so has then come out of [`Inbox::next`], and what happens from there on
    /// waits in the queue again; what happened before is in the database.
    #[must_use]
    pub fn has_lagged(&self) -> bool {
        self.chair.line.has_lagged()
    }

    /// Why it ends; `None` while it does not.
    #[must_use]
    pub fn ending(&self) -> Option<Ending> {
        self.chair.line.ending()
    }

    /// Whether there is nothing more to come, not even what was waiting.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.chair.line.is_over(Instant::now())
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        self.chair.line.shut(Ending::LetGo);
    }
}

impl fmt::Debug for Inbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inbox").field(&self.chair.id).finish()
    }
}
