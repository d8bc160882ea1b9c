//! Which of the mall's frames an event becomes.

use std::sync::Arc;

use bytestring::ByteString;
use kefu_domain::{Announcement, ConversationId, Event, Message, Party, Side, Since, What};
use tokio::time::Instant;

use super::own;
use crate::audience::Reading;
use crate::hub::Hub;
use crate::mall::{self, MallMessage};
use crate::parcel::{Frame, Offer};
use crate::pigeonhole::Pigeonhole;
use crate::seats::Chair;

/// Something that the mall has a frame for.
#[derive(Clone, Copy)]
enum Told<'a> {
    Message(&'a Message),
    DeskHasRead,
}

/// Those who are told: the sockets, and the pigeonholes of everybody who had one.
pub(super) struct Pages {
    pub(super) chairs: Vec<Arc<Chair>>,
    pub(super) holes: Vec<(Party, Arc<Pigeonhole>)>,
}

impl Hub {
    /// Tells the mall's pages, and keeps it for those whose pages are not here. `number` is that of the announcement,
    /// `before` what was known of the desk's reading until then.
    pub(super) fn tell_pages(&self, news: &Announcement, number: u64, before: Option<Reading>, pages: &Pages) {
        let conversation = news.event.after.conversation;
        for message in altered(&news.event) {
            self.amend(message, pages);
        }
        for told in told(&news.event, before) {
            let encoded = match told {
                Told::Message(message) => self.posted(message, avatar(news, message)),
                Told::DeskHasRead => mall::desk_has_read(conversation),
            };
            if let Some(text) = written(encoded, conversation) {
                let shown = told.message().map(|message| (message.conversation, message.seq));
                let frame = Frame { text, shown, news: Some((number, conversation)), ..Frame::default() };
                self.give(news, told, &frame, pages);
            }
        }
    }

    fn give(&self, news: &Announcement, told: Told<'_>, frame: &Frame, pages: &Pages) {
        let (shop, keep, now) = (news.event.after.scope.shop, self.settings().keep, Instant::now());
        let caught_up = matches!(news.event.what, What::CaughtUp(_));
        // Into the pigeonholes first: a socket may accept a frame at once, and then it is taken out again.
        let mut known = Vec::new();
        for (_, hole) in pages.holes.iter().filter(|(party, _)| told.is_for(party.side())) {
            let new = hole.put(frame, shop, keep, now);
            let listed = || frame.shown.is_some_and(|(conversation, seq)| hole.has_listed(conversation, seq));
            if !new || (caught_up && listed()) {
                known.push(Arc::as_ptr(hole));
            }
        }
        self.offer(&pages.chairs, |chair| {
            let knows = chair.hole.as_ref().is_some_and(|hole| known.contains(&Arc::as_ptr(hole)));
            let hears = told.is_for(chair.guest.party.side()) && !knows;
            hears.then(|| Offer { frame, handed: own(news, chair) })
        });
    }

    /// Sees to it that nobody is shown any longer what a message has said that was taken back or deleted.
    fn amend(&self, message: &Message, pages: &Pages) {
        let left =
            if message.revoked.is_some() { written(self.posted(message, None), message.conversation) } else { None };
        let which = (message.conversation, message.seq);
        let concerns = |party: Party| left.is_some() || message.deleted.by(party.side());
        let text = |party: Party| left.as_ref().filter(|_| !message.deleted.by(party.side()));
        for (party, hole) in pages.holes.iter().filter(|(party, _)| concerns(*party)) {
            hole.amend(which, text(*party));
        }
        for chair in pages.chairs.iter().filter(|chair| concerns(chair.guest.party)) {
            chair.line.amend(which, text(chair.guest.party));
        }
    }

    fn posted(&self, message: &Message, avatar: Option<&str>) -> Result<ByteString, serde_json::Error> {
        mall::posted(&MallMessage::of(message).with_avatar(avatar).escaped(self.settings().legacy_escape))
    }
}

fn written(encoded: Result<ByteString, serde_json::Error>, conversation: ConversationId) -> Option<ByteString> {
    encoded
        .inspect_err(|error| tracing::error!(conversation.id = conversation.0, %error, "could not encode a frame"))
        .ok()
}

/// Older messages that are no longer what they were.
fn altered(event: &Event) -> &[Message] {
    match &event.what {
        What::Revoked(message) | What::Deleted(_, message) => std::slice::from_ref(message),
        What::CaughtUp(since) => &since.changed,
        _ => &[],
    }
}

impl<'a> Told<'a> {
    fn message(self) -> Option<&'a Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::DeskHasRead => None,
        }
    }

    fn is_for(self, side: Side) -> bool {
        self.message().is_none_or(|message| !message.deleted.by(side))
    }
}

fn told(event: &Event, before: Option<Reading>) -> Vec<Told<'_>> {
    match &event.what {
        What::Posted(message) => vec![Told::Message(message)],
        What::Read(Side::Desk, _) => vec![Told::DeskHasRead],
        What::CaughtUp(since) => caught_up(since, before),
        What::Read(Side::Member, _) | What::Pinned(_) | What::Hidden | What::Revoked(_) | What::Deleted(..) => {
            Vec::new()
        }
    }
}

/// The messages in order, and among them, where it has, that the desk has read: behind the last one that it read, since
/// the pages then take everything for read, and ask anew with the next message.
///
/// Nothing where clients have to start over: these cannot.
fn caught_up(since: &Since, before: Option<Reading>) -> Vec<Told<'_>> {
    if since.reset {
        return Vec::new();
    }
    let up_to = since.outline.desk_read_seq;
    let (read, unread) = since.messages.split_at(since.messages.partition_point(|message| message.seq <= up_to));
    let passed_older = before.is_some_and(|before| before.up_to < up_to && before.unread > 0);
    let passed = passed_older || read.iter().any(|message| message.sender.side() == Side::Member);

    let has_read = passed.then_some(Told::DeskHasRead);
    read.iter().map(Told::Message).chain(has_read).chain(unread.iter().map(Told::Message)).collect()
}

/// The picture of whoever said it.
fn avatar<'a>(news: &'a Announcement, message: &Message) -> Option<&'a str> {
    match (&news.event.what, message.sender) {
        (What::CaughtUp(since), Party::Admin(id)) => since.admins.get(&id)?.avatar.as_deref(),
        (What::CaughtUp(_), _) => None,
        _ => news.avatar.as_deref(),
    }
}
