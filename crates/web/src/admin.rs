//! The admin's seven endpoints: extract, ask for the permission, call, reply. Parameters are checked before the
//! permission, as in the mall.

use actix_web::web::Data;
use kefu::Listed;
use kefu_domain::{ConversationId, ConversationPage, ListCursor, Permission, ShopId, Shops, Side, Timestamp};
use kefu_push::MallId;

use crate::reply::NEXT;
use crate::serving::{AdminCaller, Body, Params, Reply};
use crate::view::{ConversationView, HistoryView};
use crate::{ApiError, Site, history, instant, member};

/// `GET /kefu-conversation/list`
pub(crate) async fn list(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<Vec<ConversationView>>, ApiError> {
    let settings = &site.0.settings;
    let page = list_page(&params, settings.list_limit)?;
    let only = params.number("shopId")?.map(|shop| Shops::from(ShopId(shop)));
    let (mut me, profile) = caller.may(Permission::ConversationQuery)?;
    if let Some(only) = &only {
        me.shops = me.shops.and(only);
    }
    let limit = page.limit as usize;
    let listed = site.0.desk.admin(me, profile).conversations(page).await?;
    let legacy_escape = site.legacy_escape();
    let next = listed.last().filter(|_| listed.len() >= limit).map(cursor);
    let views = listed.into_iter().map(|listed| ConversationView { listed, legacy_escape });
    let reply = Reply::new(views.collect());
    Ok(match next {
        Some(next) => reply.with(NEXT, next),
        None => reply,
    })
}

/// `GET /kefu-conversation/get`
pub(crate) async fn get(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<Option<ConversationView>>, ApiError> {
    let id = ConversationId(params.required_id("id")?);
    let (me, profile) = caller.may(Permission::ConversationQuery)?;
    let listed = site.0.desk.admin(me, profile).conversation(id).await?;
    let legacy_escape = site.legacy_escape();
    Ok(Reply::new(listed.map(|listed| ConversationView { listed, legacy_escape })))
}

/// `PUT /kefu-conversation/update-conversation-pinned`
pub(crate) async fn pin(site: Data<Site>, caller: AdminCaller, body: Body) -> Result<Reply<bool>, ApiError> {
    let id = conversation(body.id("id")?)?;
    let pinned = body.truth("adminPinned")?.ok_or(ApiError::Invalid("管理端置顶不能为空".into()))?;
    let (me, profile) = caller.may(Permission::ConversationUpdate)?;
    site.0.desk.admin(me, profile).pin(id, pinned).await?;
    Ok(Reply::new(true))
}

/// `DELETE /kefu-conversation/delete`
pub(crate) async fn hide(site: Data<Site>, caller: AdminCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let id = ConversationId(params.required_id("id")?);
    let (me, profile) = caller.may(Permission::ConversationDelete)?;
    site.0.desk.admin(me, profile).hide(id).await?;
    Ok(Reply::new(true))
}

/// `POST /kefu-message/send`
pub(crate) async fn send(site: Data<Site>, caller: AdminCaller, body: Body) -> Result<Reply<MallId>, ApiError> {
    let id = conversation(body.id("conversationId")?)?;
    let post = member::post(&body, Side::Desk)?;
    let (me, profile) = caller.may(Permission::MessageSend)?;
    site.0.limit.take(me.tenant, me.party())?;
    let sent = site.0.desk.admin(me, profile).send(id, post).await?;
    Ok(Reply::sent(&sent))
}

/// `PUT /kefu-message/update-read-status`
pub(crate) async fn read(site: Data<Site>, caller: AdminCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let id = ConversationId(params.required_id("conversationId")?);
    let up_to = params.number("seq")?;
    let (me, profile) = caller.may(Permission::MessageUpdate)?;
    site.0.desk.admin(me, profile).read(id, up_to).await?;
    Ok(Reply::new(true))
}

/// `GET /kefu-message/list`
pub(crate) async fn history(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<HistoryView>, ApiError> {
    let id = conversation(params.number("conversationId")?)?;
    let page = history::page(&params, &site.0.settings)?;
    let (me, profile) = caller.may(Permission::MessageQuery)?;
    let history = site.0.desk.admin(me, profile).history(id, page).await?;
    Ok(Reply::new(HistoryView { history, legacy_escape: site.legacy_escape() }))
}

fn conversation(id: Option<i64>) -> Result<ConversationId, ApiError> {
    id.map(ConversationId).ok_or(ApiError::Invalid("会话编号不能为空".into()))
}

/// `limit` 1..=200, all that the settings allow when absent; `name`; `after` as `Kefu-Next` gave it.
fn list_page(params: &Params, most: u32) -> Result<ConversationPage, ApiError> {
    let limit = match params.number("limit")? {
        None => most,
        Some(limit @ 1..=200) => u32::try_from(limit).unwrap_or(most),
        Some(..=0) => return Err(ApiError::Invalid("每次查询条数最小值为 1".into())),
        Some(_) => return Err(ApiError::Invalid("每次查询最大值为 200".into())),
    };
    let wrong = || ApiError::Invalid("after 须为上一页响应头 Kefu-Next 的值".into());
    let after = params.text("after").map(|text| place(text).ok_or_else(wrong)).transpose()?;
    Ok(ConversationPage { limit, after, name: params.text("name").map(str::to_owned) })
}

/// A place in the list, as text: pinned or not, when its last message was, its id.
fn cursor(listed: &Listed) -> String {
    let conversation = &listed.conversation;
    format!("{}.{}.{}", u8::from(conversation.pinned), conversation.last.time.0, conversation.id)
}

fn place(text: &str) -> Option<ListCursor> {
    let mut parts = text.split('.');
    let pinned = match parts.next()? {
        "0" => false,
        "1" => true,
        _ => return None,
    };
    let last = Timestamp(parts.next()?.parse().ok().filter(|ms| instant::CALENDAR.contains(ms))?);
    let id = ConversationId(parts.next()?.parse().ok()?);
    parts.next().is_none().then_some(ListCursor { pinned, last, id })
}
