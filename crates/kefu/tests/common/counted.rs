//! A store that counts what it is asked, and answers none of it while it is told to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use kefu::domain::memory::MemoryStore;
use kefu::domain::{
    ChangedPage, Conversation, ConversationId, ConversationPage, ConversationRepository, Head, Member, Message,
    MessagePage, MessageRepository, Need, Scope, ShopId, Side, Store, StoreError, TenantId, Timestamp, Transaction,
};

#[derive(Clone, Default)]
pub(crate) struct Counted {
    pub(crate) store: MemoryStore,
    reads: Arc<AtomicUsize>,
    silent: Arc<AtomicBool>,
}

impl Counted {
    /// How many reads there were.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// How many hold the store, whoever asks included.
    pub(crate) fn holders(&self) -> usize {
        Arc::strong_count(&self.reads)
    }

    /// From now on reads fail, or do not.
    pub(crate) fn is_silent(&self, silent: bool) {
        self.silent.store(silent, Ordering::SeqCst);
    }

    fn read(&self) -> Result<&MemoryStore, StoreError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let silent = self.silent.load(Ordering::SeqCst);
        if silent { Err(StoreError::Unavailable("planned by a test".into())) } else { Ok(&self.store) }
    }
}

impl ConversationRepository for Counted {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.read()?.find(tenant, shops, id)
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.read()?.of_member(member)
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.read()?.list(scope, page)
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.read()?.changes(scope, page)
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        self.read()?.heads(scopes, within)
    }
}

impl MessageRepository for Counted {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.read()?.page(scope, id, reader, page)
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.read()?.altered(scope, id, since, up_to, limit)
    }
}

impl Store for Counted {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        self.store.open(member)
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        self.store.begin(needs)
    }
}
