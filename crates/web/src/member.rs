//! The member's endpoints: extract, call, reply.

use actix_web::web::Data;
use kefu::History;
use kefu_domain::{ConversationId, MessageId, MessagePage, Party, Side, TenantId};
use kefu_push::{Credential, MallId};

use crate::history::{self, Form};
use crate::person::{self, Person};
use crate::serving::{Body, MemberCaller, Params, Reply};
use crate::view::{HistoryView, Written};
use crate::{ApiError, Site};

/// `POST /kefu-message/send`
pub(crate) async fn send(site: Data<Site>, caller: MemberCaller, body: Body) -> Result<Reply<MallId>, ApiError> {
    let post = post(&body, Side::Member)?;
    let caller = caller.at(body.id("shopId")?)?;
    let sent = Person::from(caller).send(&site, None, post).await?;
    Ok(Reply::sent(&sent))
}

/// `GET /kefu-message/list`
pub(crate) async fn list(
    site: Data<Site>,
    caller: MemberCaller,
    params: Params,
) -> Result<Reply<HistoryView>, ApiError> {
    let (page, form) = (history::page(&params, &site.0.settings)?, history::form(&params)?);
    let MemberCaller { me, profile, credential, .. } = caller;
    let history = site.0.desk.member(me, profile).history(page).await?;
    let written = match form {
        Form::V2 => Written::V2(me.scope, me.id),
        Form::Mall => {
            was_listed(&site, (me.scope.tenant, me.party()), credential, page, &history);
            Written::Mall { legacy_escape: site.legacy_escape() }
        }
    };
    Ok(Reply::new(HistoryView { history, reader: Side::Member, written }))
}

/// `PUT /kefu-message/update-read-status`
pub(crate) async fn read(site: Data<Site>, caller: MemberCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let id = ConversationId(params.required_id("conversationId")?);
    let up_to = params.number("seq")?;
    Person::from(caller).read(&site, Some(id), up_to).await?;
    Ok(Reply::new(true))
}

/// `PUT /kefu-message/revoke`
pub(crate) async fn revoke(site: Data<Site>, caller: MemberCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let (message, conversation) = message(&params)?;
    Person::from(caller).revoke(&site, conversation, message).await?;
    Ok(Reply::new(true))
}

/// `DELETE /kefu-message/delete`
pub(crate) async fn delete(site: Data<Site>, caller: MemberCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let (message, conversation) = message(&params)?;
    Person::from(caller).delete(&site, conversation, message).await?;
    Ok(Reply::new(true))
}

/// What a body wants to say.
pub(crate) fn post(body: &Body, sender: Side) -> Result<kefu::Post, ApiError> {
    let code = body.id("contentType")?.ok_or(ApiError::Invalid("消息类型不能为空".into()))?;
    let content = body.text("content")?.filter(|text| !text.is_empty());
    let content = content.ok_or(ApiError::Invalid("消息不能为空".into()))?;
    let key = body.text("clientMsgId")?.map(person::key).transpose()?;
    person::post(sender, code, &content, key, body.id("quoteId")?.map(MessageId))
}

/// Which message is meant, and where.
pub(crate) fn message(params: &Params) -> Result<(MessageId, Option<ConversationId>), ApiError> {
    let message = MessageId(params.required_id("id")?);
    Ok((message, params.number("conversationId")?.map(ConversationId)))
}

/// A page of the mall's has been shown the newest messages, or those behind the last that they knew: what is in them is not to be
/// pushed to them again.
pub(crate) fn was_listed(
    site: &Site,
    (tenant, party): (TenantId, Party),
    credential: Option<Credential>,
    page: MessagePage,
    history: &History,
) {
    let newest = history.messages.iter().max_by_key(|message| message.seq);
    if let (MessagePage::Newest(_) | MessagePage::SinceSeq(..), Some(newest)) = (page, newest) {
        site.0.hub.listed(tenant, party, credential, newest.conversation, newest.seq);
    }
}
