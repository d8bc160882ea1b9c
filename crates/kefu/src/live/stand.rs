//! How far a conversation was told here, and whether news are the next ones.

use kefu_domain::{Cursor, Event, Message, Outline, Since, What};

/// Every message up to `seq` and every change up to `change` was told here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) seq: i64,
    pub(super) change: i64,
}

/// News, compared with what was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comes {
    /// They are the very next.
    Next,
    /// They were told already.
    Late,
    /// Something is missing before them, or they do not say exactly what their change was.
    Early,
}

impl Stand {
    const NOTHING: Self = Self { seq: 0, change: 0 };

    /// What both of them have told.
    pub(super) fn min(self, other: Self) -> Self {
        Self { seq: self.seq.min(other.seq), change: self.change.min(other.change) }
    }

    /// How an event comes where so much was told, or nothing is known of what was told.
    pub(super) fn meets(told: Option<Self>, event: &Event) -> Comes {
        // Before a conversation's first change there was nothing to tell.
        let told = match told {
            None if event.after.change == 1 => Self::NOTHING,
            None => return Comes::Early,
            Some(told) => told,
        };
        if event.after.change <= told.change {
            Comes::Late
        } else if event.after.change == told.change + 1 && says_its_change(event) && before(event).seq == told.seq {
            Comes::Next
        } else {
            Comes::Early
        }
    }
}

/// Where the conversation stood before an event.
pub(super) fn before(event: &Event) -> Stand {
    let posted = i64::from(matches!(event.what, What::Posted(_)));
    Stand { seq: event.after.head_seq - posted, change: event.after.change - 1 }
}

/// A command that was found done after a commit of unknown fate knows its message and the conversation as it is now:
/// others may have changed it meanwhile.
fn says_its_change(event: &Event) -> bool {
    match &event.what {
        What::Posted(message) => message.seq == event.after.head_seq && message.change == event.after.change,
        What::Revoked(message) | What::Deleted(_, message) => message.change == event.after.change,
        What::Read(..) | What::Pinned(_) | What::Hidden => true,
        What::CaughtUp(_) => false,
    }
}

impl From<Outline> for Stand {
    fn from(outline: Outline) -> Self {
        Self { seq: outline.head_seq, change: outline.change }
    }
}

impl From<Cursor> for Stand {
    fn from(cursor: Cursor) -> Self {
        Self { seq: cursor.seq, change: cursor.change }
    }
}

/// What of it is still to be told where so much was told meanwhile; `None` if nothing is.
pub(super) fn beyond(since: Since, told: Stand) -> Option<Since> {
    let (messages, older): (Vec<_>, Vec<_>) = since.messages.into_iter().partition(|message| message.seq > told.seq);
    let is_altered =
        |message: &Message| message.revoked.is_some() || message.deleted != kefu_domain::Deleted::default();
    let mut changed: Vec<_> = since
        .changed
        .into_iter()
        .chain(older.into_iter().filter(is_altered))
        .filter(|message| message.change > told.change)
        .collect();
    changed.sort_by_key(|message| message.change);
    let is_news = if since.more { !messages.is_empty() } else { since.outline.change > told.change };
    let from =
        since.from.map(|from| Cursor { seq: from.seq.max(told.seq), change: from.change.max(told.change), ..from });
    is_news.then_some(Since { from, messages, changed, ..since })
}

/// How far everything is told once this is.
pub(super) fn after(since: &Since, told: Stand) -> Stand {
    match since.messages.last() {
        Some(last) if since.more => Stand { seq: last.seq, ..told },
        _ if since.more => told,
        _ => since.outline.into(),
    }
}
