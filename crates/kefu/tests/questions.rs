//! Questions to a database that does not answer: who gave up is not served afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use common::{Ear, admin, everybody_waits};
use kefu::domain::memory::MemoryStore;
use kefu::domain::{
    ChangedPage, Conversation, ConversationId, ConversationPage, ConversationRepository, Head, Member, Message,
    MessagePage, MessageRepository, MockAdminDirectory, MockMemberDirectory, Need, Profile, Scope, ShopId, Side, Store,
    StoreError, TenantId, Timestamp, Transaction,
};

/// A store whose reads wait until the gate is open.
#[derive(Clone, Default)]
struct Frozen {
    store: MemoryStore,
    open: Arc<(Mutex<bool>, Condvar)>,
    read: Arc<AtomicUsize>,
}

impl Frozen {
    fn thaw(&self) {
        *self.open.0.lock().unwrap() = true;
        self.open.1.notify_all();
    }

    fn wait(&self) {
        let open = self.open.0.lock().unwrap();
        drop(self.open.1.wait_while(open, |open| !*open).unwrap());
        self.read.fetch_add(1, Ordering::SeqCst);
    }
}

impl ConversationRepository for Frozen {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.wait();
        self.store.find(tenant, shops, id)
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.store.of_member(member)
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.store.list(scope, page)
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.store.changes(scope, page)
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        self.store.heads(scopes, within)
    }
}

impl MessageRepository for Frozen {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.store.page(scope, id, reader, page)
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.store.altered(scope, id, since, up_to, limit)
    }
}

impl Store for Frozen {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        self.store.open(member)
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        self.store.begin(needs)
    }
}

#[tokio::test]
async fn after_an_outage_the_living_are_served_and_not_the_backlog() {
    let frozen = Frozen::default();
    let ear = Ear::new(&frozen.store);
    let desk = kefu::builder(frozen.clone(), MockMemberDirectory::new(), MockAdminDirectory::new(), ear).build();
    let agent = Arc::new(desk.admin(admin(7), Profile::default()));
    let asking: Vec<_> = (0..2_000)
        .map(|_| {
            let agent = agent.clone();
            tokio::spawn(async move { agent.conversation(ConversationId(1)).await })
        })
        .collect();
    everybody_waits().await;

    asking.iter().for_each(tokio::task::JoinHandle::abort);
    for one in asking {
        assert!(one.await.unwrap_err().is_cancelled());
    }
    frozen.thaw();
    let answer = agent.conversation(ConversationId(1)).await;

    assert_eq!(answer.unwrap(), None);
    let read = frozen.read.load(Ordering::SeqCst);
    assert!((1..=129).contains(&read), "{read} questions were put to the database");
}
