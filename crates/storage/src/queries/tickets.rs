//! Tickets.

use std::sync::atomic::Ordering;

use diesel::prelude::*;
use kefu_domain::{Chain, StoreError, TenantId};

use super::{Db, clock};
use crate::schema::kefu_ticket as ticket;

/// How many tickets a process keeps between two looks for expired ones.
const KEPT_PER_TIDYING: u32 = 64;

impl Db {
    pub(crate) fn keep_ticket(
        &self,
        hash: &[u8; 32],
        tenant: TenantId,
        bearer: &str,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        if self.tickets_kept.fetch_add(1, Ordering::Relaxed).is_multiple_of(KEPT_PER_TIDYING) {
            self.forget_tickets();
        }
        let row = (
            ticket::hash.eq(hash.as_slice()),
            ticket::tenant_id.eq(tenant.0),
            ticket::bearer.eq(bearer),
            ticket::expires_ms.eq(expires_ms),
        );
        self.write(|conn| diesel::insert_into(ticket::table).values(row).execute(conn)).map(|_| ())
    }

    /// Of several that read it, one deletes it, and has it.
    pub(crate) fn take_ticket(&self, hash: &[u8; 32], now_ms: i64) -> Result<Option<(TenantId, String)>, StoreError> {
        let this = || ticket::table.find(hash.as_slice());
        let columns = (ticket::tenant_id, ticket::bearer, ticket::expires_ms);
        let taken: Option<(i64, String, i64)> = self.write(|conn| {
            let found = this().select(columns).first(conn).optional()?;
            let is_ours = found.is_some() && diesel::delete(this()).execute(conn)? == 1;
            Ok(found.filter(|_| is_ours))
        })?;
        Ok(taken.filter(|(.., expires_ms)| now_ms < *expires_ms).map(|(tenant, bearer, _)| (TenantId(tenant), bearer)))
    }

    /// Those that nobody took in time. Whoever brings a new one is not to pay for it: the next to tidy up finds them.
    fn forget_tickets(&self) {
        let forgotten = self.write(|conn| {
            let now = self.offset.instant(clock(conn)?);
            diesel::delete(ticket::table.filter(ticket::expires_ms.le(now.0))).execute(conn)
        });
        if let Err(error) = forgotten {
            tracing::warn!(error = %Chain(&error), "could not forget expired tickets");
        }
    }
}
