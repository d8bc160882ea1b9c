//! A unit of work is filled: conversations locked, and what the commands need to know of them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use kefu_domain::{ClientMsgId, ConversationId, Need, Party, Side, StoreError, Timestamp, Transaction, UnitOfWork};

use super::super::dialect;
use super::commit::Unit;
use super::transact::Begun;
use super::{Condition, Db, MEMBER, any_of, clock};
use crate::kept::{LARGEST, filled, one_of};
use crate::rows::MessageRow;
use crate::schema::{promotion_kefu_conversation as conversation, promotion_kefu_message as message};
use crate::stored::Stored;

impl Db {
    pub(crate) fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let ids: BTreeSet<_> = needs.iter().map(|need| need.conversation.0).collect();
        let ids: Vec<_> = ids.into_iter().collect();

        let mut begun = self.begin_one()?;
        let (mut work, now) = self.lock(&mut begun, &ids)?;
        self.load_earlier(&mut begun, &mut work, needs)?;
        load_unread(&mut begun, &mut work, needs)?;
        self.load_named(&mut begun, &mut work, needs)?;
        self.load_newest(&mut begun, &mut work, needs)?;
        Ok(Box::new(Unit::new(begun, work, now, self.offset)))
    }

    /// Locks what is free; what is not is either held by somebody else or does not exist.
    fn lock(&self, begun: &mut Begun<'_>, ids: &[i64]) -> Result<(UnitOfWork, Timestamp), StoreError> {
        let mut locked = Vec::with_capacity(ids.len());
        let mut now: Option<Stored> = None;
        for ids in ids.chunks(LARGEST) {
            let rows = begun.run(|conn| dialect::lock(conn, ids))?;
            // Of several statements the last one's clock: no row was locked after it.
            now = rows.first().map(|(_, time)| *time).max(now);
            locked.extend(rows.into_iter().map(|(row, _)| row));
        }
        let now = match now {
            Some(now) => now,
            None => begun.run(clock)?,
        };

        let now = self.offset.instant(now);
        let mut work = UnitOfWork::new(now);
        let held: BTreeSet<_> = locked.iter().map(|row| row.id).collect();
        let missing: Vec<_> = ids.iter().copied().filter(|id| !held.contains(id)).collect();
        for missing in missing.chunks(LARGEST) {
            let existing: Vec<i64> = begun.run(|conn| {
                conversation::table
                    .filter(one_of(conversation::id, missing))
                    .filter(conversation::deleted.eq(false))
                    .select(conversation::id)
                    .load(conn)
            })?;
            existing.into_iter().for_each(|id| work.is_elsewhere(ConversationId(id)));
        }
        locked.into_iter().for_each(|row| work.lock(row.conversation(self.offset)));
        Ok((work, now))
    }

    /// Loads the messages that were stored earlier with the needs' keys.
    fn load_earlier(&self, begun: &mut Begun<'_>, work: &mut UnitOfWork, needs: &[Need]) -> Result<(), StoreError> {
        let keys: Vec<_> = needs
            .iter()
            .filter(|need| work.conversation(need.conversation).is_some())
            .filter_map(|need| need.key.as_ref().map(|(sender, key)| (need.conversation, *sender, key)))
            .collect();
        for keys in keys.chunks(LARGEST) {
            let Some(condition) = any_of(filled(keys).into_iter().map(keyed).collect()) else { continue };
            let earlier = message::table.filter(condition).select(MessageRow::as_select());
            let rows: Vec<MessageRow> = begun.run(|conn| earlier.load(conn))?;
            rows.into_iter().for_each(|row| work.remember(row.message(self.offset)));
        }
        Ok(())
    }
}

impl Db {
    /// Loads the messages that the needs name.
    fn load_named(&self, begun: &mut Begun<'_>, work: &mut UnitOfWork, needs: &[Need]) -> Result<(), StoreError> {
        let of_ours = needs.iter().filter(|need| work.conversation(need.conversation).is_some());
        let ids: BTreeSet<_> = of_ours.filter_map(|need| need.message.map(|message| message.0)).collect();
        let ids: Vec<_> = ids.into_iter().collect();
        for ids in ids.chunks(LARGEST) {
            let rows: Vec<MessageRow> = begun.run(|conn| {
                message::table
                    .filter(one_of(message::id, ids))
                    .filter(message::deleted.eq(false))
                    .filter(message::seq.is_not_null())
                    .select(MessageRow::as_select())
                    .load(conn)
            })?;
            rows.into_iter().for_each(|row| work.has_message(row.message(self.offset)));
        }
        Ok(())
    }

    /// Loads what may become the list's preview when messages of the batch go.
    fn load_newest(&self, begun: &mut Begun<'_>, work: &mut UnitOfWork, needs: &[Need]) -> Result<(), StoreError> {
        let mut wanted: BTreeMap<ConversationId, i64> = BTreeMap::new();
        for need in needs.iter().filter(|need| need.preview && work.conversation(need.conversation).is_some()) {
            *wanted.entry(need.conversation).or_insert(1) += 1;
        }
        for (id, limit) in wanted {
            let rows: Vec<MessageRow> = begun.run(|conn| {
                message::table
                    .filter(message::conversation_id.eq(id.0))
                    .filter(message::deleted.eq(false))
                    .filter(message::admin_deleted.eq(false))
                    .filter(message::seq.is_not_null())
                    .order(message::seq.desc())
                    .limit(limit)
                    .select(MessageRow::as_select())
                    .load(conn)
            })?;
            work.has_newest(id, rows.into_iter().map(|row| row.message(self.offset)).collect());
        }
        Ok(())
    }
}

/// The one message of a key. A deleted one counts: its key is still taken.
fn keyed((id, sender, key): (ConversationId, Party, &ClientMsgId)) -> Condition<message::table> {
    Box::new(
        message::conversation_id
            .eq(id.0)
            .and(message::sender_type.eq(sender.user_type()))
            .and(message::sender_id.eq(sender.id()))
            .and(message::client_msg_id.assume_not_null().eq(key.as_str().to_owned())),
    )
}

/// Loads the numbers of the other side's messages above the cursors that the needs ask about.
fn load_unread(begun: &mut Begun<'_>, work: &mut UnitOfWork, needs: &[Need]) -> Result<(), StoreError> {
    for side in [Side::Member, Side::Desk] {
        let mut unread: BTreeMap<ConversationId, Vec<i64>> = BTreeMap::new();
        let mut cursors = Vec::new();
        for need in needs.iter().filter(|need| need.unread == Some(side)) {
            let Some(conversation) = work.conversation(need.conversation) else { continue };
            // The desk knows its own number of unread messages; nearly always it is none.
            let asks = side == Side::Member || conversation.desk_unread > 0;
            if unread.insert(conversation.id, Vec::new()).is_none() && asks {
                cursors.push((conversation.id, conversation.read_seq(side)));
            }
        }
        for cursors in cursors.chunks(LARGEST) {
            let conditions = filled(cursors).into_iter().map(|(id, cursor)| above(id, side, cursor)).collect();
            let Some(condition) = any_of(conditions) else { continue };
            let rows: Vec<(i64, i64)> = begun.run(|conn| {
                message::table
                    .filter(condition)
                    .filter(message::deleted.eq(false))
                    .filter(message::revoked_time.is_null())
                    .select((message::conversation_id, message::seq.assume_not_null()))
                    .load(conn)
            })?;
            for (id, seq) in rows {
                unread.entry(ConversationId(id)).or_default().push(seq);
            }
        }
        for (id, mut seqs) in unread {
            seqs.sort_unstable();
            work.has_unread(id, side, seqs);
        }
    }
    Ok(())
}

/// The other side's messages above a cursor that this side has not deleted.
fn above(id: ConversationId, reader: Side, cursor: i64) -> Condition<message::table> {
    let above = message::conversation_id.eq(id.0).and(message::seq.assume_not_null().gt(cursor));
    match reader {
        Side::Desk => Box::new(above.and(heard_by(reader)).and(message::admin_deleted.eq(false))),
        Side::Member => Box::new(above.and(heard_by(reader)).and(message::member_deleted.eq(false))),
    }
}

/// What a side reads: the other side's messages.
pub(super) fn heard_by(reader: Side) -> Condition<message::table> {
    match reader {
        Side::Desk => Box::new(message::sender_type.eq(MEMBER)),
        Side::Member => Box::new(message::sender_type.ne(MEMBER)),
    }
}
