//! Shows out whoever's token ended: revoked ones within five seconds, expired ones within a minute; and, within a minute
//! too, everybody of a tenant that is served no longer, and whoever the mall has shut out or whose rights have changed.
//!
//! Tokens are also revoked by other processes (the command line, other nodes), so the database is asked.

use std::time::Duration;

use kefu_domain::{StoreError, Timestamp};
use kefu_push::Hub;
use kefu_storage::{Database, TokenHash};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::attendance::Attendance;
use crate::clock;
use crate::identity::{OwnTokens, credential_of};
use crate::questions::ask;
use crate::tenants::Tenants;

const EVERY: Duration = Duration::from_secs(2);
/// A revocation becomes visible a moment after its own time.
const OVERLAP_MS: i64 = 10_000;
/// Every so many rounds, expired ones are shown out, and those of tenants that are served no longer.
const ROUNDS_PER_EXPIRY: u64 = 5;
/// Every so many rounds, tokens that ended a day ago are forgotten.
const ROUNDS_PER_FORGETTING: u64 = 1_800;
const DAY_MS: i64 = 24 * 3_600 * 1_000;

/// Sweeps for as long as the server runs.
pub async fn sweep(database: Database, tenants: Tenants, tokens: OwnTokens, hub: Hub) {
    let mut since = None;
    let mut failing = false;
    let mut ticks = interval_at(Instant::now() + EVERY, EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for round in 1_u64.. {
        ticks.tick().await;
        if round % ROUNDS_PER_EXPIRY == 0 {
            hub.close_expired(clock::now());
            close_tenants(&tenants, &hub).await;
        }
        let (books, from) = (database.clone(), since);
        match ask(EVERY, move || revoked(&books, from)).await {
            Ok((hashes, now)) => {
                since = Some(now);
                failing = false;
                for hash in &hashes {
                    tokens.forget(hash);
                    hub.close_credential(&credential_of(hash));
                }
            }
            Err(error) if !failing => {
                failing = true;
                tracing::warn!(%error, "revoked tokens cannot be looked up; their sockets stay until the database is back");
            }
            Err(_) => {}
        }
        if round % ROUNDS_PER_FORGETTING == 0 {
            let books = database.clone();
            let forgotten = ask(EVERY, move || books.forget_tokens(Timestamp(books.now()?.0 - DAY_MS))).await;
            if let Err(error) = forgotten {
                tracing::warn!(%error, "ended tokens could not be forgotten");
            }
        }
    }
}

/// Shows out everybody of tenants that are served no longer. Where that cannot be found out they stay.
async fn close_tenants(tenants: &Tenants, hub: &Hub) {
    let (tenants, here) = (tenants.clone(), hub.tenants());
    if here.is_empty() {
        return;
    }
    for tenant in ask(EVERY, move || tenants.not_served(here)).await.unwrap_or_default() {
        let sockets = hub.close_tenant(tenant);
        tracing::info!(tenant.id = tenant.0, sockets, "the tenant is served no longer; its sockets are closed");
    }
}

/// Asks, every so often, whether everybody with an open socket is still who they were: the mall about its people, our
/// own books about what an admin may do.
pub async fn recheck(attendance: Attendance, hub: Hub, every: Duration) {
    let mut ticks = interval_at(Instant::now() + every, every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        attendance.recheck(&hub).await;
    }
}

/// What was revoked since the previous time, and the time of this one.
fn revoked(database: &Database, since: Option<Timestamp>) -> Result<(Vec<TokenHash>, Timestamp), StoreError> {
    let now = database.now()?;
    let since = Timestamp(since.unwrap_or(now).0 - OVERLAP_MS);
    Ok((database.revoked_since(since)?, now))
}

#[cfg(test)]
mod tests {
    use kefu_domain::{MemberId, Party, Scope, TenantId};
    use kefu_push::{Dialect, Guest};

    use super::*;
    use crate::testing::world;

    #[actix_web::test]
    async fn everybody_of_a_tenant_that_is_served_no_longer_is_shown_out_and_nobody_else() {
        let world = world();
        let hub = &world.house.hub;
        let sockets: Vec<_> =
            [(1, Dialect::Mall), (2, Dialect::Mall), (2, Dialect::V2), (3, Dialect::V2), (77, Dialect::V2)]
                .into_iter()
                .map(|(tenant, dialect)| {
                    let scope = Scope::platform(TenantId(tenant));
                    hub.join(Guest { dialect, ..Guest::new(scope, Party::Member(MemberId(1))) })
                })
                .collect();

        close_tenants(&world.house.tenants, hub).await;

        let closed: Vec<_> = sockets.iter().map(|(_, inbox)| inbox.is_closed()).collect();
        assert_eq!(closed, [false, true, true, true, true]);
    }
}
