//! A unit of work is written: messages, conversations, read marks, each in as few statements as their sizes allow.

use diesel::prelude::*;
use kefu_domain::{Committed, CursorMove, Message, MessageId, Side, StoreError, Timestamp, Transaction, UnitOfWork};

use super::super::dialect;
use super::begin::heard_by;
use super::transact::Begun;
use super::{Condition, any_of};
use crate::StorageOffset;
use crate::kept::{LARGEST, filled};
use crate::rows::{ConversationRow, Fate, NewMessage, Tombstone, whole_second};
use crate::schema::promotion_kefu_message as message;

/// An open transaction with its unit of work.
pub(super) struct Unit<'a> {
    begun: Begun<'a>,
    work: UnitOfWork,
    now: Timestamp,
    offset: StorageOffset,
}

impl<'a> Unit<'a> {
    pub(super) fn new(begun: Begun<'a>, work: UnitOfWork, now: Timestamp, offset: StorageOffset) -> Self {
        Self { begun, work, now, offset }
    }
}

impl Transaction for Unit<'_> {
    fn work(&mut self) -> &mut UnitOfWork {
        &mut self.work
    }

    fn commit(self: Box<Self>) -> Result<Committed, StoreError> {
        let Self { mut begun, work, now, offset } = *self;
        if work.is_untouched() {
            // Nothing can be lost, so nothing needs to be awaited.
            return Ok(work.into_committed([]));
        }
        let ids = insert(&mut begun, &work, offset)?;
        alter(&mut begun, &work, now, offset)?;
        write_back(&mut begun, &work, now, offset)?;
        mark_read(&mut begun, work.moves(), now, offset)?;
        begun.commit()?;
        Ok(work.into_committed(ids))
    }
}

fn insert(begun: &mut Begun<'_>, work: &UnitOfWork, offset: StorageOffset) -> Result<Vec<MessageId>, StoreError> {
    // A draft's conversation is locked here, else there would be no draft.
    let tenant = |draft: &Message| work.conversation(draft.conversation).map(|found| found.scope.tenant);
    let rows: Vec<_> =
        work.drafts().iter().filter_map(|draft| Some(NewMessage::of(draft, tenant(draft)?, offset))).collect();
    let id_step = begun.id_step();
    let ids = begun.run(|conn| dialect::insert_messages(conn, &rows, id_step))?;
    Ok(ids.into_iter().map(MessageId).collect())
}

/// Messages that were taken back or deleted; seldom more than one in a batch.
fn alter(begun: &mut Begun<'_>, work: &UnitOfWork, now: Timestamp, offset: StorageOffset) -> Result<(), StoreError> {
    for altered in work.altered() {
        let fate = Fate::of(altered, now, offset);
        let row = diesel::update(message::table.find(altered.id.0));
        begun.run(|conn| match Tombstone::of(altered) {
            Some(tombstone) => row.set((fate, tombstone)).execute(conn),
            None => row.set(fate).execute(conn),
        })?;
    }
    Ok(())
}

fn write_back(
    begun: &mut Begun<'_>,
    work: &UnitOfWork,
    now: Timestamp,
    offset: StorageOffset,
) -> Result<(), StoreError> {
    let rows: Vec<_> = work.changed().into_iter().map(|one| ConversationRow::of(one, now, offset)).collect();
    begun.run(|conn| dialect::write_back(conn, &rows))
}

/// Keeps the mall's own column in step with the cursors.
fn mark_read(
    begun: &mut Begun<'_>,
    moves: &[CursorMove],
    now: Timestamp,
    offset: StorageOffset,
) -> Result<(), StoreError> {
    for side in [Side::Member, Side::Desk] {
        let moves: Vec<_> = moves.iter().filter(|moved| moved.side == side).collect();
        for moves in moves.chunks(LARGEST) {
            let Some(passed) = any_of(filled(moves).into_iter().map(passed).collect()) else { continue };
            begun.run(|conn| {
                diesel::update(message::table.filter(passed).filter(message::read_status.eq(false)))
                    .set((message::read_status.eq(true), message::update_time.eq(whole_second(offset.stored(now)))))
                    .execute(conn)
            })?;
        }
    }
    Ok(())
}

/// The messages that a moved cursor has passed.
fn passed(moved: &CursorMove) -> Condition<message::table> {
    let range = message::conversation_id
        .eq(moved.conversation.0)
        .and(message::seq.assume_not_null().gt(moved.from))
        .and(message::seq.assume_not_null().le(moved.to));
    Box::new(range.and(heard_by(moved.side)))
}
