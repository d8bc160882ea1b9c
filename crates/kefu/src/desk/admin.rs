//! What an agent may ask: the list, a conversation, its pages; to write, to read, to pin, to hide.

use std::collections::HashMap;
use std::sync::Arc;

use kefu_domain::{
    Act, Admin, Agent, Command, Conversation, ConversationId, ConversationPage, MemberId, MessagePage, Profile,
    Refusal, Sent,
};

use tokio::time::Instant;

use super::read::{self, UpTo};
use super::{History, Inner, Listed, Post, deadline, store};
use crate::Error;
use crate::known::Place;

/// What one agent may do, at the desks of all the shops that they serve. A conversation elsewhere is one that does
/// not exist: reading finds nothing, everything else is refused with [`Refusal::NoSuchConversation`].
#[derive(Clone)]
pub struct AdminDesk {
    pub(super) desk: Arc<Inner>,
    pub(super) me: Agent,
    pub(super) profile: Profile,
}

impl AdminDesk {
    /// A page of the desk's list, over all of the agent's shops; nothing but the page bounds its length. Members whom
    /// the directory does not know, or of whom it does not answer, stand there without a name.
    pub async fn conversations(&self, page: ConversationPage) -> Result<Vec<Listed>, Error> {
        let me = self.me.clone();
        self.desk
            .ask(deadline(), move |desk| {
                let found = list(desk, &me, &page)?;
                let ids: Vec<_> = found.iter().map(|conversation| conversation.member).collect();
                let profiles = members(desk, me.tenant, &ids);
                let line = |conversation: Conversation| {
                    let member = profiles.get(&conversation.member).cloned().unwrap_or_default();
                    Listed { conversation, member }
                };
                Ok(found.into_iter().map(line).collect())
            })
            .await
    }

    /// One conversation, hidden ones too; `None` for what does not exist here, or has no message yet.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Listed>, Error> {
        let me = self.me.clone();
        self.desk
            .ask(deadline(), move |desk| {
                let found = find(desk, &me, id)?.filter(|found| found.head_seq > 0);
                Ok(found.map(|conversation| {
                    let member = members(desk, me.tenant, &[conversation.member])
                        .remove(&conversation.member)
                        .unwrap_or_default();
                    Listed { conversation, member }
                }))
            })
            .await
    }

    /// A page of a conversation; empty for what does not exist here.
    pub async fn history(&self, id: ConversationId, page: MessagePage) -> Result<History, Error> {
        let me = self.me.clone();
        self.desk
            .ask(deadline(), move |desk| match find(desk, &me, id)? {
                Some(found) => read::page(desk, found.scope, me.party(), found.id, page),
                None => Ok(History::default()),
            })
            .await
    }

    /// Writes to the member. Committed when this returns; keys work as for members.
    ///
    /// [`Refusal::NoSuchMember`] where the directory denies the member; [`Refusal::ShopClosed`] where the shop takes
    /// no messages any more.
    pub async fn send(&self, id: ConversationId, post: Post) -> Result<Sent, Error> {
        let until = deadline();
        let (me, id) = self.place(until, id).await?;
        self.desk.admits(until, me.scope).await?;
        let command = Command::of_admin(me, id, Act::Send(post.draft()?));
        self.desk.say(until, command, self.profile.avatar.clone()).await
    }

    /// Marks what the member wrote as read by the desk, up to a number, or up to what this agent has been shown. What
    /// one agent has read, the desk has read.
    pub async fn read(&self, id: ConversationId, up_to: Option<i64>) -> Result<(), Error> {
        let (me, until) = (self.me.clone(), deadline());
        let target = self
            .desk
            .ask(until, move |desk| {
                let found = find(desk, &me, id)?.ok_or(Refusal::NoSuchConversation(id))?;
                let target = read::target(desk, &found, me.party(), up_to);
                Ok((at(&me, &found)?, found.id, target))
            })
            .await?;
        match target {
            (_, _, UpTo::Nothing) => Ok(()),
            (me, id, UpTo::Seq(seq)) => self.carry(until, me, id, Act::ReadUpTo(seq)).await,
        }
    }

    /// Pins or unpins, for all agents.
    pub async fn pin(&self, id: ConversationId, pinned: bool) -> Result<(), Error> {
        self.mark(id, Act::Pin(pinned)).await
    }

    /// Hides from the desk's list until somebody writes again. The history stays.
    pub async fn hide(&self, id: ConversationId) -> Result<(), Error> {
        self.mark(id, Act::Hide).await
    }

    async fn mark(&self, id: ConversationId, act: Act) -> Result<(), Error> {
        let (agent, until) = (self.me.clone(), deadline());
        let place = move |desk: &Inner| {
            let found = find(desk, &agent, id)?.ok_or(Refusal::NoSuchConversation(id))?;
            Ok((at(&agent, &found)?, found.id))
        };
        let (me, id) = self.desk.ask(until, place).await?;
        self.carry(until, me, id, act).await
    }

    async fn carry(&self, until: Instant, me: Admin, id: ConversationId, act: Act) -> Result<(), Error> {
        self.desk.carry(until, Command::of_admin(me, id, act), None).await.map(|_| ())
    }

    /// At which of the agent's desks a conversation is, and its id: one that was merged into another is that other.
    /// The directory must not deny its member. Asked before any row is locked.
    async fn place(&self, until: Instant, id: ConversationId) -> Result<(Admin, ConversationId), Error> {
        if let Some(place) = self.desk.known.place(id)
            && let Some(me) = self.me.at(place.scope)
        {
            return Ok((me, place.id));
        }
        let agent = self.me.clone();
        self.desk
            .ask(until, move |desk| {
                let found = find(desk, &agent, id)?.ok_or(Refusal::NoSuchConversation(id))?;
                let me = at(&agent, &found)?;
                let denied = desk.members.denies(agent.tenant, found.member).unwrap_or_else(|error| {
                    tracing::warn!(error = %error.0, "the directory of members did not answer");
                    false
                });
                if denied {
                    return Err(Refusal::NoSuchMember(found.member).into());
                }
                desk.known.is_placed(id, Place { id: found.id, scope: found.scope });
                Ok((me, found.id))
            })
            .await
    }
}

fn find(desk: &Inner, me: &Agent, id: ConversationId) -> Result<Option<Conversation>, Error> {
    store(desk.conversations.find(me.tenant, &me.shops, id))
}

/// The agent at the desk of a conversation's shop.
fn at(me: &Agent, found: &Conversation) -> Result<Admin, Error> {
    me.at(found.scope).ok_or_else(|| Refusal::NoSuchConversation(found.id).into())
}

/// A page over several shops: as much of each as may be needed, in the one order of the list.
fn list(desk: &Inner, me: &Agent, page: &ConversationPage) -> Result<Vec<Conversation>, Error> {
    one_page(me.scopes().map(|scope| store(desk.conversations.list(scope, page))), page.limit as usize)
}

/// Holds two pages at a time, however many there are.
fn one_page(
    pages: impl Iterator<Item = Result<Vec<Conversation>, Error>>,
    limit: usize,
) -> Result<Vec<Conversation>, Error> {
    let mut kept = Vec::new();
    for page in pages {
        kept.extend(page?);
        kept.sort_by_key(|one: &Conversation| std::cmp::Reverse((one.pinned, one.last.time, one.id)));
        kept.truncate(limit);
    }
    Ok(kept)
}

/// Profiles of members, as far as they are to be had: a directory that does not answer leaves names out.
fn members(desk: &Inner, tenant: kefu_domain::TenantId, ids: &[MemberId]) -> HashMap<MemberId, Profile> {
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
    use kefu_domain::{ConversationState, Scope, TenantId, Timestamp};

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

        let kept = one_page((0..SHOPS).map(page), 10).unwrap();

        let mut all: Vec<_> = (0..SHOPS).flat_map(|shop| page(shop).unwrap()).collect();
        all.sort_by_key(|one: &Conversation| std::cmp::Reverse((one.last.time, one.id)));
        assert_eq!(kept, all[..10]);
        assert!(kept.capacity() <= 20, "room was made for {}", kept.capacity());
    }
}
