//! What an agent may ask: the list, a conversation, its pages; to write, to read, to pin, to hide, to take back.

use std::sync::Arc;

use kefu_domain::{
    Act, Admin, Agent, ChangedPage, Command, Conversation, ConversationId, ConversationPage, Cursor, MessageId,
    MessagePage, Outline, Profile, Refusal, Scope, Sent, Since,
};

use tokio::time::Instant;

use super::read::{self, UpTo};
use super::{History, Inner, Listed, Post, deadline, list, resume, store, typing};
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
        self.desk.ask(deadline(), move |desk| Ok(list::lines(desk, me.tenant, list::newest(desk, &me, &page)?))).await
    }

    /// What has changed at the desks of all the agent's shops, the longest unchanged first; hidden ones too. Whoever
    /// asks again from the time of the last one, or some time before it, misses nothing.
    pub async fn changed(&self, page: ChangedPage) -> Result<Vec<Listed>, Error> {
        let me = self.me.clone();
        self.desk.ask(deadline(), move |desk| Ok(list::lines(desk, me.tenant, list::changed(desk, &me, &page)?))).await
    }

    /// One conversation, hidden ones too; `None` for what does not exist here, or has no message yet.
    pub async fn conversation(&self, id: ConversationId) -> Result<Option<Listed>, Error> {
        let me = self.me.clone();
        self.desk
            .ask(deadline(), move |desk| {
                let found = find(desk, &me, id)?.filter(|found| found.head_seq > 0);
                Ok(list::lines(desk, me.tenant, found).pop())
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
                Ok((at(&me, found.scope, found.id)?, found.id, target))
            })
            .await?;
        match target {
            (_, _, UpTo::Nothing) => Ok(()),
            (me, id, UpTo::Seq(seq)) => self.carry(until, me, id, Act::ReadUpTo(seq)).await.map(|_| ()),
        }
    }

    /// Pins or unpins, for all agents.
    pub async fn pin(&self, id: ConversationId, pinned: bool) -> Result<(), Error> {
        self.mark(id, Act::Pin(pinned)).await.map(|_| ())
    }

    /// Hides from the desk's list until somebody writes again. The history stays.
    pub async fn hide(&self, id: ConversationId) -> Result<(), Error> {
        self.mark(id, Act::Hide(None)).await.map(|_| ())
    }

    /// Takes back what this agent has said, for everybody. Its number stays, with a tombstone; doing it again changes
    /// nothing.
    ///
    /// [`Refusal::NoSuchMessage`], [`Refusal::NotTheirs`]; [`Refusal::TooLate`] beyond the time of
    /// [`Builder::revoke_within`](crate::Builder::revoke_within). Good again after [`Error::Late`] or
    /// [`Error::Store`].
    pub async fn revoke(&self, id: ConversationId, message: MessageId) -> Result<Outline, Error> {
        self.mark(id, Act::Revoke { message, within: self.desk.revoke_within }).await
    }

    /// Deletes a message for the desk, that is for all agents; the member keeps it. Doing it again changes nothing.
    ///
    /// [`Refusal::NoSuchMessage`] where there is none.
    pub async fn delete(&self, id: ConversationId, message: MessageId) -> Result<Outline, Error> {
        self.mark(id, Act::Delete(message)).await
    }

    /// What is new in a conversation since the cursor that somebody came back with. Join the hub before: what comes
    /// later is told there.
    ///
    /// They start over (`reset`) where the cursor is below 0 or above what the conversation has come to; give one
    /// below 0 for whoever holds none, or one of another [`epoch`](crate::Desk::epoch). Where there is `more`, ask
    /// again with the last message's number and the old change. Costs no question to the database where this process
    /// remembers what has happened since the cursor.
    pub async fn resume(&self, cursor: Cursor) -> Result<Since, Error> {
        let me = self.me.clone();
        if let Some(since) = self.desk.live.recall(cursor) {
            at(&me, since.outline.scope, cursor.conversation)?;
            return Ok(resume::remembered(&self.desk, since, me.party()));
        }
        self.desk
            .ask(deadline(), move |desk| {
                let id = cursor.conversation;
                let found = find(desk, &me, id)?.ok_or(Refusal::NoSuchConversation(id))?;
                resume::from_the_database(desk, &found, Some(cursor), me.party())
            })
            .await
    }

    /// Says that the agent is writing, or has stopped to. Never waits, and never fails: where nobody can be told,
    /// nobody is. Not stored.
    pub fn typing(&self, id: ConversationId, on: bool) {
        typing::by_agent(&self.desk, &self.me, id, on);
    }

    async fn mark(&self, id: ConversationId, act: Act) -> Result<Outline, Error> {
        let (agent, until) = (self.me.clone(), deadline());
        let place = move |desk: &Inner| {
            let found = find(desk, &agent, id)?.ok_or(Refusal::NoSuchConversation(id))?;
            Ok((at(&agent, found.scope, found.id)?, found.id))
        };
        let (me, id) = self.desk.ask(until, place).await?;
        self.carry(until, me, id, act).await
    }

    async fn carry(&self, until: Instant, me: Admin, id: ConversationId, act: Act) -> Result<Outline, Error> {
        self.desk.carry(until, Command::of_admin(me, id, act), None).await.map(|answer| answer.after)
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
                let me = at(&agent, found.scope, found.id)?;
                let denied = desk.members.denies(agent.tenant, found.member).unwrap_or_else(|error| {
                    tracing::warn!(error = %error.0, "the directory of members did not answer");
                    false
                });
                if denied {
                    return Err(Refusal::NoSuchMember(found.member).into());
                }
                desk.known.is_placed(id, Place::from(&found));
                Ok((me, found.id))
            })
            .await
    }
}

pub(super) fn find(desk: &Inner, me: &Agent, id: ConversationId) -> Result<Option<Conversation>, Error> {
    let found = store(desk.archive.conversations.find(me.tenant, &me.shops, id))?;
    if let Some(found) = &found {
        desk.known.has_met(id, Place::from(found));
    }
    Ok(found)
}

/// The agent at the desk of a conversation's shop.
fn at(me: &Agent, scope: Scope, id: ConversationId) -> Result<Admin, Error> {
    me.at(scope).ok_or_else(|| Refusal::NoSuchConversation(id).into())
}
