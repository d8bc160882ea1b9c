//! What somebody who comes back is told, for both sides.

use kefu_domain::{Conversation, Cursor, Outline, Party, Since};

use super::{Inner, read, store};
use crate::Error;

/// Reads what is new since a cursor; from here on the conversation's news are kept at hand.
pub(super) fn from_the_database(
    desk: &Inner,
    found: &Conversation,
    from: Option<Cursor>,
    reader: Party,
) -> Result<Since, Error> {
    let since = store(desk.archive.resume(Outline::from(found), from))?;
    desk.live.was_read(found);
    metrics::counter!("kefu_resume_total", "from" => "database").increment(1);
    Ok(shown_to(desk, since, reader))
}

/// What was at hand.
pub(super) fn remembered(desk: &Inner, since: Since, reader: Party) -> Since {
    metrics::counter!("kefu_resume_total", "from" => "memory").increment(1);
    shown_to(desk, since, reader)
}

/// What a reader's side sees of it: what only the other side has deleted is no news to them.
fn shown_to(desk: &Inner, since: Since, reader: Party) -> Since {
    let side = reader.side();
    desk.known.has_been_shown(since.outline.scope.tenant, reader, since.outline.conversation, &since.messages);
    let concerns = since.changed.into_iter().filter(|message| message.revoked.is_some() || message.deleted.by(side));
    let changed = read::seen_by(concerns.collect(), reader);
    Since { messages: read::seen_by(since.messages, reader), changed, ..since }
}
