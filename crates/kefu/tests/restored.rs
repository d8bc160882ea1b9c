//! A database that is another one all of a sudden, as after a backup was restored: the ids that were remembered are
//! somebody else's there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{Ear, Room, member, text};
use kefu::Error;
use kefu::domain::memory::MemoryStore;
use kefu::domain::{
    ChangedPage, Conversation, ConversationId, ConversationPage, ConversationRepository, Head, Member, Message,
    MessagePage, MessageRepository, Need, Refusal, Scope, ShopId, Side, Store, StoreError, TenantId, Timestamp,
    Transaction,
};

#[derive(Clone, Default)]
struct Restored {
    before: MemoryStore,
    backup: MemoryStore,
    is_restored: Arc<AtomicBool>,
}

impl Restored {
    fn now(&self) -> &MemoryStore {
        if self.is_restored.load(Ordering::SeqCst) { &self.backup } else { &self.before }
    }
}

impl ConversationRepository for Restored {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.now().find(tenant, shops, id)
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.now().of_member(member)
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.now().list(scope, page)
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.now().changes(scope, page)
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        self.now().heads(scopes, within)
    }
}

impl MessageRepository for Restored {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.now().page(scope, id, reader, page)
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.now().altered(scope, id, since, up_to, limit)
    }
}

impl Store for Restored {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        self.now().open(member)
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        self.now().begin(needs)
    }
}

#[tokio::test]
async fn nobody_is_shown_or_changes_what_has_the_id_that_was_theirs() {
    let stores = Restored::default();
    let (first, second) = (member(1), member(2));
    assert_eq!(stores.before.open(first).unwrap(), stores.backup.open(second).unwrap(), "the same id");
    let room = Room::over(stores.clone(), stores.backup.clone(), Ear::new(&stores.before), |builder| builder);
    room.member(1).send(text("mine, before")).await.unwrap();

    stores.is_restored.store(true, Ordering::SeqCst);
    let theirs = room.member(2).send(text("theirs")).await.unwrap().message;
    let shown = room.member(1).history(MessagePage::Newest(10)).await.unwrap();
    let deleted = room.member(1).delete(theirs.id, None).await;

    assert_eq!(shown.messages, []);
    assert!(matches!(deleted, Err(Error::Refused(Refusal::NoSuchMessage(_)))), "{deleted:?}");
    let mine = room.member(1).send(text("mine, after")).await.unwrap().message;
    let revoked = room.member(1).revoke(mine.id, None).await.unwrap();
    assert_eq!(revoked.conversation, stores.backup.open(first).unwrap());
    assert_eq!(room.member(1).history(MessagePage::Newest(10)).await.unwrap().messages.len(), 1);
}
