//! The desk's list, over several shops.

use std::collections::HashMap;

use kefu_domain::{Agent, ChangedPage, Conversation, ConversationPage, MemberId, Profile, TenantId};

use super::{Inner, Listed, store};
use crate::Error;

/// A page over several shops: as much of each as may be needed, in the one order of the list.
pub(super) fn newest(desk: &Inner, me: &Agent, page: &ConversationPage) -> Result<Vec<Conversation>, Error> {
    let pages = me.scopes().map(|scope| store(desk.archive.conversations.list(scope, page)));
    one_page(pages, page.limit as usize, |one| std::cmp::Reverse((one.pinned, one.last.time, one.id)))
}

/// What has changed over several shops, in the order of changes.
pub(super) fn changed(desk: &Inner, me: &Agent, page: &ChangedPage) -> Result<Vec<Conversation>, Error> {
    let pages = me.scopes().map(|scope| store(desk.archive.conversations.changes(scope, page)));
    one_page(pages, page.limit as usize, |one| (one.changed, one.id))
}

/// Holds two pages at a time, however many there are.
fn one_page<K: Ord>(
    pages: impl Iterator<Item = Result<Vec<Conversation>, Error>>,
    limit: usize,
    place: impl Fn(&Conversation) -> K,
) -> Result<Vec<Conversation>, Error> {
    let mut kept = Vec::new();
    for page in pages {
        kept.extend(page?);
        kept.sort_by_key(&place);
        kept.truncate(limit);
    }
    Ok(kept)
}

/// Conversations with their members, as far as the directory knows them: one that does not answer leaves names out.
pub(super) fn lines(desk: &Inner, tenant: TenantId, found: impl IntoIterator<Item = Conversation>) -> Vec<Listed> {
    let found: Vec<_> = found.into_iter().collect();
    let ids: Vec<_> = found.iter().map(|conversation| conversation.member).collect();
    let profiles = members(desk, tenant, &ids);
    let line = |conversation: Conversation| {
        let member = profiles.get(&conversation.member).cloned().unwrap_or_default();
        Listed { conversation, member }
    };
    found.into_iter().map(line).collect()
}

fn members(desk: &Inner, tenant: TenantId, ids: &[MemberId]) -> HashMap<MemberId, Profile> {
    if ids.is_empty() {
        return HashMap::new();
    }
    desk.members.profiles(tenant, ids).unwrap_or_else(|error| {
        tracing::warn!(error = %error.0, "the directory of members did not answer");
        HashMap::new()
    })
}

#[cfg(test)]
mod tests {
    use kefu_domain::{ConversationId, ConversationState, Scope, Timestamp};

    use super::*;

    #[test]
    fn a_page_over_many_shops_never_holds_more_than_two() {
        const SHOPS: i64 = 200;
        const LIMIT: i64 = 10;
        let opened = |id: i64, time: i64| {
            let scope = Scope::platform(TenantId(1));
            let opened = ConversationState::opened(ConversationId(id), scope, MemberId(id), Timestamp(time));
            Conversation::restore(opened)
        };
        let page = |shop: i64| {
            Ok::<Vec<_>, Error>((0..LIMIT).map(|n| opened(shop * LIMIT + n, (n * 7 + shop * 3) % 1_000)).collect())
        };

        let kept = one_page((0..SHOPS).map(page), 10, |one| std::cmp::Reverse((one.last.time, one.id))).unwrap();

        let mut all: Vec<_> = (0..SHOPS).flat_map(|shop| page(shop).unwrap()).collect();
        all.sort_by_key(|one: &Conversation| std::cmp::Reverse((one.last.time, one.id)));
        assert_eq!(kept, all[..10]);
        assert!(kept.capacity() <= 20, "room was made for {}", kept.capacity());
    }
}
