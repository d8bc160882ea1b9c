//! Somebody who is signed in, and what they may do here: one path for requests and for sockets.

use kefu::Post;
use kefu_domain::{
    Agent, ClientMsgId, Content, ConversationId, Cursor, MessageId, Outline, Party, Permission, Refusal, Sent, ShopId,
    Side, Since, TenantId,
};

use crate::serving::{AdminCaller, MemberCaller};
use crate::{ApiError, Caller, Site};

/// A member at a shop's door, or an admin at the desks that they serve.
#[derive(Debug, Clone)]
pub(crate) enum Person {
    Member(MemberCaller),
    Admin(AdminCaller),
}

impl From<MemberCaller> for Person {
    fn from(caller: MemberCaller) -> Self {
        Self::Member(caller)
    }
}

impl From<AdminCaller> for Person {
    fn from(caller: AdminCaller) -> Self {
        Self::Admin(caller)
    }
}

impl Person {
    /// A caller; a member at the door of this shop.
    pub(crate) fn of(caller: Caller, shop: ShopId) -> Result<Self, ApiError> {
        match caller.party {
            Party::Member(_) => MemberCaller::at_door(caller, shop).map(Self::Member),
            Party::Admin(_) => AdminCaller::of(caller).map(Self::Admin),
            Party::System => Err(ApiError::Forbidden),
        }
    }

    pub(crate) fn side(&self) -> Side {
        match self {
            Self::Member(_) => Side::Member,
            Self::Admin(_) => Side::Desk,
        }
    }

    /// Whose they are, and who.
    pub(crate) fn who(&self) -> (TenantId, Party) {
        match self {
            Self::Member(caller) => (caller.me.scope.tenant, caller.me.party()),
            Self::Admin(caller) => caller.who(),
        }
    }

    /// Writes. An admin names the conversation; a member need not, and is refused if it is not theirs.
    pub(crate) async fn send(
        self,
        site: &Site,
        conversation: Option<ConversationId>,
        post: Post,
    ) -> Result<Sent, ApiError> {
        let (limit, desk) = (&site.0.limit, &site.0.desk);
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => {
                limit.take(me.scope.tenant, me.party(), Some(me.scope.shop))?;
                let desk = desk.member(me, profile);
                if let Some(id) = conversation {
                    // Reading up to nothing does nothing, where the conversation is theirs.
                    desk.read(id, Some(0)).await?;
                }
                Ok(desk.send(post).await?)
            }
            Self::Admin(caller) => {
                let id = named(conversation)?;
                let (me, profile) = caller.may(Permission::MessageSend)?;
                limit.take(me.tenant, me.party(), None)?;
                Ok(desk.admin(me, profile).send(id, post).await?)
            }
        }
    }

    /// Has read, up to a number or as far as they were shown. A member need not name their conversation.
    pub(crate) async fn read(
        self,
        site: &Site,
        conversation: Option<ConversationId>,
        up_to: Option<i64>,
    ) -> Result<(), ApiError> {
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => {
                let desk = site.0.desk.member(me, profile);
                let id = match conversation {
                    Some(id) => Some(id),
                    None => desk.resume(None).await?.map(|since| since.outline.conversation),
                };
                match id {
                    Some(id) => Ok(desk.read(id, up_to).await?),
                    None => Ok(()),
                }
            }
            Self::Admin(caller) => {
                let id = named(conversation)?;
                let (me, profile) = caller.may(Permission::MessageUpdate)?;
                Ok(site.0.desk.admin(me, profile).read(id, up_to).await?)
            }
        }
    }

    /// Takes a message of their own back.
    pub(crate) async fn revoke(
        self,
        site: &Site,
        conversation: Option<ConversationId>,
        message: MessageId,
    ) -> Result<Outline, ApiError> {
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => {
                Ok(site.0.desk.member(me, profile).revoke(message, conversation).await?)
            }
            Self::Admin(caller) => {
                let id = named(conversation)?;
                let (me, profile) = caller.may(Permission::MessageSend)?;
                Ok(site.0.desk.admin(me, profile).revoke(id, message).await?)
            }
        }
    }

    /// Deletes a message for their side.
    pub(crate) async fn delete(
        self,
        site: &Site,
        conversation: Option<ConversationId>,
        message: MessageId,
    ) -> Result<Outline, ApiError> {
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => {
                Ok(site.0.desk.member(me, profile).delete(message, conversation).await?)
            }
            Self::Admin(caller) => {
                let id = named(conversation)?;
                let (me, profile) = caller.may(Permission::MessageUpdate)?;
                Ok(site.0.desk.admin(me, profile).delete(id, message).await?)
            }
        }
    }

    /// What is new since a cursor. Without one, a member's conversation from its newest page, if there is one.
    pub(crate) async fn resume(self, site: &Site, from: Option<Cursor>) -> Result<Option<Since>, ApiError> {
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => Ok(site.0.desk.member(me, profile).resume(from).await?),
            Self::Admin(caller) => {
                let from = from.ok_or_else(unnamed)?;
                let (me, profile) = caller.may(Permission::MessageQuery)?;
                Ok(Some(site.0.desk.admin(me, profile).resume(from).await?))
            }
        }
    }

    /// Is writing, or has stopped to. Whoever may not write whispers to nobody.
    pub(crate) fn typing(self, site: &Site, conversation: Option<ConversationId>, on: bool) {
        match self {
            Self::Member(MemberCaller { me, profile, .. }) => site.0.desk.member(me, profile).typing(on),
            Self::Admin(caller) => {
                let Some(id) = conversation else { return };
                let Ok((me, profile)) = caller.may(Permission::MessageSend) else { return };
                site.0.desk.admin(me, profile).typing(id, on);
            }
        }
    }
}

/// What somebody wants to say. Everything about the sender comes from who they are, never from what they send.
pub(crate) fn post(
    sender: Side,
    code: i64,
    content: &str,
    key: Option<ClientMsgId>,
    quote: Option<MessageId>,
) -> Result<Post, ApiError> {
    let content = Content::said_by(sender, code, content).map_err(|error| refused(error.into()))?;
    let mut post = Post::new(content);
    if let Some(key) = key {
        post = post.with_key(key);
    }
    if let Some(quote) = quote {
        post = post.quoting(quote);
    }
    Ok(post)
}

/// The sender's key for what they want to say.
pub(crate) fn key(text: String) -> Result<ClientMsgId, ApiError> {
    ClientMsgId::new(text).map_err(|error| refused(error.into()))
}

fn refused(refusal: Refusal) -> ApiError {
    ApiError::Desk(refusal.into())
}

/// The conversation that an admin must name.
pub(crate) fn named(id: Option<ConversationId>) -> Result<ConversationId, ApiError> {
    id.ok_or_else(unnamed)
}

fn unnamed() -> ApiError {
    ApiError::Invalid("会话编号不能为空".into())
}

/// An agent at only one of the desks that they serve, or at all of them.
pub(crate) fn only(me: Agent, shop: Option<ShopId>) -> Agent {
    match shop {
        Some(shop) => Agent { shops: me.shops.and(&shop.into()), ..me },
        None => me,
    }
}
