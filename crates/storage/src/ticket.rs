//! Tickets: what somebody who is known shows in place of a credential, to open one socket at any node. Only hashes
//! are kept.

use kefu_domain::{StoreError, TenantId};

use crate::Database;
use crate::database::on_either;

impl Database {
    /// Keeps a ticket's hash, what it stands for, and until when it is good, in milliseconds of the database's clock.
    ///
    /// Expired ones are forgotten here, now and then. [`StoreError::Failed`] for a hash that is kept already.
    pub fn keep_ticket(
        &self,
        hash: [u8; 32],
        tenant: TenantId,
        bearer: &str,
        expires_ms: i64,
    ) -> Result<(), StoreError> {
        on_either!(self, db => db.keep_ticket(&hash, tenant, bearer, expires_ms))
    }

    /// What a ticket stands for that is good at this time of the database; whoever asks first, at whichever node, has
    /// it, and from then on there is no such ticket.
    ///
    /// After an error it may be gone as well: its holder asks for another one.
    pub fn take_ticket(&self, hash: &[u8; 32], now_ms: i64) -> Result<Option<(TenantId, String)>, StoreError> {
        on_either!(self, db => db.take_ticket(hash, now_ms))
    }
}
