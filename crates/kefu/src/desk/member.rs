//! What a member may ask: to write, to read on, to say that something was read.

use std::sync::Arc;

use kefu_domain::{Act, Command, ConversationId, Draft, Member, MessagePage, Profile, Refusal, Sent};

use tokio::time::Instant;

use super::read::{self, UpTo};
use super::{History, Inner, Post, deadline, store};
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
                let id = match desk.known.conversation(&me) {
                    Some(id) => Some(id),
                    None => store(desk.conversations.of_member(me))?.map(|found| found.id),
                };
                id.map_or(Ok(History::default()), |id| read::page(desk, me.scope, me.party(), id, page))
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
                let found = store(desk.conversations.find(me.scope.tenant, &[me.scope.shop], id))?;
                let mine = found.filter(|found| found.member == me.id).ok_or(Refusal::NoSuchConversation(id))?;
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
