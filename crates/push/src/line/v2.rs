//! What waits for a socket of the v2 dialect. What it misses it can have from the database, so nothing is kept for a
//! socket that is too slow, and it is told so.

use std::collections::VecDeque;

use super::{Fallen, Next, Pushed, Taken};
use crate::meter::{self, Dropped};
use crate::parcel::{Frame, Offer, Parcel, Weight};
use crate::settings::Settings;
use crate::v2;

#[derive(Default)]
pub(super) struct V2 {
    /// Goes first. A second one takes the place of the first.
    control: Option<Parcel>,
    pub(super) queue: VecDeque<Parcel>,
    /// Since the queue was full, until this was told.
    lagging: bool,
    /// This was told and not yet asked for.
    lagged: bool,
}

impl V2 {
    pub(super) fn push(&mut self, settings: &Settings, offer: Offer<'_>) -> Pushed {
        let mut pushed =
            Pushed { taken: Taken::Refused, fallen: Fallen::default(), why: Dropped::Lagging, rings: true };
        match offer.frame.weight {
            Weight::Control => self.control = Some(Parcel::new(offer, None)),
            _ if self.lagging => return pushed,
            Weight::Whisper if self.queue.len() > settings.queue / 4 => return pushed,
            Weight::Data | Weight::Whisper if self.queue.len() >= settings.queue => {
                self.lagging = true;
                meter::lagged();
                pushed.fallen.parcels.extend(self.queue.drain(..));
                return pushed;
            }
            Weight::Data | Weight::Whisper => self.queue.push_back(Parcel::new(offer, None)),
        }
        pushed.taken = Taken::Waiting(self.queue.len());
        pushed
    }

    pub(super) fn take(&mut self) -> Next {
        if let Some(parcel) = self.control.take().or_else(|| self.queue.pop_front()) {
            return Next::Here(parcel);
        }
        if !std::mem::take(&mut self.lagging) {
            return Next::NotYet(None);
        }
        // From here on it is queued for again, so that nothing happens between this and the look at the database.
        self.lagged = true;
        let frame = Frame { text: v2::lagging(), ..Frame::default() };
        Next::Here(Parcel::new(Offer { frame: &frame, handed: None }, None))
    }

    pub(super) fn has_lagged(&mut self) -> bool {
        std::mem::take(&mut self.lagged)
    }

    pub(super) fn clear(&mut self) -> VecDeque<Parcel> {
        self.control = None;
        self.lagging = false;
        std::mem::take(&mut self.queue)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.control.is_none() && self.queue.is_empty()
    }
}
