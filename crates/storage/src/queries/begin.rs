//! A unit of work is filled: conversations locked, and what the commands need to know of them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use kefu_domain::{ClientMsgId, ConversationId, MemberId, Need, Party, Side, StoreError, Timestamp, Transaction, UnitOfWork};

use super::super::dialect;
use super::commit::Unit;
use super::transact::Begun;
use super::{Condition, Db, any_of, clock};
use crate::rows::MessageRow;
use crate::schema::{promotion_kefu_conversation as conversation, promotion_kefu_message as message};
use crate::stored::Stored;

/// Conditions in one statement, at most.
const CONDITIONS: usize = 200;

/// Ids in one statement, at most; far above any batch.
const IDS: usize = 500;

/// The mall's user type of members.
const MEMBER: i32 = Party::Member(MemberId(0)).user_type();

/// The unread numbers that are asked for: whose, and above which cursor.
type Unread = BTreeMap<(ConversationId, Side), i64>;

impl Db {
    pub(crate) fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let ids: BTreeSet<_> = needs.iter().map(|need| need.conversation.0).collect();
        let ids: Vec<_> = ids.into_iter().collect();

        let mut begun = self.begin_one()?;
        let (mut work, now) = self.lock(&mut begun, &ids)?;
        self.load_earlier(&mut begun, &mut work, needs)?;
        load_unread(&mut begun, &mut work, needs)?;
        Ok(Box::new(Unit::new(begun, work, now, self.offset)))
    }

    /// Locks what is free; what is not is either held by somebody else or does not exist.
    fn lock(&self, begun: &mut Begun<'_>, ids: &[i64]) -> Result<(UnitOfWork, Timestamp), StoreError> {
        let mut locked = Vec::with_capacity(ids.len());
        let mut now: Option<Stored> = None;
        for ids in ids.chunks(IDS) {
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
        for missing in missing.chunks(IDS) {
            let existing: Vec<i64> = begun.run(|conn| {
                conversation::table
                    .filter(conversation::id.eq_any(missing))
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
        let mut conditions: Vec<Condition<message::table>> = needs
            .iter()
            .filter(|need| work.conversation(need.conversation).is_some())
            .filter_map(|need| need.key.as_ref().map(|(sender, key)| keyed(need.conversation, *sender, key)))
            .collect();
        while !conditions.is_empty() {
            let rest = conditions.split_off(conditions.len().min(CONDITIONS));
            if let Some(condition) = any_of(conditions) {
                let rows: Vec<MessageRow> = begun
                    .run(|conn| message::table.filter(condition).select(MessageRow::as_select()).load(conn))?;
                rows.into_iter().for_each(|row| work.remember(row.message(self.offset)));
            }
            conditions = rest;
        }
        Ok(())
    }
}

/// The one message of a key. A deleted one counts: its key is still taken.
fn keyed(id: ConversationId, sender: Party, key: &ClientMsgId) -> Condition<message::table> {
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
    let mut wanted = Unread::new();
    let mut found: BTreeMap<(ConversationId, Side), Vec<i64>> = BTreeMap::new();
    for need in needs {
        let (Some(side), Some(conversation)) = (need.unread, work.conversation(need.conversation)) else { continue };
        found.entry((conversation.id, side)).or_default();
        // The desk knows its own number of unread messages; nearly always it is none.
        if side == Side::Member || conversation.desk_unread > 0 {
            wanted.insert((conversation.id, side), conversation.read_seq(side));
        }
    }

    let wanted: Vec<_> = wanted.into_iter().collect();
    for wanted in wanted.chunks(CONDITIONS) {
        let condition = any_of(wanted.iter().map(|((id, side), cursor)| unread(*id, *side, *cursor)).collect());
        let Some(condition) = condition else { continue };
        let rows: Vec<(i64, i32, i64)> = begun.run(|conn| {
            message::table
                .filter(condition)
                .filter(message::deleted.eq(false))
                .select((message::conversation_id, message::sender_type, message::seq.assume_not_null()))
                .load(conn)
        })?;
        for (id, sender_type, seq) in rows {
            let reader = match Party::of(sender_type, 0).side() {
                Side::Member => Side::Desk,
                Side::Desk => Side::Member,
            };
            if let Some(seqs) = found.get_mut(&(ConversationId(id), reader)) {
                seqs.push(seq);
            }
        }
    }
    for ((id, side), mut seqs) in found {
        seqs.sort_unstable();
        work.has_unread(id, side, seqs);
    }
    Ok(())
}

/// The other side's messages above a cursor.
fn unread(id: ConversationId, reader: Side, cursor: i64) -> Condition<message::table> {
    let above = message::conversation_id.eq(id.0).and(message::seq.assume_not_null().gt(cursor));
    Box::new(above.and(heard_by(reader)))
}

/// What a side reads: the other side's messages.
pub(super) fn heard_by(reader: Side) -> Condition<message::table> {
    match reader {
        Side::Desk => Box::new(message::sender_type.eq(MEMBER)),
        Side::Member => Box::new(message::sender_type.ne(MEMBER)),
    }
}
