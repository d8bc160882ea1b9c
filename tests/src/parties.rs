//! Whether everybody has seen what the books hold: the parties of kefu.v2 all of it, in order and once; the mall's
//! pages all of it among what they were pushed and what they asked for, and nothing twice on one socket.

mod log;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::v2::{Applied, Thread};
use crate::{Books, MallPage, PageState, Push, Side, V2Client};

pub use log::Entry;

impl Books {
    /// The client shows of every conversation that it follows what its side may see, in order and once, with the
    /// marks of today; what was answered to it is stored so; and the server broke no promise to it.
    ///
    /// A conversation is whole unless it was begun with its newest page.
    #[track_caller]
    pub fn are_shown_by(&self, client: &V2Client) {
        client.flawless();
        let state = client.state();
        let rows: BTreeMap<i64, _> = self.conversations().into_iter().map(|row| (row.id, row)).collect();
        for (id, thread) in state.notebook().threads() {
            let Some(row) = rows.get(id) else { panic!("conversation {id} is shown and not stored") };
            let wrong = compare(&self.log_of(*id, client.side()), thread);
            assert!(wrong.is_empty(), "of conversation {id}, {} things are wrong: {}", wrong.len(), wrong.join("; "));
            let cursor = thread.cursor();
            assert_eq!((cursor.seq, cursor.change), (row.head, row.change), "how far it came in conversation {id}");
            let marks = (thread.member_read, thread.desk_read);
            assert_eq!(marks, (row.member_read, row.desk_read), "the read marks of conversation {id}");
        }
        let stored: BTreeMap<i64, _> = self.all_messages().into_iter().map(|row| (row.id, row)).collect();
        for ack in state.outbox().acks().values().filter(|ack| ack.action == "send") {
            let row = stored.get(&ack.id).map(|row| (row.conversation, row.seq, row.key.as_deref()));
            assert_eq!(
                row,
                Some((ack.conversation, ack.seq, Some(ack.key.as_str()))),
                "what was acknowledged: {ack:?}"
            );
        }
    }

    /// Of that conversation the page was pushed or has asked for all that its side may see, and nothing else; and on
    /// no socket anything came twice or too early.
    #[track_caller]
    pub fn are_covered_by(&self, page: &MallPage, conversation: i64) {
        let wrong = covers(&self.log_of(conversation, page.side()), conversation, &page.state());
        assert!(wrong.is_empty(), "{} things are wrong: {}", wrong.len(), wrong.join("; "));
    }

    /// On no socket of the page anything came twice or too early, whatever it missed.
    #[track_caller]
    pub fn came_once_to(&self, page: &MallPage, conversation: i64) {
        let wrong = once_a_socket(&self.log_of(conversation, page.side()), conversation, &page.state());
        assert!(wrong.is_empty(), "{} things are wrong: {}", wrong.len(), wrong.join("; "));
    }

    /// A conversation as that side may see it, in order.
    #[must_use]
    pub fn log_of(&self, conversation: i64, side: Side) -> Vec<Entry> {
        self.messages(conversation).iter().map(|row| Entry::of(row, side)).collect()
    }
}

/// What is wrong with what a client shows.
fn compare(log: &[Entry], thread: &Thread) -> Vec<String> {
    let applied = thread.applied();
    let first = applied.first().map_or(1, |first| first.seq);
    let mut wrong = Vec::new();
    if first != 1 && thread.resets == 0 {
        wrong.push(format!("it begins with {first}"));
    }
    let due = log.iter().filter(|entry| entry.seq >= first);
    let mut shown = applied.iter();
    for entry in due {
        match shown.next() {
            None => wrong.push(format!("{} is missing", entry.seq)),
            Some(one) if one.seq != entry.seq => {
                wrong.push(format!("{} stands where {} should", one.seq, entry.seq));
                // One displaced message displaces all behind it.
                return wrong;
            }
            Some(one) => wrong.extend(differences(entry, one)),
        }
    }
    wrong.extend(shown.map(|one| format!("{} is not stored", one.seq)));
    wrong
}

fn differences(entry: &Entry, one: &Applied) -> Option<String> {
    let key = |key: &Option<String>| key.clone().unwrap_or_default();
    let stored = (entry.id, entry.from.as_str(), entry.time, entry.revoked, entry.deleted);
    let shown = (one.id, one.from.as_str(), one.created_at, one.revoked, one.deleted);
    if stored != shown {
        return Some(format!("{} is {shown:?} and not {stored:?}", entry.seq));
    }
    // What one side has deleted need not say who sent it under which key.
    if !entry.deleted && key(&entry.key) != key(&one.client_msg_id) {
        return Some(format!("{} has another key", entry.seq));
    }
    if !entry.says(&one.content) {
        return Some(format!("{} says something else", entry.seq));
    }
    if !entry.deleted && entry.style != one.form.0 {
        return Some(format!("{} is {:?} and not {:?}", entry.seq, one.form.0, entry.style));
    }
    (!entry.deleted && entry.quote != one.quote).then(|| format!("{} quotes another message", entry.seq))
}

/// What is wrong with what a page has heard.
fn covers(log: &[Entry], conversation: i64, page: &PageState) -> Vec<String> {
    let mut wrong = once_a_socket(log, conversation, page);
    let heard = page.heard_of(conversation);
    let missing = log.iter().filter(|entry| !entry.deleted && !heard.contains(&entry.id));
    wrong.extend(missing.map(|entry| format!("{} was neither pushed nor listed", entry.seq)));
    wrong
}

fn once_a_socket(log: &[Entry], conversation: i64, page: &PageState) -> Vec<String> {
    let stored: BTreeMap<i64, (i64, i64)> = log.iter().map(|entry| (entry.id, (entry.seq, entry.time))).collect();
    let known = |push: &&Push| stored.get(&push.id) == Some(&(push.seq, push.time));
    let of_it = |push: &&Push| push.conversation == conversation;
    let strays = |pushes: &[Push], place: &str| -> Vec<String> {
        let strays = pushes.iter().filter(of_it).filter(|push| !known(push));
        strays.map(|push| format!("{} came {place} and is not stored so", push.seq)).collect()
    };
    let mut wrong: Vec<String> = page.lists.iter().flat_map(|list| strays(list, "in a list")).collect();
    for (number, socket) in page.sockets.iter().enumerate() {
        wrong.extend(strays(&socket.pushes, "on a socket"));
        let pushes: Vec<_> = socket.pushes.iter().filter(of_it).collect();
        let unique: BTreeSet<i64> = pushes.iter().map(|push| push.id).collect();
        let order = pushes.iter().map(|push| push.seq).collect::<Vec<_>>();
        let complaint = match (unique.len() == pushes.len(), order.is_sorted()) {
            (false, _) => "something twice",
            (true, false) => "something too early",
            (true, true) => continue,
        };
        wrong.push(format!("on socket {number} came {complaint}: {order:?}"));
    }
    wrong.extend(page.sockets.iter().flat_map(|socket| &socket.unreadable).map(|_| "an unreadable frame".to_owned()));
    wrong
}
