//! What a member may ask: to write, to read on, to say that something was read, to take something back.

use std::sync::Arc;

use kefu_domain::{
    Act, Command, Conversation, ConversationId, Cursor, Draft, Member, MessageId, MessagePage, Outline, Profile,
    Refusal, Sent, Since,
};

use tokio::time::Instant;

use super::read::{self, UpTo};
use super::{History, Inner, Post, deadline, resume, store, typing};
use crate::Error;

/// What one member may do, in the one conversation that is theirs at that shop.
///
/// A shop that is unknown or closed refuses all of it: [`Refusal::NoSuchShop`], [`Refusal::ShopClosed`].
#[derive(Clone)]
pub struct MemberDesk {
    pub(super) desk: Arc<Inner>,
    pub(super) me: Member,
    pub(super) profile: Profile,
}

impl MemberDesk {
    /// Writes to the desk; opens the conversation if this is the first word.
    ///
    /// The message is committed when this returns. The same key again gives the same message and
    /// `duplicate: true`; the same key with another content is refused with [`Refusal::KeyReused`]. After
    /// [`Error::Late`] or [`Error::Store`] it may or may not have happened: send it again with the same key.
    pub async fn send(&self, post: Post) -> Result<Sent, Error> {
        let until = deadline();
        let draft = post.draft()?;
        self.desk.admits(until, self.me.scope).await?;
        let id = self.open(until).await?;
        match self.say(until, id, draft.clone()).await {
            // What was remembered is no more, a database that was restored perhaps: open it anew.
            Err(Error::Refused(Refusal::NoSuchConversation(_))) => {
                self.desk.known.forget(&self.me);
                let id = self.open(until).await?;
                self.say(until, id, draft).await
            }
            sent => sent,
        }
    }

    async fn say(&self, until: Instant, id: ConversationId, draft: Draft) -> Result<Sent, Error> {
        let command = Command::of_member(self.me, id, Act::Send(draft));
        self.desk.say(until, command, self.profile.avatar.clone()).await
    }

    /// A page of the member's conversation; empty when there is none yet.
    pub async fn history(&self, page: MessagePage) -> Result<History, Error> {
        let (me, until) = (self.me, deadline());
        self.desk.admits(until, me.scope).await?;
        self.desk
            .ask(until, move |desk| {
                // What is remembered of a database that was restored meanwhile may be somebody else's.
                let found = own(desk, me)?;
                found.map_or(Ok(History::default()), |found| read::page(desk, me.scope, me.party(), found.id, page))
            })
            .await
    }

    /// Marks what the desk wrote as read, up to a number, or up to what this member has been shown. A number beyond
    /// the newest message means the newest; one that was read already changes nothing.
    ///
    /// [`Refusal::NoSuchConversation`] where the conversation is not this member's at this shop.
    pub async fn read(&self, id: ConversationId, up_to: Option<i64>) -> Result<(), Error> {
        let (me, until) = (self.me, deadline());
        self.desk.admits(until, me.scope).await?;
        let target = self
            .desk
            .ask(until, move |desk| {
                let mine = mine(desk, me, id)?;
                Ok((mine.id, read::target(desk, &mine, me.party(), up_to)))
            })
            .await?;
        match target {
            (_, UpTo::Nothing) => Ok(()),
            (id, UpTo::Seq(seq)) => {
                self.desk.carry(until, Command::of_member(me, id, Act::ReadUpTo(seq)), None).await.map(|_| ())
            }
        }
    }

    /// Takes back what this member has said, for everybody. Its number stays, with a tombstone; doing it again changes
    /// nothing. Without a conversation, the one that they have is meant.
    ///
    /// [`Refusal::NoSuchMessage`], [`Refusal::NotTheirs`]; [`Refusal::TooLate`] beyond the time of
    /// [`Builder::revoke_within`](crate::Builder::revoke_within). Good again after [`Error::Late`] or
    /// [`Error::Store`].
    pub async fn revoke(&self, message: MessageId, id: Option<ConversationId>) -> Result<Outline, Error> {
        self.mark(id, message, Act::Revoke { message, within: self.desk.revoke_within }).await
    }

    /// Deletes a message for this member; the desk keeps it. Doing it again changes nothing. Without a conversation,
    /// the one that they have is meant.
    ///
    /// [`Refusal::NoSuchMessage`] where there is none.
    pub async fn delete(&self, message: MessageId, id: Option<ConversationId>) -> Result<Outline, Error> {
        self.mark(id, message, Act::Delete(message)).await
    }

    async fn mark(&self, id: Option<ConversationId>, message: MessageId, act: Act) -> Result<Outline, Error> {
        let (me, until) = (self.me, deadline());
        self.desk.admits(until, me.scope).await?;
        let place = move |desk: &Inner| match id {
            Some(id) => mine(desk, me, id).map(|found| found.id),
            None => Ok(own(desk, me)?.ok_or(Refusal::NoSuchMessage(message))?.id),
        };
        let id = self.desk.ask(until, place).await?;
        self.desk.carry(until, Command::of_member(me, id, act), None).await.map(|answer| answer.after)
    }

    /// What is new in the member's conversation since the cursor that they came back with; `None` when there is no
    /// conversation yet. Join the hub before: what comes later is told there.
    ///
    /// They start over (`reset`) without a cursor, or with one that is below 0 or above what the conversation has come
    /// to; give none for whoever holds one of another [`epoch`](crate::Desk::epoch). Where there is `more`, ask again
    /// with the last message's number and the old change. Costs no question to the database where this process
    /// remembers what has happened since the cursor.
    ///
    /// [`Refusal::NoSuchConversation`] where the cursor's conversation is not theirs at this shop.
    pub async fn resume(&self, cursor: Option<Cursor>) -> Result<Option<Since>, Error> {
        let (me, until) = (self.me, deadline());
        self.desk.admits(until, me.scope).await?;
        // They have one conversation only: whoever starts over need not name it.
        let cursor = cursor.filter(|cursor| cursor.seq >= 0);
        if let Some(cursor) = cursor
            && let Some(since) = self.desk.live.recall(cursor)
        {
            if (since.outline.scope, since.outline.member) != (me.scope, me.id) {
                return Err(Refusal::NoSuchConversation(cursor.conversation).into());
            }
            return Ok(Some(resume::remembered(&self.desk, since, me.party())));
        }
        self.desk
            .ask(until, move |desk| {
                let found = match cursor {
                    Some(cursor) => Some(mine(desk, me, cursor.conversation)?),
                    None => own(desk, me)?,
                };
                found.map(|found| resume::from_the_database(desk, &found, cursor, me.party())).transpose()
            })
            .await
    }

    /// Says that the member is writing, or has stopped to. Never waits, and never fails: where nobody can be told,
    /// nobody is. Not stored.
    pub fn typing(&self, on: bool) {
        typing::by_member(&self.desk, self.me, on);
    }

    async fn open(&self, until: Instant) -> Result<ConversationId, Error> {
        let me = self.me;
        if let Some(id) = self.desk.known.conversation(&me) {
            return Ok(id);
        }
        self.desk
            .ask(until, move |desk| {
                let id = store(desk.writes.open(me))?;
                desk.known.has_opened(me, id);
                Ok(id)
            })
            .await
    }
}

/// The member's conversation, if it was opened.
pub(super) fn own(desk: &Inner, me: Member) -> Result<Option<Conversation>, Error> {
    let found = store(desk.archive.conversations.of_member(me))?;
    match &found {
        Some(found) => desk.known.has_opened(me, found.id),
        None => desk.known.forget(&me),
    }
    Ok(found)
}

/// The conversation of that id, which must be this member's.
fn mine(desk: &Inner, me: Member, id: ConversationId) -> Result<Conversation, Error> {
    let found = store(desk.archive.conversations.find(me.scope.tenant, &[me.scope.shop], id))?;
    found.filter(|found| found.member == me.id).ok_or_else(|| Refusal::NoSuchConversation(id).into())
}
