//! The admin's endpoints: extract, ask for the permission, call, reply. Parameters are checked before the
//! permission, as in the mall.

use actix_web::web::Data;
use kefu_domain::{ConversationId, Permission, Refusal, ShopId, Side};
use kefu_push::MallId;

use crate::history::{self, Form};
use crate::person::{self, Person};
use crate::reply::{AS_OF, NEXT};
use crate::serving::{AdminCaller, Body, Params, Reply};
use crate::view::{ConversationView, HistoryView, Written};
use crate::{ApiError, Site, list, member};

/// `GET /kefu-conversation/list`
pub(crate) async fn list(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<Vec<ConversationView>>, ApiError> {
    let settings = &site.0.settings;
    let page = list::page(&params, settings.list_limit)?;
    let only = params.number("shopId")?.map(ShopId);
    let (me, profile) = caller.may(Permission::ConversationQuery)?;
    let desk = site.0.desk.admin(person::only(me, only), profile);
    // The clock first: what is committed from here on is found by whoever asks from there on.
    let as_of = list::as_of(site.0.desk.now().await?);
    let (listed, next) = match page {
        list::Page::Newest(page) => {
            let limit = page.limit as usize;
            let listed = desk.conversations(page).await?;
            let next = listed.last().filter(|_| listed.len() >= limit).map(list::place);
            (listed, next)
        }
        list::Page::Changed(page) => {
            let limit = page.limit as usize;
            let listed = desk.changed(page).await?;
            let next = listed.last().filter(|_| listed.len() >= limit).map(list::changed_place);
            (listed, next)
        }
    };
    let legacy_escape = site.legacy_escape();
    let views = listed.into_iter().map(|listed| ConversationView { listed, legacy_escape });
    let reply = Reply::new(views.collect()).with(AS_OF, as_of.0.to_string());
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
    let sent = Person::from(caller).send(&site, Some(id), post).await?;
    Ok(Reply::sent(&sent))
}

/// `PUT /kefu-message/update-read-status`
pub(crate) async fn read(site: Data<Site>, caller: AdminCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let id = ConversationId(params.required_id("conversationId")?);
    let up_to = params.number("seq")?;
    Person::from(caller).read(&site, Some(id), up_to).await?;
    Ok(Reply::new(true))
}

/// `PUT /kefu-message/revoke`
pub(crate) async fn revoke(site: Data<Site>, caller: AdminCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let (message, id) = member::message(&params)?;
    Person::from(caller).revoke(&site, Some(person::named(id)?), message).await?;
    Ok(Reply::new(true))
}

/// `DELETE /kefu-message/delete`
pub(crate) async fn delete(site: Data<Site>, caller: AdminCaller, params: Params) -> Result<Reply<bool>, ApiError> {
    let (message, id) = member::message(&params)?;
    Person::from(caller).delete(&site, Some(person::named(id)?), message).await?;
    Ok(Reply::new(true))
}

/// `GET /kefu-message/list`
pub(crate) async fn history(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<HistoryView>, ApiError> {
    let id = conversation(params.number("conversationId")?)?;
    let (page, form) = (history::page(&params, &site.0.settings)?, history::form(&params)?);
    let (who, credential) = (caller.who(), caller.credential);
    let (me, profile) = caller.may(Permission::MessageQuery)?;
    let desk = site.0.desk.admin(me, profile);
    let history = desk.history(id, page).await?;
    let mall = Written::Mall { legacy_escape: site.legacy_escape() };
    let written = match (form, history.messages.first()) {
        (Form::Mall, _) => {
            member::was_listed(&site, who, credential, page, &history);
            mall
        }
        // Nothing is written the same way in either.
        (Form::V2, None) => mall,
        (Form::V2, Some(message)) => {
            let listed = desk.conversation(message.conversation).await?;
            let conversation = listed.ok_or(Refusal::NoSuchConversation(id)).map_err(kefu::Error::from)?.conversation;
            Written::V2(conversation.scope, conversation.member)
        }
    };
    Ok(Reply::new(HistoryView { history, reader: Side::Desk, written }))
}

fn conversation(id: Option<i64>) -> Result<ConversationId, ApiError> {
    person::named(id.map(ConversationId))
}
