//! Who is online at the desks of an agent.

use actix_web::web::Data;
use kefu_domain::{MemberId, Party, Permission};
use kefu_push::MallId;
use serde::Serialize;

use crate::serving::{AdminCaller, Params, Reply};
use crate::{ApiError, Site};

/// Members of whom one request may ask.
const MOST: usize = 200;

/// How many people are at a shop.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Online {
    shop_id: MallId,
    members: usize,
    admins: usize,
}

/// `GET /kefu-online/get`
pub(crate) async fn count(site: Data<Site>, caller: AdminCaller) -> Result<Reply<Vec<Online>>, ApiError> {
    let (me, _) = caller.may(Permission::ConversationQuery)?;
    let counted = me.scopes().map(|scope| {
        let count = site.0.presence.count(scope);
        Online { shop_id: MallId(scope.shop.0), members: count.members, admins: count.admins }
    });
    Ok(Reply::new(counted.collect()))
}

/// `GET /kefu-online/members`: which of these members are at one of the agent's shops.
pub(crate) async fn members(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
) -> Result<Reply<Vec<MallId>>, ApiError> {
    let ids = ids(params.text("ids").ok_or(ApiError::Missing("ids"))?)?;
    let (me, _) = caller.may(Permission::ConversationQuery)?;
    let presence = &site.0.presence;
    let is_online = |id: &i64| me.scopes().any(|scope| presence.is_online(scope, Party::Member(MemberId(*id))));
    Ok(Reply::new(ids.into_iter().filter(is_online).map(MallId).collect()))
}

/// Numbers between commas.
fn ids(text: &str) -> Result<Vec<i64>, ApiError> {
    let wrong = || ApiError::Invalid("ids 须为逗号分隔的数字，最多 200 个".into());
    let ids: Vec<_> = text.split(',').map(|id| id.trim().parse()).collect::<Result<_, _>>().map_err(|_| wrong())?;
    if ids.len() > MOST { Err(wrong()) } else { Ok(ids) }
}
