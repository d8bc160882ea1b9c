//! Tenants.

use diesel::prelude::*;
use kefu_domain::{StoreError, TenantId};

use super::super::dialect::{Conn, Sql};
use super::Db;
use super::transact::unless_taken;
use crate::own_rows::TenantRow;
use crate::schema::kefu_tenant as tenant;
use crate::stored::Stored;
use crate::{NewTenant, Tenant, TenantStatus};

type Tenants = tenant::BoxedQuery<'static, Sql>;

impl Db {
    pub(crate) fn add_tenant(&self, new: &NewTenant) -> Result<Option<TenantId>, StoreError> {
        let expires = new.expires.map(|time| self.offset.stored(time));
        let id: Option<i64> = self.transact(|conn| {
            if unless_taken(insert(conn, new, expires))?.is_none() {
                return Ok(None);
            }
            named(&new.name).select(tenant::id).first(conn).map(Some)
        })?;
        Ok(id.map(TenantId))
    }

    pub(crate) fn tenant(&self, id: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.one_tenant(|| tenant::table.filter(tenant::id.eq(id.0)).into_boxed())
    }

    pub(crate) fn tenant_by_name(&self, name: &str) -> Result<Option<Tenant>, StoreError> {
        self.one_tenant(|| named(name))
    }

    pub(crate) fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let rows: Vec<TenantRow> =
            self.read(|conn| tenant::table.order(tenant::id).select(TenantRow::as_select()).load(conn))?;
        Ok(rows.into_iter().map(|row| row.tenant(self.offset)).collect())
    }

    fn one_tenant(&self, which: impl Fn() -> Tenants) -> Result<Option<Tenant>, StoreError> {
        let row = self.read(|conn| which().select(TenantRow::as_select()).first(conn).optional())?;
        Ok(row.map(|row| row.tenant(self.offset)))
    }

    pub(crate) fn set_tenant_status(&self, id: TenantId, status: TenantStatus) -> Result<bool, StoreError> {
        let status = tenant::status.eq(status.code());
        self.write(|conn| diesel::update(tenant::table.find(id.0)).set(status).execute(conn)).map(|found| found > 0)
    }
}

fn insert(conn: &mut Conn, new: &NewTenant, expires: Option<Stored>) -> QueryResult<usize> {
    let rest =
        (tenant::name.eq(&new.name), tenant::status.eq(TenantStatus::Enabled.code()), tenant::expire_time.eq(expires));
    match new.id {
        Some(id) => diesel::insert_into(tenant::table).values((tenant::id.eq(id.0), rest)).execute(conn),
        None => diesel::insert_into(tenant::table).values(rest).execute(conn),
    }
}

fn named(name: &str) -> Tenants {
    tenant::table.filter(tenant::name.eq(name.to_owned())).into_boxed()
}
