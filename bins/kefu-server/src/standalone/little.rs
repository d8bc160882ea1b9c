//! The little questions that the mall's pages ask on their way to the chat, with honest answers: this server has no
//! orders, no wallets and no browsing history, so there are none to show.

use actix_web::web::Data;
use kefu_domain::{
    Agent, ConversationRepository, Member, MemberDirectory, MemberId, Party, Permission, Profile, StoreError, TenantId,
};
use kefu_push::MallId;
use kefu_storage::TenantStatus;
use kefu_web::serving::{MemberCaller, Params, Reply};
use kefu_web::{ApiError, Caller};
use serde_json::{Value, json};

use super::Standalone;
use super::login::CallerOf;
use crate::questions::ask;

const ANSWER_WITHIN: std::time::Duration = std::time::Duration::from_secs(5);

/// Nothing, where nothing is an answer.
pub(crate) async fn null() -> Reply<Value> {
    Reply::new(Value::Null)
}

/// None.
pub(crate) async fn zero() -> Reply<i32> {
    Reply::new(0)
}

/// A page without a row.
pub(crate) async fn empty_page() -> Reply<Value> {
    Reply::new(json!({"list": [], "total": 0}))
}

/// A wallet that was never filled.
pub(crate) async fn empty_wallet() -> Reply<Value> {
    Reply::new(json!({"balance": 0, "totalExpense": 0, "totalRecharge": 0}))
}

/// No orders in any state.
pub(crate) async fn no_orders() -> Reply<Value> {
    Reply::new(json!({
        "allCount": 0, "unpaidCount": 0, "undeliveredCount": 0, "deliveredCount": 0, "uncommentedCount": 0,
        "afterSaleCount": 0,
    }))
}

/// A cart with nothing in it.
pub(crate) async fn empty_cart() -> Reply<Value> {
    Reply::new(json!({"validList": [], "invalidList": []}))
}

/// The words that the console's forms need; an empty answer it would ask for again and again.
pub(crate) async fn words() -> Reply<Value> {
    let word = |value: &str, label: &str| json!({"dictType": "system_user_sex", "value": value, "label": label, "colorType": "default", "cssClass": ""});
    Reply::new(json!([word("1", "男"), word("2", "女"), word("0", "未知")]))
}

/// The shopper's app shows an error page where there is no decoration at all: this is the plainest.
pub(crate) async fn decoration() -> Reply<Value> {
    let page = || json!({"page": {}, "navigationBar": {}, "components": []});
    Reply::new(json!({
        "id": 1, "name": "kefu",
        "property": {"tabBar": {"theme": "orange", "style": {}, "items": []}},
        "home": page(), "user": page(),
    }))
}

/// `GET /admin-api/system/tenant/get-id-by-name`
pub(crate) async fn tenant_id(state: Data<Standalone>, query: Params) -> Result<Reply<Option<MallId>>, ApiError> {
    let name = query.text("name").ok_or(ApiError::Missing("name"))?.to_owned();
    let database = state.database.clone();
    let tenant = ask(ANSWER_WITHIN, move || database.tenant_by_name(&name)).await?;
    Ok(Reply::new(tenant.map(|tenant| MallId(tenant.id.0))))
}

/// `GET /admin-api/system/tenant/simple-list`: the caller's own, since nobody may visit another.
pub(crate) async fn own_tenant(state: Data<Standalone>, caller: CallerOf) -> Result<Reply<Value>, ApiError> {
    let (database, id) = (state.database.clone(), caller.0.tenant);
    let tenant = ask(ANSWER_WITHIN, move || database.tenant(id)).await?;
    let tenant = tenant.filter(|tenant| tenant.status == TenantStatus::Enabled);
    Ok(Reply::new(tenant.map_or(json!([]), |tenant| json!([{"id": MallId(tenant.id.0), "name": tenant.name}]))))
}

/// `GET /admin-api/member/user/get`: what was remembered of a member who has written to one of the caller's shops;
/// anybody else is a stranger.
pub(crate) async fn member(state: Data<Standalone>, caller: CallerOf, query: Params) -> Result<Reply<Value>, ApiError> {
    let id = MemberId(query.required_id("id")?);
    let Caller { tenant, shops, permissions, party: Party::Admin(me), .. } = caller.0 else {
        return Err(ApiError::Forbidden);
    };
    if !permissions.contains(&Permission::ConversationQuery) {
        return Err(ApiError::Forbidden);
    }
    let (database, agent) = (state.database.clone(), Agent { tenant, shops, id: me });
    let known = ask(ANSWER_WITHIN, move || {
        for scope in agent.scopes() {
            if database.of_member(Member { scope, id })?.is_some_and(|found| found.head_seq > 0) {
                return Ok(true);
            }
        }
        Ok(false)
    });
    let profile = if known.await? { remembered(&state, tenant, id).await? } else { Profile::default() };
    Ok(Reply::new(person(id.0, &profile)))
}

/// `GET /app-api/member/user/get`: the member's own.
pub(crate) async fn myself(state: Data<Standalone>, caller: MemberCaller) -> Result<Reply<Value>, ApiError> {
    let remembered = remembered(&state, caller.me.scope.tenant, caller.me.id).await?;
    let shown = Profile {
        nickname: caller.profile.nickname.or(remembered.nickname),
        avatar: caller.profile.avatar.or(remembered.avatar),
    };
    Ok(Reply::new(person(caller.me.id.0, &shown)))
}

async fn remembered(state: &Standalone, tenant: TenantId, id: MemberId) -> Result<Profile, ApiError> {
    let database = state.database.clone();
    let profiles = ask(ANSWER_WITHIN, move || {
        MemberDirectory::profiles(&database, tenant, &[id]).map_err(|error| StoreError::Unavailable(error.into()))
    });
    Ok(profiles.await?.remove(&id).unwrap_or_default())
}

/// A member in the mall's words; never null, the console would break.
fn person(id: i64, profile: &Profile) -> Value {
    json!({
        "id": MallId(id), "nickname": profile.nickname, "avatar": profile.avatar, "mobile": null, "name": null,
        "email": null, "sex": 0, "areaName": null, "registerIp": null, "birthday": null, "createTime": null,
        "loginDate": null, "levelName": null, "experience": 0, "point": 0, "totalPoint": 0,
    })
}
