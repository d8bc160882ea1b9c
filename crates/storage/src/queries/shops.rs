//! Shops and who serves them.

use diesel::prelude::*;
use kefu_domain::{AdminId, Party, Scope, ShopId, Shops, StoreError, TenantId};

use super::super::dialect::Conn;
use super::transact::unless_taken;
use super::{Db, clock, tokens};
use crate::schema::{kefu_shop as shop, kefu_shop_grant as granted};
use crate::{Shop, ShopStatus, TokenHash};

type Row = (i64, i64, String, i32);

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
                None => ShopId(highest(conn, tenant)?.unwrap_or(0) + 1),
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

    /// Returns the hashes of the tokens that ended with it.
    pub(crate) fn set_grant(&self, admin: AdminId, scope: Scope, active: bool) -> Result<Vec<TokenHash>, StoreError> {
        let (tenant, id, shop) = (scope.tenant.0, admin.0, scope.shop.0);
        self.transact(|conn| {
            let key = (granted::tenant_id.eq(tenant), granted::admin_id.eq(id), granted::shop_id.eq(shop));
            let row = (key, granted::active.eq(active));
            if unless_taken(diesel::insert_into(granted::table).values(row).execute(conn))?.is_none() {
                diesel::update(granted::table.find((tenant, id, shop)))
                    .set(granted::active.eq(active))
                    .execute(conn)?;
            }
            if active {
                return Ok(Vec::new());
            }
            let now = self.offset.instant(clock(conn)?);
            tokens::revoke(conn, || tokens::of_party_at(scope.tenant, Party::Admin(admin)), now)
        })
    }

    pub(crate) fn shops_of(&self, tenant: TenantId, admin: AdminId) -> Result<Shops, StoreError> {
        let rows: Vec<(i64, bool)> = self.read(|conn| {
            granted::table
                .filter(granted::tenant_id.eq(tenant.0))
                .filter(granted::admin_id.eq(admin.0))
                .select((granted::shop_id, granted::active))
                .load(conn)
        })?;
        if rows.is_empty() {
            return Ok(Shops::platform());
        }
        Ok(rows.into_iter().filter(|(_, active)| *active).map(|(id, _)| ShopId(id)).collect())
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

fn read((tenant, id, name, status): Row) -> Shop {
    let scope = Scope { tenant: TenantId(tenant), shop: ShopId(id) };
    Shop { scope, name, status: ShopStatus::of(status) }
}
