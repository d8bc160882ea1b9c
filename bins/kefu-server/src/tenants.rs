//! Which tenants are served: every request of a tenant that is unknown, disabled or over is refused.

use std::collections::HashMap;
use std::time::Duration;

use kefu_domain::{StoreError, TenantId, Timestamp};
use kefu_storage::{Database, Tenant, TenantStatus};
use kefu_web::ApiError;
use moka::sync::Cache;

use crate::clock;

/// How long after a change the old state may still count.
const REMEMBERED: Duration = Duration::from_secs(3);

/// The tenants, remembered for a moment where a request asks.
#[derive(Clone)]
pub struct Tenants {
    database: Database,
    known: Cache<TenantId, Option<Tenant>>,
}

impl Tenants {
    /// The tenants of a database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self { database, known: Cache::builder().max_capacity(10_000).time_to_live(REMEMBERED).build() }
    }

    /// Whether the tenant is served, where that is known without asking; `None` means to ask [`Tenants::ask`].
    #[must_use]
    pub fn at_once(&self, id: TenantId) -> Option<Result<(), ApiError>> {
        self.known.get(&id).map(|tenant| judge(tenant.as_ref(), clock::now()))
    }

    /// Whether the tenant is served. Blocks.
    pub fn ask(&self, id: TenantId) -> Result<Result<(), ApiError>, StoreError> {
        let tenant = self.database.tenant(id)?;
        let verdict = judge(tenant.as_ref(), clock::now());
        self.known.insert(id, tenant);
        Ok(verdict)
    }

    /// Those of them that are not served. Blocks.
    pub fn not_served(&self, mut among: Vec<TenantId>) -> Result<Vec<TenantId>, StoreError> {
        let all: HashMap<_, _> = self.database.tenants()?.into_iter().map(|tenant| (tenant.id, tenant)).collect();
        let now = clock::now();
        among.retain(|id| judge(all.get(id), now).is_err());
        Ok(among)
    }
}

fn judge(tenant: Option<&Tenant>, now: Timestamp) -> Result<(), ApiError> {
    let Some(tenant) = tenant else { return Err(ApiError::Own(1_002_015_000, "租户不存在".into())) };
    if tenant.status == TenantStatus::Disabled {
        return Err(ApiError::Own(1_002_015_001, format!("名字为【{}】的租户已被禁用", tenant.name).into()));
    }
    if tenant.expires.is_some_and(|expires| expires <= now) {
        return Err(ApiError::Own(1_002_015_002, format!("名字为【{}】的租户已过期", tenant.name).into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tenant_that_is_enabled_and_not_over_is_served() {
        let tenant = |status, expires: Option<i64>| Tenant {
            id: TenantId(1),
            name: "mall".into(),
            status,
            expires: expires.map(Timestamp),
        };
        let check = |tenant: Option<Tenant>, code: i32| {
            let verdict = judge(tenant.as_ref(), Timestamp(1_000)).map_or_else(|error| error.code(), |()| 0);
            assert_eq!(verdict, code);
        };

        check(None, 1_002_015_000);
        check(Some(tenant(TenantStatus::Disabled, None)), 1_002_015_001);
        check(Some(tenant(TenantStatus::Disabled, Some(1))), 1_002_015_001);
        check(Some(tenant(TenantStatus::Enabled, Some(1_000))), 1_002_015_002);
        check(Some(tenant(TenantStatus::Enabled, Some(1_001))), 0);
        check(Some(tenant(TenantStatus::Enabled, None)), 0);
    }
}
