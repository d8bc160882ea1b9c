//! A store whose every read is interrupted by what else goes on.

use std::sync::{Arc, Weak};

use kefu_domain::{
    ChangedPage, Conversation, ConversationId, ConversationPage, ConversationRepository, Head, Member, Message,
    MessagePage, MessageRepository, Scope, ShopId, Side, StoreError, TenantId, Timestamp,
};

use super::world::Shared;

pub(super) struct Meddled(pub(super) Weak<Shared>);

impl Meddled {
    fn read<T>(&self, question: impl FnOnce(&Shared) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let shared: Arc<Shared> = self.0.upgrade().unwrap();
        shared.meddle();
        let answer = shared.trouble().map_or_else(|| question(&shared), Err);
        shared.meddle();
        answer
    }
}

impl ConversationRepository for Meddled {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        self.read(|shared| shared.store.find(tenant, shops, id))
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        self.read(|shared| shared.store.of_member(member))
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        self.read(|shared| shared.store.list(scope, page))
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        self.read(|shared| shared.store.changes(scope, page))
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        self.read(|shared| shared.store.heads(scopes, within))
    }
}

impl MessageRepository for Meddled {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(|shared| shared.store.page(scope, id, reader, page))
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(|shared| shared.store.altered(scope, id, since, up_to, limit))
    }
}
