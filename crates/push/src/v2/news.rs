//! What happened, to somebody of a side: one frame for each event, whatever it is.

use std::borrow::Cow;
use std::time::Duration;

use bytestring::ByteString;
use kefu_domain::{Event, Outline, Party, Side, Typing, What};
use serde::Serialize;

use super::envelope::{Action, Category, Envelope, Name, Place, for_desk, text};
use super::{message, since};

#[derive(Serialize)]
struct Ext {
    #[serde(flatten)]
    place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<i64>,
    change: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unread: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pinned: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hidden: Option<bool>,
}

impl Ext {
    fn of(after: &Outline, reader: Side) -> Self {
        Self {
            place: Place::of(after, reader),
            seq: None,
            change: after.change,
            unread: for_desk(reader, after.desk_unread),
            pinned: None,
            hidden: None,
        }
    }
}

/// The frame that tells a side of an event. What is the other side's own affair has a number and no more.
pub(crate) fn event(event: &Event, reader: Side, avatar: Option<&str>) -> ByteString {
    let after = &event.after;
    if !event.concerns(reader) {
        return update(after, reader);
    }
    match &event.what {
        What::Posted(said) => {
            let listed = message::listed(said, (after.scope, after.member), reader, avatar);
            text(&message::as_news(listed, after, reader))
        }
        What::Revoked(what) | What::Deleted(_, what) => message::altered(what, after, reader, avatar)
            .filter(|envelope| !envelope.is_delete || matches!(event.what, What::Deleted(..)))
            .map_or_else(|| update(after, reader), |envelope| text(&message::as_news(envelope, after, reader))),
        What::Read(side, up_to) => read(after, *side, *up_to, event.by, reader),
        What::Pinned(_) | What::Hidden => update(after, reader),
        What::CaughtUp(missed) => since::since(missed, reader, None).frame(),
    }
}

fn read(after: &Outline, side: Side, up_to: i64, by: Party, reader: Side) -> ByteString {
    let ext = Ext { seq: Some(up_to), ..Ext::of(after, reader) };
    let frame = Envelope::bare(Category::of_side(side), Some(Action::Read), ext);
    text(&Envelope { from: Some(Name::Party(by)), ..frame })
}

fn update(after: &Outline, reader: Side) -> ByteString {
    let (pinned, hidden) = (for_desk(reader, after.pinned), for_desk(reader, after.hidden));
    let ext = Ext { pinned, hidden, ..Ext::of(after, reader) };
    text(&Envelope::bare(Category::System, Some(Action::Update), ext))
}

/// The frame that says that somebody is writing, or has stopped to.
pub(crate) fn typing(typing: &Typing, reader: Side) -> ByteString {
    let place = Place::at(typing.conversation, typing.scope.shop, typing.member, reader);
    let frame = Envelope::bare(Category::of(typing.by), Some(Action::Typing), place);
    let content = Some(Cow::Borrowed(if typing.on { "on" } else { "off" }));
    text(&Envelope { content, from: Some(Name::Party(typing.by)), ..frame })
}

/// The frame that says that this socket was too slow, and that frames were dropped.
pub(crate) fn lagging() -> ByteString {
    #[derive(Serialize)]
    struct Ext {
        lagging: bool,
    }
    text(&Envelope::bare(Category::System, Some(Action::Update), Ext { lagging: true }))
}

/// The frame that asks a client to come back at a random moment within that time.
pub(crate) fn bye(within: Duration) -> ByteString {
    #[derive(Serialize)]
    struct Ext {
        /// In milliseconds.
        within: u128,
    }
    text(&Envelope::bare(Category::System, Some(Action::Bye), Ext { within: within.as_millis() }))
}
