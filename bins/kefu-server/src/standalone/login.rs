//! The mall's own login, for accounts that are kept here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use kefu_domain::{Party, Side, TenantId};
use kefu_push::MallId;
use kefu_storage::{Account, AccountStatus};
use kefu_web::serving::{Body, Params, Reply};
use kefu_web::{ApiError, Caller};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::{Standalone, password};
use crate::client;
use crate::guard::ClaimedTenant;
use crate::identity::{Issued, Renewed, Token};
use crate::questions::ask;

/// Hashing takes some 20 MB each.
const HASHES_AT_ONCE: usize = 4;
/// How long one waits for one's turn to be hashed.
const TURN_WITHIN: Duration = Duration::from_secs(2);
/// Hashing included.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// No account has longer ones, so they are neither looked up nor hashed nor counted: in characters,
const LONGEST_USERNAME: usize = 64;
/// and in bytes.
const LONGEST_PASSWORD: usize = 256;

/// How many passwords are being checked.
#[derive(Clone)]
pub(super) struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(HASHES_AT_ONCE)))
    }
}

/// What a login answers, in the mall's words.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pair {
    user_id: MallId,
    access_token: String,
    refresh_token: String,
    expires_time: i64,
}

impl Pair {
    pub(crate) fn of(owner: Party, issued: Issued) -> Self {
        Self {
            user_id: MallId(owner.id()),
            access_token: issued.access,
            refresh_token: issued.refresh,
            expires_time: issued.expires_ms,
        }
    }
}

/// `POST /admin-api/system/auth/login`
pub(crate) async fn login(state: Data<Standalone>, request: HttpRequest, body: Body) -> Result<Reply<Pair>, ApiError> {
    let username = required(&body, "username", "登录账号不能为空")?;
    let secret = required(&body, "password", "密码不能为空")?;
    let tenant = tenant_of(&request)?;
    if username.chars().count() > LONGEST_USERNAME || secret.len() > LONGEST_PASSWORD {
        return Err(wrong());
    }
    let address = client::address(&request).map(|address| address.to_string()).unwrap_or_default();
    let wait = |wait: Duration| ApiError::TooMany(wait.as_secs().max(1));
    let account = format!("{tenant}/{}", username.to_lowercase());
    let attempt = state.throttle.enter(&account, &address, Instant::now()).map_err(wait)?;

    let answer = check(&state, tenant, username, secret).await;
    let account = match answer {
        Ok(Some(account)) => account,
        Ok(None) => return Err(wrong()),
        Err(error) => {
            attempt.undecided();
            return Err(error);
        }
    };
    attempt.succeeded();
    if account.status == AccountStatus::Disabled {
        return Err(ApiError::Own(1_002_000_001, "登录失败，账号被禁用".into()));
    }
    let (tokens, owner) = (state.tokens.clone(), Party::Admin(account.id));
    let issued = ask(ANSWER_WITHIN, move || tokens.issue(tenant, owner)).await?;
    Ok(Reply::new(Pair::of(owner, issued)))
}

/// The account, if name and password belong together; as slow where they do not.
async fn check(
    state: &Standalone,
    tenant: TenantId,
    username: String,
    secret: String,
) -> Result<Option<Account>, ApiError> {
    let Ok(Ok(turn)) = timeout(TURN_WITHIN, state.turns.0.clone().acquire_owned()).await else {
        return Err(ApiError::TooMany(TURN_WITHIN.as_secs()));
    };
    let database = state.database.clone();
    ask(ANSWER_WITHIN, move || {
        let known = password::check_username(&username).is_ok();
        let account = if known { database.account_by_name(tenant, &username)? } else { None };
        let kept = account.as_ref().map(|account| account.password_hash.as_str());
        let same = password::matches(&secret, kept);
        drop(turn);
        Ok(account.filter(|_| same))
    })
    .await
}

/// `POST /admin-api/system/auth/refresh-token`
pub(crate) async fn refresh(state: Data<Standalone>, query: Params) -> Result<Reply<Pair>, ApiError> {
    renew(&state, &query, Side::Desk, ApiError::Own(400, "无效的刷新令牌".into())).await
}

/// `POST /app-api/member/auth/refresh-token`, for pairs that the mall's server asked for. What is no refresh token of
/// ours has always just expired: the shop's server signs another.
pub(crate) async fn member_refresh(state: Data<Standalone>, query: Params) -> Result<Reply<Pair>, ApiError> {
    renew(&state, &query, Side::Member, expired()).await
}

async fn renew(state: &Standalone, query: &Params, side: Side, unknown: ApiError) -> Result<Reply<Pair>, ApiError> {
    let text = query.text("refreshToken").ok_or(ApiError::Missing("refreshToken"))?;
    let Some(token) = Token::new(text) else { return Err(unknown) };
    let tokens = state.tokens.clone();
    match ask(ANSWER_WITHIN, move || tokens.renew(&token, side)).await? {
        Renewed::Again(owner, issued) => Ok(Reply::new(Pair::of(owner, issued))),
        Renewed::Unknown => Err(unknown),
        Renewed::Expired => Err(expired()),
    }
}

fn wrong() -> ApiError {
    ApiError::Own(1_002_000_000, "登录失败，账号密码不正确".into())
}

fn expired() -> ApiError {
    ApiError::Own(401, "刷新令牌已过期".into())
}

/// `POST /admin-api/system/auth/logout` and `POST /app-api/member/auth/logout`: always a success, as the mall's is.
pub(crate) async fn logout(state: Data<Standalone>, request: HttpRequest) -> Result<Reply<bool>, ApiError> {
    if let Some(token) = Token::of_request(request.headers(), request.query_string()) {
        state.hub.close_credential(&token.credential());
        let tokens = state.tokens.clone();
        let revoked = ask(ANSWER_WITHIN, move || tokens.revoke(&token)).await?;
        for hash in &revoked {
            state.hub.close_credential(&crate::identity::credential_of(hash));
        }
    }
    Ok(Reply::new(true))
}

/// `GET /admin-api/system/auth/get-permission-info`: the console builds its menus from it.
pub(crate) async fn permission_info(state: Data<Standalone>, caller: CallerOf) -> Result<Reply<Value>, ApiError> {
    let CallerOf(caller) = caller;
    let Party::Admin(id) = caller.party else { return Err(ApiError::Forbidden) };
    let (database, tenant) = (state.database.clone(), caller.tenant);
    let account = ask(ANSWER_WITHIN, move || database.account(id)).await?;
    let account = account.filter(|account| account.tenant == tenant);
    let names: Vec<_> = caller.permissions.iter().map(|permission| permission.as_str()).collect();
    Ok(Reply::new(json!({
        "user": {
            "id": MallId(id.0),
            "nickname": caller.profile.nickname.unwrap_or_default(),
            "avatar": caller.profile.avatar.unwrap_or_default(),
            "deptId": null,
            "username": account.as_ref().map_or("", |account| account.username.as_str()),
            "email": "",
        },
        "roles": account.map(|account| account.roles).unwrap_or_default(),
        "permissions": names,
        "menus": [directory()],
    })))
}

/// The one page that the console finds here: `/mall/kefu`.
fn directory() -> Value {
    let item = |id: i32, parent: i32, name: &str, path: &str, icon: &str| {
        json!({
            "id": id, "parentId": parent, "name": name, "path": path, "component": null, "componentName": null,
            "icon": icon, "visible": true, "keepAlive": true, "alwaysShow": true, "children": null,
        })
    };
    let mut page = item(2797, 2362, "客服中心", "kefu", "fa-solid:user-alt");
    page["component"] = json!("mall/promotion/kefu/index");
    page["componentName"] = json!("KeFu");
    let mut mall = item(2362, 0, "商城系统", "/mall", "ep:shop");
    mall["children"] = json!([page]);
    mall
}

/// Whoever is signed in.
pub(crate) struct CallerOf(pub(crate) Caller);

impl actix_web::FromRequest for CallerOf {
    type Error = ApiError;
    type Future = std::future::Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Caller::of(request).map(Self))
    }
}

fn tenant_of(request: &HttpRequest) -> Result<TenantId, ApiError> {
    let claimed = request.extensions().get::<ClaimedTenant>().copied();
    claimed
        .map(|ClaimedTenant(tenant)| tenant)
        .ok_or_else(|| ApiError::Own(400, "请求的租户标识未传递，请进行排查".into()))
}

fn required(body: &Body, name: &str, complaint: &'static str) -> Result<String, ApiError> {
    body.text(name)?.filter(|text| !text.is_empty()).ok_or(ApiError::Invalid(complaint.into()))
}

#[cfg(test)]
mod tests {
    use kefu_domain::AdminId;

    use super::*;

    #[test]
    fn the_console_finds_its_page_where_the_mall_has_it() {
        let mall = directory();
        let page = &mall["children"][0];

        assert_eq!((&mall["path"], &page["path"]), (&json!("/mall"), &json!("kefu")));
        assert_eq!(page["component"], "mall/promotion/kefu/index");
        assert_eq!((&page["parentId"], &page["componentName"]), (&mall["id"], &json!("KeFu")));
    }

    #[test]
    fn a_login_answers_in_the_malls_words() {
        let issued = Issued { access: "a".into(), refresh: "r".into(), expires_ms: 5 };
        let pair = serde_json::to_value(Pair::of(Party::Admin(AdminId(1_000_000_000_000)), issued)).unwrap();

        assert_eq!(
            pair,
            json!({"userId": 1_000_000_000_000_i64, "accessToken": "a", "refreshToken": "r", "expiresTime": 5})
        );
    }
}
