//! Events into the mall's frames.

use kefu_domain::{Announcement, Announcer, Side, What};

use crate::hub::Hub;
use crate::line::Offer;
use crate::mall::{self, MallMessage};

impl Announcer for Hub {
    /// Pins, hides and a member's reading have no frame of the mall's: its pages would take them for something
    /// else.
    fn announce(&self, news: Vec<Announcement>) {
        for one in news {
            self.tell(&one);
        }
    }
}

impl Hub {
    fn tell(&self, news: &Announcement) {
        let event = &news.event;
        let chairs = self.sockets(&event.audience());
        if chairs.is_empty() {
            return;
        }

        let (encoded, shown) = match &event.what {
            What::Posted(message) => {
                let view = MallMessage::of(message).with_avatar(news.avatar.as_deref());
                let view = view.escaped(self.settings().legacy_escape);
                (mall::posted(&view), Some((message.conversation, message.seq)))
            }
            What::Read(Side::Desk, _) => (mall::desk_has_read(event.conversation), None),
            What::Read(Side::Member, _) | What::Pinned(_) | What::Hidden => return,
        };
        let text = match encoded {
            Ok(text) => text,
            Err(error) => {
                tracing::error!(conversation.id = event.conversation.0, %error, "could not encode a frame");
                return;
            }
        };

        self.offer(&chairs, |chair| {
            let own = chair.guest.party == event.by;
            Offer { text: &text, shown, handed: news.handed.as_ref().filter(|_| own) }
        });
    }
}
