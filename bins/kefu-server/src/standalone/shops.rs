//! Shops: what there is, who serves them, and how both are changed by whoever also serves the platform.
//!
//! A shop's own manager never gets further than `mine`: other shops are none of their business.

use std::time::Duration;

use actix_web::web::Data;
use kefu_domain::{AdminId, Party, Permission, Refusal, Scope, ShopId, StoreError, TenantId};
use kefu_push::MallId;
use kefu_storage::{Database, Shop, ShopStatus};
use kefu_web::serving::{Body, Params, Reply};
use kefu_web::{ApiError, Caller};
use serde::Serialize;

use super::Standalone;
use super::login::CallerOf;
use crate::identity::credential_of;
use crate::questions::{ask, carry_out};

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// What the platform, which has no row, is called.
const PLATFORM_NAME: &str = "平台";
/// How often the next number is counted out.
const TRIES: usize = 5;
/// In characters: what the column holds.
const LONGEST_NAME: usize = 64;
/// Ids are numbers in JavaScript too.
const MAX_ID: i64 = (1 << 53) - 1;
/// From here on ids of admins are those of accounts that are kept here.
const FIRST_OWN: i64 = 1_000_000_000_000;

/// A shop, as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Shown {
    id: MallId,
    name: String,
    /// 0 open, 1 closed.
    status: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_ids: Option<Vec<MallId>>,
}

impl Shown {
    fn of(shop: Shop) -> Self {
        let status = i32::from(shop.status == ShopStatus::Closed);
        Self { id: MallId(shop.scope.shop.0), name: shop.name, status, admin_ids: None }
    }

    fn with(self, admins: &[AdminId]) -> Self {
        Self { admin_ids: Some(admins.iter().map(|admin| MallId(admin.0)).collect()), ..self }
    }
}

/// `GET /admin-api/promotion/kefu-shop/list`: the platform and all shops, each with whom it was given to.
pub(crate) async fn list(state: Data<Standalone>, caller: CallerOf) -> Result<Reply<Vec<Shown>>, ApiError> {
    let tenant = keeper(&caller.0, Permission::ShopQuery)?;
    let database = state.database.clone();
    let shown = ask(ANSWER_WITHIN, move || {
        let shops = std::iter::once(platform(tenant)).chain(database.shops(tenant)?);
        shops.map(|shop| Ok(Shown::of(shop.clone()).with(&database.admins_of(shop.scope)?))).collect()
    });
    Ok(Reply::new(shown.await?))
}

/// `GET /admin-api/promotion/kefu-shop/mine`: the shops that the caller serves.
pub(crate) async fn mine(state: Data<Standalone>, caller: CallerOf) -> Result<Reply<Vec<Shown>>, ApiError> {
    let Caller { tenant, shops, party: Party::Admin(_), .. } = caller.0 else { return Err(ApiError::Forbidden) };
    let database = state.database.clone();
    let all = ask(ANSWER_WITHIN, move || database.shops(tenant)).await?;
    let known = std::iter::once(platform(tenant)).chain(all);
    Ok(Reply::new(known.filter(|shop| shops.contains(&shop.scope.shop)).map(Shown::of).collect()))
}

/// `POST /admin-api/promotion/kefu-shop/create`: answers the number.
pub(crate) async fn create(state: Data<Standalone>, caller: CallerOf, body: Body) -> Result<Reply<MallId>, ApiError> {
    let name = body.text("name")?.ok_or(ApiError::Invalid("店铺名称不能为空".into()))?;
    check_name(&name).map_err(|_| ApiError::Invalid("店铺名称须为 1 到 64 个字符，且不换行".into()))?;
    let id = body.id("id")?.map(ShopId);
    if id.is_some_and(|id| check_id(id).is_err()) {
        return Err(ApiError::Invalid("店铺编号须为正整数".into()));
    }
    let tenant = keeper(&caller.0, Permission::ShopUpdate)?;
    let database = state.database.clone();
    let made = carry_out(ANSWER_WITHIN, move || open(&database, tenant, id, &name)).await?;
    let made = made.ok_or(ApiError::Own(400, "店铺编号已存在".into()))?;
    Ok(Reply::new(MallId(made.0)))
}

/// `PUT /admin-api/promotion/kefu-shop/update-status`: opens or closes.
pub(crate) async fn set_status(state: Data<Standalone>, caller: CallerOf, body: Body) -> Result<Reply<bool>, ApiError> {
    let shop = body.id("id")?.map(ShopId).ok_or(ApiError::Invalid("店铺编号不能为空".into()))?;
    let status = match body.id("status")? {
        Some(0) => ShopStatus::Open,
        Some(1) => ShopStatus::Closed,
        _ => return Err(ApiError::Invalid("状态须为 0（营业）或 1（关闭）".into())),
    };
    let scope = Scope { tenant: keeper(&caller.0, Permission::ShopUpdate)?, shop };
    if shop == ShopId::PLATFORM {
        return Err(ApiError::Invalid("平台不能关闭".into()));
    }
    let database = state.database.clone();
    let found = carry_out(ANSWER_WITHIN, move || database.set_shop_status(scope, status)).await?;
    if found { Ok(Reply::new(true)) } else { Err(no_such_shop(shop)) }
}

/// `PUT /admin-api/promotion/kefu-shop/grant`: somebody serves one more shop.
pub(crate) async fn grant(state: Data<Standalone>, caller: CallerOf, body: Body) -> Result<Reply<bool>, ApiError> {
    let shop = body.id("shopId")?.map(ShopId).ok_or(ApiError::Invalid("店铺编号不能为空".into()))?;
    let admin = body.id("adminId")?.map(AdminId).ok_or(ApiError::Invalid("管理员编号不能为空".into()))?;
    let scope = Scope { tenant: keeper(&caller.0, Permission::ShopUpdate)?, shop };
    let database = state.database.clone();
    let given = carry_out(ANSWER_WITHIN, move || {
        if !exists(&database, scope)? {
            return Ok(Err(no_such_shop(shop)));
        }
        if !may_be_admin(&database, scope.tenant, admin)? {
            return Ok(Err(no_such_admin()));
        }
        database.grant_shop(admin, scope).map(Ok)
    });
    given.await??;
    state.tokens.rota().forget(scope.tenant, admin);
    Ok(Reply::new(true))
}

/// `DELETE /admin-api/promotion/kefu-shop/revoke`: somebody serves one shop less, and has to come in again.
pub(crate) async fn revoke(state: Data<Standalone>, caller: CallerOf, query: Params) -> Result<Reply<bool>, ApiError> {
    let (shop, admin) = (ShopId(query.required_id("shopId")?), AdminId(query.required_id("adminId")?));
    let scope = Scope { tenant: keeper(&caller.0, Permission::ShopUpdate)?, shop };
    let database = state.database.clone();
    let taken = carry_out(ANSWER_WITHIN, move || {
        if !exists(&database, scope)? {
            return Ok(Err(no_such_shop(shop)));
        }
        if !may_be_admin(&database, scope.tenant, admin)? {
            return Ok(Err(no_such_admin()));
        }
        database.revoke_shop(admin, scope).map(Ok)
    });
    if let Some(ended) = taken.await?? {
        state.tokens.rota().forget(scope.tenant, admin);
        for hash in &ended {
            state.tokens.forget(hash);
            state.hub.close_credential(&credential_of(hash));
        }
        // Whose tokens are not ours hears nothing more of that shop either, and comes in again.
        state.hub.close_party(scope.tenant, Party::Admin(admin));
    }
    Ok(Reply::new(true))
}

/// The tenant whose shops the caller may look after: with the permission, and from the platform.
fn keeper(caller: &Caller, permission: Permission) -> Result<TenantId, ApiError> {
    let is_admin = matches!(caller.party, Party::Admin(_));
    let may = caller.permissions.contains(&permission) && caller.shops.contains(&ShopId::PLATFORM);
    if is_admin && may { Ok(caller.tenant) } else { Err(ApiError::Forbidden) }
}

fn no_such_shop(shop: ShopId) -> ApiError {
    ApiError::Desk(Refusal::NoSuchShop(shop).into())
}

fn no_such_admin() -> ApiError {
    ApiError::Own(400, "管理员不存在".into())
}

fn platform(tenant: TenantId) -> Shop {
    Shop { scope: Scope::platform(tenant), name: PLATFORM_NAME.to_owned(), status: ShopStatus::Open }
}

/// Whether there is such a shop, open or closed.
pub(crate) fn exists(database: &Database, scope: Scope) -> Result<bool, StoreError> {
    Ok(scope.shop == ShopId::PLATFORM || database.shop(scope)?.is_some())
}

/// Whether that number can be an admin's of this tenant: of the accounts that are kept here it must be one, and of the
/// mall's own we cannot know.
pub(crate) fn may_be_admin(database: &Database, tenant: TenantId, admin: AdminId) -> Result<bool, StoreError> {
    if is_strange(admin) {
        return Ok(admin.0 != 0);
    }
    Ok(database.account(admin)?.is_some_and(|account| account.tenant == tenant))
}

/// Whether that is no number of an account that is kept here.
pub(crate) fn is_strange(admin: AdminId) -> bool {
    admin.0 < FIRST_OWN
}

/// Opens a shop and returns its number; `None` where the one that is wanted is taken, or the last that there is.
pub(crate) fn open(
    database: &Database,
    tenant: TenantId,
    id: Option<ShopId>,
    name: &str,
) -> Result<Option<ShopId>, StoreError> {
    for _ in 1..TRIES {
        let made = database.add_shop(tenant, id, name)?;
        // The next number may be taken by somebody who counts at the same time.
        if made.is_some() || id.is_some() {
            return Ok(made);
        }
    }
    database.add_shop(tenant, id, name)
}

/// Why a name is none for a shop.
pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    let length = name.chars().count();
    if name.trim().is_empty() || length > LONGEST_NAME || name.contains(char::is_control) {
        return Err("a shop's name has 1 to 64 characters on one line");
    }
    Ok(())
}

/// Why a number is none for a shop.
pub(crate) fn check_id(id: ShopId) -> Result<(), &'static str> {
    if (1..=MAX_ID).contains(&id.0) { Ok(()) } else { Err("a shop's number is at least 1, and below 2^53") }
}
