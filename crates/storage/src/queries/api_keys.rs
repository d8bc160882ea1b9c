//! Keys of the malls' own servers.

use diesel::prelude::*;
use kefu_domain::{StoreError, TenantId, Timestamp};

use super::transact::unless_taken;
use super::{Db, clock};
use crate::ApiKey;
use crate::schema::kefu_api_key as key;

type Row = (i64, String, i64);

impl Db {
    pub(crate) fn add_api_key(&self, hash: &[u8; 32], tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        self.write(|conn| {
            let now = self.offset.instant(clock(conn)?);
            let row = (
                key::hash.eq(hash.as_slice()),
                key::tenant_id.eq(tenant.0),
                key::name.eq(name),
                key::created_ms.eq(now.0),
            );
            Ok(unless_taken(diesel::insert_into(key::table).values(row).execute(conn))?.is_some())
        })
    }

    pub(crate) fn api_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let row = self.read(|conn| {
            key::table.find(hash.as_slice()).select((key::tenant_id, key::name, key::created_ms)).first(conn).optional()
        })?;
        Ok(row.map(read))
    }

    pub(crate) fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        let rows: Vec<Row> = self.read(|conn| {
            key::table
                .filter(key::tenant_id.eq(tenant.0))
                .order(key::name)
                .select((key::tenant_id, key::name, key::created_ms))
                .load(conn)
        })?;
        Ok(rows.into_iter().map(read).collect())
    }

    pub(crate) fn remove_api_key(&self, tenant: TenantId, name: &str) -> Result<bool, StoreError> {
        let named = || key::table.filter(key::tenant_id.eq(tenant.0)).filter(key::name.eq(name));
        self.write(|conn| diesel::delete(named()).execute(conn)).map(|found| found > 0)
    }
}

fn read((tenant, name, created): Row) -> ApiKey {
    ApiKey { tenant: TenantId(tenant), name, created: Timestamp(created) }
}
