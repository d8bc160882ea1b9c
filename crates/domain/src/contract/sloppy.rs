//! A planted bug: a store that keeps the desk's counter by adding to it outside the lock, as the mall does.
//!
//! Alone it does no harm. It shows that the schedules see what they are there to see.

use super::schedule::perform;
use super::tools::{patiently, row};
use super::{Fixture, WholeStore};
use crate::{
    ChangedPage, Committed, Conversation, ConversationId, ConversationPage, ConversationRepository, ConversationState,
    Head, Member, Message, MessagePage, MessageRepository, Need, Scope, ShopId, Side, Store, StoreError, TenantId,
    Timestamp, Transaction, UnitOfWork,
};

/// Finds that schedules complain about a counter that is read, and written back in a transaction of its own.
pub fn a_counter_kept_outside_the_lock_is_caught(fixture: &impl Fixture) {
    let sloppy = Sloppy(fixture.store());

    for seed in 1_000..1_010 {
        assert_eq!(perform(&sloppy, seed, false), Ok(()), "one at a time nothing goes wrong");
    }
    let caught = (0..1_000).find_map(|seed| perform(&sloppy, seed, true).err());

    let complaint = caught.unwrap_or_else(|| panic!("a thousand schedules did not notice"));
    assert!(complaint.starts_with("the desk's unread counter is"), "{complaint}");
}

/// A store with the bug; everything else of it is the store underneath.
#[derive(Debug)]
pub struct Sloppy<'a, S>(pub &'a S);

struct SloppyTransaction<'a, S> {
    store: &'a S,
    inner: Box<dyn Transaction + 'a>,
    loaded: Vec<(ConversationId, Scope, i64)>,
}

impl<S: WholeStore> Store for Sloppy<'_, S> {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        self.0.open(member)
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        let mut inner = self.0.begin(needs)?;
        let work = inner.work();
        let loaded = needs.iter().filter_map(|need| work.conversation(need.conversation));
        let loaded = loaded.map(|found| (found.id, found.scope, found.desk_unread)).collect();
        Ok(Box::new(SloppyTransaction { store: self.0, inner, loaded }))
    }
}

impl<S: WholeStore> Transaction for SloppyTransaction<'_, S> {
    fn work(&mut self) -> &mut UnitOfWork {
        self.inner.work()
    }

    fn commit(self: Box<Self>) -> Result<Committed, StoreError> {
        let Self { store, mut inner, loaded } = *self;
        let mut owed = Vec::new();
        for (id, scope, before) in loaded {
            let after = inner.work().conversation(id).map_or(before, |found| found.desk_unread);
            if after != before {
                set_counter(inner.work(), id, before);
                owed.push((id, scope, after - before));
            }
        }
        let committed = inner.commit()?;
        for (id, scope, difference) in owed {
            let counter = store.find(scope.tenant, &[scope.shop], id)?.map_or(0, |found| found.desk_unread);
            std::thread::yield_now();
            patiently(store, &[row(id)], |work| set_counter(work, id, counter + difference));
        }
        Ok(committed)
    }
}

fn set_counter(work: &mut UnitOfWork, id: ConversationId, desk_unread: i64) {
    work.alter(id, |conversation, _| {
        let state: &ConversationState = conversation;
        *conversation = Conversation::restore(ConversationState { desk_unread, ..state.clone() });
        (true, ())
    });
}

impl<S: WholeStore> ConversationRepository for Sloppy<'_, S> {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.0.find(tenant, shops, id)
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.0.of_member(member)
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.0.list(scope, page)
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.0.changes(scope, page)
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        self.0.heads(scopes, within)
    }
}

impl<S: WholeStore> MessageRepository for Sloppy<'_, S> {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.0.page(scope, id, reader, page)
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.0.altered(scope, id, since, up_to, limit)
    }
}
