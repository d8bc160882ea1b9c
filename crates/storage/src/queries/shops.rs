//! Shops and who serves them.

use diesel::prelude::*;
use kefu_domain::{AdminId, Party, Scope, ShopId, Shops, StoreError, TenantId};

use super::super::dialect::Conn;
use super::transact::unless_taken;
use super::{Db, clock, tokens};
use crate::schema::{kefu_shop as shop, kefu_shop_grant as granted};
use crate::{Shop, ShopStatus, TokenHash};

type Row = (i64, i64, String, i32);

/// The highest number: ids are numbers in JavaScript too.
const HIGHEST: i64 = (1 << 53) - 1;

impl Db {
    pub(crate) fn add_shop(
        &self,
        tenant: TenantId,
        id: Option<ShopId>,
        name: &str,
    ) -> Result<Option<ShopId>, StoreError> {
        self.transact(|conn| {
            let id = match id {
                Some(id) => id,
                None => match highest(conn, tenant)?.unwrap_or(0) {
                    HIGHEST.. => return Ok(None),
                    highest => ShopId(highest + 1),
                },
            };
            let row = (
                shop::tenant_id.eq(tenant.0),
                shop::id.eq(id.0),
                shop::name.eq(name),
                shop::status.eq(ShopStatus::Open.code()),
            );
            Ok(unless_taken(diesel::insert_into(shop::table).values(row).execute(conn))?.map(|_| id))
        })
    }

    pub(crate) fn shop(&self, scope: Scope) -> Result<Option<Shop>, StoreError> {
        let row = self.read(|conn| shop::table.find((scope.tenant.0, scope.shop.0)).first(conn).optional())?;
        Ok(row.map(read))
    }

    pub(crate) fn shops(&self, tenant: TenantId) -> Result<Vec<Shop>, StoreError> {
        let rows: Vec<Row> =
            self.read(|conn| shop::table.filter(shop::tenant_id.eq(tenant.0)).order(shop::id).load(conn))?;
        Ok(rows.into_iter().map(read).collect())
    }

    pub(crate) fn set_shop_status(&self, scope: Scope, status: ShopStatus) -> Result<bool, StoreError> {
        self.transact(|conn| {
            let found: i64 = shop::table.find((scope.tenant.0, scope.shop.0)).count().get_result(conn)?;
            diesel::update(shop::table.find((scope.tenant.0, scope.shop.0)))
                .set(shop::status.eq(status.code()))
                .execute(conn)?;
            Ok(found > 0)
        })
    }

    /// Returns the hashes of the tokens that ended with it, `None` where there was nothing to take.
    pub(crate) fn set_grant(
        &self,
        admin: AdminId,
        scope: Scope,
        active: bool,
    ) -> Result<Option<Vec<TokenHash>>, StoreError> {
        self.transact(|conn| {
            let rows = grants(conn, scope.tenant, admin)?;
            if !active && !served(&rows).contains(&scope.shop) {
                return Ok(None);
            }
            if rows.is_empty() {
                // Whoever was quicker has written it too, and may have denied it since.
                insert_grant(conn, admin, Scope::platform(scope.tenant), true)?;
            }
            if !insert_grant(conn, admin, scope, active)? {
                diesel::update(granted::table.find((scope.tenant.0, admin.0, scope.shop.0)))
                    .set(granted::active.eq(active))
                    .execute(conn)?;
            }
            if active {
                return Ok(Some(Vec::new()));
            }
            let now = self.offset.instant(clock(conn)?);
            tokens::revoke(conn, || tokens::of_party_at(scope.tenant, Party::Admin(admin)), now).map(Some)
        })
    }

    pub(crate) fn shops_of(&self, tenant: TenantId, admin: AdminId) -> Result<Shops, StoreError> {
        Ok(served(&self.read(|conn| grants(conn, tenant, admin))?).bounded())
    }

    pub(crate) fn admins_of(&self, scope: Scope) -> Result<Vec<AdminId>, StoreError> {
        let ids: Vec<i64> = self.read(|conn| {
            granted::table
                .filter(granted::tenant_id.eq(scope.tenant.0))
                .filter(granted::shop_id.eq(scope.shop.0))
                .filter(granted::active.eq(true))
                .order(granted::admin_id)
                .select(granted::admin_id)
                .load(conn)
        })?;
        Ok(ids.into_iter().map(AdminId).collect())
    }
}

fn highest(conn: &mut Conn, tenant: TenantId) -> QueryResult<Option<i64>> {
    shop::table.filter(shop::tenant_id.eq(tenant.0)).select(diesel::dsl::max(shop::id)).first(conn)
}

/// Everything that was said about somebody's shops.
fn grants(conn: &mut Conn, tenant: TenantId, admin: AdminId) -> QueryResult<Vec<(i64, bool)>> {
    granted::table
        .filter(granted::tenant_id.eq(tenant.0))
        .filter(granted::admin_id.eq(admin.0))
        .select((granted::shop_id, granted::active))
        .load(conn)
}

fn served(rows: &[(i64, bool)]) -> Shops {
    if rows.is_empty() {
        return Shops::platform();
    }
    rows.iter().filter(|(_, active)| *active).map(|(id, _)| ShopId(*id)).collect()
}

/// What a new admin begins with. Nothing at all has to be said too: silence means the platform.
pub(super) fn begin_with(conn: &mut Conn, admin: AdminId, tenant: TenantId, shops: &Shops) -> QueryResult<()> {
    if shops.is_empty() {
        insert_grant(conn, admin, Scope::platform(tenant), false)?;
    }
    for &shop in shops.iter() {
        insert_grant(conn, admin, Scope { tenant, shop }, true)?;
    }
    Ok(())
}

/// `false` where something was said before, which stays.
fn insert_grant(conn: &mut Conn, admin: AdminId, scope: Scope, active: bool) -> QueryResult<bool> {
    let row = (
        granted::tenant_id.eq(scope.tenant.0),
        granted::admin_id.eq(admin.0),
        granted::shop_id.eq(scope.shop.0),
        granted::active.eq(active),
    );
    Ok(unless_taken(diesel::insert_into(granted::table).values(row).execute(conn))?.is_some())
}

fn read((tenant, id, name, status): Row) -> Shop {
    let scope = Scope { tenant: TenantId(tenant), shop: ShopId(id) };
    Shop { scope, name, status: ShopStatus::of(status) }
}
