//! What an agent may ask: the list, a conversation, its pages; to write, to read, to pin, to hide.

use std::collections::HashMap;
use std::sync::Arc;

use kefu_domain::{
    Act, Admin, Command, Conversation, ConversationId, ConversationPage, MemberId, MessagePage, Profile, Refusal, Sent,
};

use tokio::time::Instant;

use super::read::{self, UpTo};
use super::{History, Inner, Listed, Post, deadline, store};
use crate::Error;

/// What one agent may do at their desk.
pub struct AdminDesk {
    pub(super) desk: Arc<Inner>,
    pub(super) me: Admin,
    pub(super) profile: Profile,
}

impl AdminDesk {
    /// A page of the desk's list.
    pub async fn conversations(&self, page: ConversationPage) -> Result<Vec<Listed>, Error> {
        let scope = self.me.scope;
        self.desk
            .ask(deadline(), move |desk| {
                let found = store(desk.conversations.list(scope, &page))?;
                let ids: Vec<_> = found.iter().map(|conversation| conversation.member).collect();
                let mut profiles = members(desk, scope.tenant, &ids);
                let line = |conversation: Conversation| {
                    let member = profiles.remove(&conversation.member).unwrap_or_default();
                    Listed { conversation, member }
                };
                Ok(found.into_iter().map(line).collect())
            })
            .await
    }

    /// One conversation, hidden ones too; `None` for what does not exist here, or has no message yet.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Listed>, Error> {
        let scope = self.me.scope;
        self.desk
            .ask(deadline(), move |desk| {
                let found = store(desk.conversations.find(scope, id))?.filter(|found| found.head_seq > 0);
                Ok(found.map(|conversation| {
                    let member = members(desk, scope.tenant, &[conversation.member])
                        .remove(&conversation.member)
                        .unwrap_or_default();
                    Listed { conversation, member }
                }))
            })
            .await
    }

    /// A page of a conversation; empty for what does not exist here.
    pub async fn history(&self, id: ConversationId, page: MessagePage) -> Result<History, Error> {
        let me = self.me;
        self.desk
            .ask(deadline(), move |desk| {
                let here = store(desk.conversations.find(me.scope, id))?.is_some();
                if here { read::page(desk, me.scope, me.party(), id, page) } else { Ok(History::default()) }
            })
            .await
    }

    /// Writes to the member. Committed when this returns; keys work as for members.
    pub async fn send(&self, id: ConversationId, post: Post) -> Result<Sent, Error> {
        let until = deadline();
        self.place(until, id).await?;
        let command = Command::of_admin(self.me, id, Act::Send(post.draft()?));
        self.desk.say(until, command, self.profile.avatar.clone()).await
    }

    /// Marks what the member wrote as read by the desk, up to a number, or up to what this agent has been shown.
    pub async fn read(&self, id: ConversationId, up_to: Option<i64>) -> Result<(), Error> {
        let (me, until) = (self.me, deadline());
        let target = self
            .desk
            .ask(until, move |desk| {
                let found = store(desk.conversations.find(me.scope, id))?.ok_or(Refusal::NoSuchConversation(id))?;
                Ok(read::target(desk, &found, me.party(), up_to))
            })
            .await?;
        match target {
            UpTo::Nothing => Ok(()),
            UpTo::Seq(seq) => self.carry(until, id, Act::ReadUpTo(seq)).await,
        }
    }

    /// Pins or unpins, for all agents.
    pub async fn pin(&self, id: ConversationId, pinned: bool) -> Result<(), Error> {
        self.carry(deadline(), id, Act::Pin(pinned)).await
    }

    /// Hides from the desk's list until somebody writes again. The history stays.
    pub async fn hide(&self, id: ConversationId) -> Result<(), Error> {
        self.carry(deadline(), id, Act::Hide).await
    }

    async fn carry(&self, until: Instant, id: ConversationId, act: Act) -> Result<(), Error> {
        self.desk.carry(until, Command::of_admin(self.me, id, act), None).await.map(|_| ())
    }

    /// The conversation must be of this scope, and the directory must not deny its member. Asked before any row is
    /// locked.
    async fn place(&self, until: Instant, id: ConversationId) -> Result<MemberId, Error> {
        let scope = self.me.scope;
        if let Some((_, member)) = self.desk.known.place(id).filter(|(place, _)| *place == scope) {
            return Ok(member);
        }
        self.desk
            .ask(until, move |desk| {
                let found = store(desk.conversations.find(scope, id))?.ok_or(Refusal::NoSuchConversation(id))?;
                let denied = desk.members.denies(scope.tenant, found.member).unwrap_or_else(|error| {
                    tracing::warn!(error = %error.0, "the directory of members did not answer");
                    false
                });
                if denied {
                    return Err(Refusal::NoSuchMember(found.member).into());
                }
                desk.known.is_placed(id, scope, found.member);
                Ok(found.member)
            })
            .await
    }
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
