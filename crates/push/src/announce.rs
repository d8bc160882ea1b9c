//! Events into frames: one for each dialect and side, shared by all who hear it.

mod mall;

use std::cell::OnceCell;
use std::sync::Arc;

use kefu_domain::{Announcement, Announcer, Cursor, Handed, Permission, Recipient, Scope, Side, Typing, What};

use crate::audience::Reading;
use crate::guest::Dialect;
use crate::hub::Hub;
use crate::parcel::{Frame, Offer, Weight};
use crate::seats::Chair;
use crate::v2;
use mall::Pages;

impl Announcer for Hub {
    /// In the mall's dialect only messages are told, and that the desk has read. Pins, hides and a member's reading
    /// have no frame of the mall's: its pages would take them for something else.
    fn announce(&self, news: Vec<Announcement>) {
        for one in news {
            self.tell(&one);
        }
    }

    /// Told to [`Dialect::V2`] only: the mall's pages know of no such thing.
    fn whisper(&self, typing: &Typing) {
        // Of the member's side there is nobody but the member.
        let Typing { scope, member, .. } = *typing;
        let both_sides = [Recipient::Member(scope, member), Recipient::Admins(scope, Permission::MessageQuery)];
        let mut chairs = self.sockets(&both_sides);
        chairs.retain(|chair| chair.guest.dialect == Dialect::V2 && chair.guest.party != typing.by);
        let told = |side| Frame { text: v2::typing(typing, side), weight: Weight::Whisper, ..Frame::default() };
        self.offer_by_side(&chairs, told, |_| None);
    }

    fn scopes(&self) -> Vec<Scope> {
        self.seats().scopes()
    }
}

impl Hub {
    fn tell(&self, news: &Announcement) {
        let after = &news.event.after;
        let reading = Reading { up_to: after.desk_read_seq, unread: after.desk_unread };
        let before = self.note_reading(after.conversation, reading);
        let audience = self.audience(&news.event);

        let (chairs, others): (Vec<_>, Vec<_>) =
            audience.chairs.into_iter().partition(|chair| chair.guest.dialect == Dialect::Mall);
        let pages = Pages { chairs, holes: audience.holes };
        if !pages.chairs.is_empty() || !pages.holes.is_empty() {
            self.tell_pages(news, audience.number, before, &pages);
        }
        if !others.is_empty() {
            self.offer_by_side(&others, |side| v2_frame(news, side), |chair| own(news, chair));
        }
    }

    /// Offers each of the sockets the frame of its side, which is made when the first one asks for it.
    fn offer_by_side<'a>(
        &self,
        chairs: &[Arc<Chair>],
        told: impl Fn(Side) -> Frame,
        handed: impl Fn(&Chair) -> Option<&'a Handed>,
    ) {
        let (member, desk) = (OnceCell::new(), OnceCell::new());
        self.offer(chairs, |chair| {
            let side = chair.guest.party.side();
            let made = match side {
                Side::Member => &member,
                Side::Desk => &desk,
            };
            Some(Offer { frame: made.get_or_init(|| told(side)), handed: handed(chair) })
        });
    }
}

/// What a socket of whoever did it keeps until it has handed the frame over.
fn own<'a>(news: &'a Announcement, chair: &Chair) -> Option<&'a Handed> {
    news.handed.as_ref().filter(|_| chair.guest.party == news.event.by)
}

fn v2_frame(news: &Announcement, side: Side) -> Frame {
    let event = &news.event;
    let last = match &event.what {
        What::Posted(message) => Some(message),
        What::CaughtUp(since) => since.messages.last(),
        _ => None,
    };
    // Only the last page of what was missed leads to where the conversation stands.
    let at = match &event.what {
        What::CaughtUp(since) if since.more => Cursor {
            seq: last.map_or(0, |last| last.seq),
            change: since.from.map_or(0, |from| from.change),
            ..event.after.cursor()
        },
        _ => event.after.cursor(),
    };
    Frame {
        text: v2::event(event, side, news.avatar.as_deref()),
        shown: last.map(|message| (message.conversation, message.seq)),
        at: Some(at),
        ..Frame::default()
    }
}
