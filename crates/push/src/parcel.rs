//! A frame, on its way to many sockets and at one of them.

use std::fmt;
use std::sync::Arc;

use bytestring::ByteString;
use kefu_domain::{ConversationId, Cursor, Handed};

use crate::pigeonhole::Pigeonhole;

/// A frame, encoded once, for all who hear it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    pub(crate) text: ByteString,
    /// The message it shows, as conversation and `seq`.
    pub(crate) shown: Option<(ConversationId, i64)>,
    /// Where the conversation stands after it; for those who resume.
    pub(crate) at: Option<Cursor>,
    /// The announcement that it is of, and the conversation; other frames are of none.
    pub(crate) news: Option<(u64, ConversationId)>,
    pub(crate) weight: Weight,
}

/// How a frame is treated where there is little room. The mall's dialect has only one sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Weight {
    /// Not to be lost without a word.
    #[default]
    Data,
    /// Dropped first.
    Whisper,
    /// Goes before everything else.
    Control,
}

/// A frame on offer to a socket.
#[derive(Clone, Copy)]
pub(crate) struct Offer<'a> {
    pub(crate) frame: &'a Frame,
    /// Kept with the frame, unless it would be waited for in vain.
    pub(crate) handed: Option<&'a Handed>,
}

/// One frame for one socket, to be kept until its writer has it: whoever waits for the hand-over of it waits until
/// the parcel is dropped.
///
/// A parcel that is merely dropped counts as not delivered; see [`Parcel::accepted`].
pub struct Parcel {
    /// The frame.
    pub text: ByteString,
    /// The message it shows, as conversation and `seq`.
    pub shown: Option<(ConversationId, i64)>,
    /// In [`Dialect::V2`](crate::Dialect::V2): where its conversation stands after what it tells, if it is of one. Who
    /// has resumed that far, or further, need not be given it.
    pub at: Option<Cursor>,
    pub(crate) news: Option<(u64, ConversationId)>,
    handed: Option<Handed>,
    hole: Option<Arc<Pigeonhole>>,
}

impl Parcel {
    pub(crate) fn new(offer: Offer<'_>, hole: Option<&Arc<Pigeonhole>>) -> Self {
        let Frame { text, shown, at, news, weight: _ } = offer.frame.clone();
        Self { text, shown, at, news, handed: offer.handed.cloned(), hole: news.and(hole).cloned() }
    }

    /// The session has taken it: it is not replayed to another socket of the same token.
    pub fn accepted(self) {
        if let Some((hole, (number, _))) = self.hole.as_ref().zip(self.news) {
            hole.taken(number, self.shown);
        }
    }

    /// Nobody waits for it any longer.
    pub(crate) fn unguarded(&mut self) -> Option<Handed> {
        self.handed.take()
    }
}

impl fmt::Debug for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.text.len();
        f.debug_struct("Parcel").field("bytes", &bytes).field("shown", &self.shown).finish_non_exhaustive()
    }
}
