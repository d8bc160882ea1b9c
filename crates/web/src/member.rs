//! The member's three endpoints: extract, call, reply.

use actix_web::web::Data;
use kefu::Post;
use kefu_domain::{ClientMsgId, Content, ConversationId, Refusal, Side};
use kefu_push::MallId;

use crate::serving::{Body, MemberCaller, Params, Reply};
use crate::view::HistoryView;
use crate::{ApiError, Site, history};

/// `POST /kefu-message/send`
pub(crate) async fn send(site: Data<Site>, caller: MemberCaller, body: Body) -> Result<Reply<MallId>, ApiError> {
    let post = post(&body, Side::Member)?;
    let caller = caller.at(body.id("shopId")?)?;
    site.0.limit.take(caller.me.scope.tenant, caller.me.party())?;
    let sent = site.0.desk.member(caller.me, caller.profile).send(post).await?;
    Ok(Reply::sent(&sent))
}

/// `GET /kefu-message/list`
pub(crate) async fn list(
    site: Data<Site>,
    caller: MemberCaller,
    params: Params,
) -> Result<Reply<HistoryView>, ApiError> {
    let page = history::page(&params, &site.0.settings)?;
    let history = site.0.desk.member(caller.me, caller.profile).history(page).await?;
    Ok(Reply::new(HistoryView { history, legacy_escape: site.legacy_escape() }))
}

/// `PUT /kefu-message/update-read-status`
pub(crate) async fn read(site: Data<Site>, caller: MemberCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let id = ConversationId(params.required_id("conversationId")?);
    let up_to = params.number("seq")?;
    site.0.desk.member(caller.me, caller.profile).read(id, up_to).await?;
    Ok(Reply::new(true))
}

/// What a body wants to say. Everything about the sender comes from who they are, never from the body.
pub(crate) fn post(body: &Body, sender: Side) -> Result<Post, ApiError> {
    let code = body.id("contentType")?.ok_or(ApiError::Invalid("消息类型不能为空".into()))?;
    let content = body.text("content")?.filter(|text| !text.is_empty());
    let content = content.ok_or(ApiError::Invalid("消息不能为空".into()))?;
    let refused = |refusal: Refusal| ApiError::Desk(refusal.into());
    let content = Content::said_by(sender, code, &content).map_err(|error| refused(error.into()))?;
    let key = body.text("clientMsgId")?.map(ClientMsgId::new).transpose().map_err(|error| refused(error.into()))?;
    let post = Post::new(content);
    Ok(match key {
        Some(key) => post.with_key(key),
        None => post,
    })
}
