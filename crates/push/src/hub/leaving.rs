//! Who is shown out, and who is asked to go.

use std::sync::atomic::Ordering;
use std::time::Duration;

use kefu_domain::{Party, TenantId, Timestamp};
use tokio::time::Instant;

use super::Hub;
use crate::guest::{Credential, Dialect};
use crate::line::Ending;
use crate::meter;
use crate::parcel::{Frame, Offer, Weight};
use crate::seats::Chair;
use crate::v2;

impl Hub {
    /// Lets every socket go that came with this token, with what it had waiting and what was kept for whoever would
    /// come with it again; says how many.
    pub fn close_credential(&self, credential: &Credential) -> usize {
        self.write().holes.forget(*credential);
        self.close(|chair| chair.guest.credential.as_ref() == Some(credential))
    }

    /// Lets every socket of somebody go, with what it had waiting; says how many.
    pub fn close_party(&self, tenant: TenantId, party: Party) -> usize {
        self.close(|chair| chair.guest.tenant == tenant && chair.guest.party == party)
    }

    /// Lets every socket of a tenant go, with what it had waiting; says how many.
    pub fn close_tenant(&self, tenant: TenantId) -> usize {
        self.close(|chair| chair.guest.tenant == tenant)
    }

    /// Lets every socket go whose token has expired by now, with what it had waiting; says how many.
    pub fn close_expired(&self, now: Timestamp) -> usize {
        self.close(|chair| chair.guest.expires.is_some_and(|expires| expires <= now))
    }

    /// Stops: whoever comes now is let go at once, and everybody here after having been given what waits for them,
    /// except for those who are held. Says how many were here.
    pub fn close_all(&self) -> usize {
        let chairs = self.write().stop();
        chairs.into_iter().filter(|chair| chair.line.drain()).count()
    }

    /// Asks everybody of [`Dialect::V2`] to come back at a random moment within that time, since this hub is about to
    /// stop; says how many were asked. It goes before everything that waits. From then on [`Hub::is_leaving`].
    pub fn bye(&self, within: Duration) -> usize {
        self.shared.leaving.store(true, Ordering::Relaxed);
        let chairs: Vec<_> = self.read().all().filter(|chair| chair.guest.dialect == Dialect::V2).cloned().collect();
        let frame = Frame { text: v2::bye(within), weight: Weight::Control, ..Frame::default() };
        self.offer(&chairs, |_| Some(Offer { frame: &frame, handed: None }))
    }

    /// Whether [`Hub::bye`] was said: whoever only waits for something here had better wait elsewhere.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        self.shared.leaving.load(Ordering::Relaxed)
    }

    fn close(&self, concerns: impl Fn(&Chair) -> bool) -> usize {
        let chairs: Vec<_> = self.read().all().filter(|chair| concerns(chair)).cloned().collect();
        chairs.into_iter().filter(|chair| chair.line.shut(Ending::LetGo)).count()
    }

    pub(crate) fn leave(&self, chair: &Chair) {
        self.write().remove(chair, Instant::now());
        chair.line.shut(Ending::LetGo);
        meter::left(&chair.guest);
    }
}
