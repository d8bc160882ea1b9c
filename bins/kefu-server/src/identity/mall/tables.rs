//! The mall's tables: tokens of both kinds, accounts, roles and menus.

use std::sync::Arc;

use chrono::{NaiveDateTime, TimeDelta, TimeZone as _};
use chrono_tz::Tz;
use futures_util::future::BoxFuture;
use kefu_domain::{Party, StoreError, Timestamp};
use kefu_storage::{MallPerson, MallTables};
use tokio::sync::Semaphore;

use super::source::{Asked, Bearer, Sighting, Silent, Source};
use crate::clock;
use crate::identity::Token;

/// Connections to the mall's database, and questions to it under way: one that hangs keeps its place until it ends.
pub(super) const CONNECTIONS: u32 = 4;

/// The mall's tables; clones share the connections.
#[derive(Clone)]
pub(super) struct Tables {
    tables: MallTables,
    room: Arc<Semaphore>,
    zone: Tz,
}

impl Tables {
    pub(super) fn new(tables: MallTables, zone: Tz) -> Self {
        Self { tables, room: Arc::new(Semaphore::new(CONNECTIONS as usize)), zone }
    }

    /// Asks where blocking is allowed.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&MallTables) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Silent> {
        let place = Arc::clone(&self.room).acquire_owned().await.map_err(Silent::because)?;
        let tables = self.tables.clone();
        let asked = tokio::task::spawn_blocking(move || {
            let _place = place;
            question(&tables)
        });
        asked.await.map_err(Silent::because)?.map_err(Silent::because)
    }
}

impl Source for Tables {
    fn greet(&self) -> BoxFuture<'_, Result<(), Silent>> {
        Box::pin(self.ask(MallTables::check))
    }

    fn find<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Sighting, Silent>> {
        let (token, zone, now) = (asked.token.clone(), self.zone, clock::now());
        Box::pin(self.ask(move |tables| {
            let Some(row) = tables.token(token.reveal())? else { return Ok(Sighting::Unknown) };
            let ends = instant(row.ends, zone);
            if row.owner == Party::System || ends <= now {
                return Ok(Sighting::Unknown);
            }
            describe(tables, Bearer::new(row.owner, row.tenant, Some(ends)))
        }))
    }

    fn can_add(&self, bearer: &Bearer) -> bool {
        !bearer.is_enabled
    }

    fn add<'a>(&'a self, _: &'a Token, bearer: Bearer) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(self.ask(move |tables| describe(tables, bearer)))
    }
}

/// What the account and its roles say. Without an account that is in use, a token opens nothing.
fn describe(tables: &MallTables, bearer: Bearer) -> Result<Sighting, StoreError> {
    let Some(MallPerson { nickname, avatar, enabled: true }) = tables.person(bearer.tenant, bearer.party)? else {
        return Ok(Sighting::Nobody);
    };
    let permissions = match (bearer.permissions, bearer.party) {
        (None, Party::Admin(id)) => Some(tables.permissions(bearer.tenant, id)?),
        (known, _) => known,
    };
    let known = Bearer { nickname, avatar, permissions, is_described: true, is_enabled: true, ..bearer };
    Ok(Sighting::Of(Box::new(known)))
}

/// The instant at which that clock showed that time: the earlier one where it showed it twice, an hour before where it
/// never did.
fn instant(shown: NaiveDateTime, zone: Tz) -> Timestamp {
    let earliest = |shown| zone.from_local_datetime(&shown).earliest();
    let instant = earliest(shown).or_else(|| earliest(shown - TimeDelta::hours(1)));
    Timestamp(instant.map_or_else(|| shown.and_utc().timestamp_millis(), |instant| instant.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(shown: &str, zone: Tz, instant_of: &str) {
        let shown = NaiveDateTime::parse_from_str(shown, "%Y-%m-%d %H:%M:%S").unwrap();
        let expected = chrono::DateTime::parse_from_rfc3339(instant_of).unwrap().timestamp_millis();
        assert_eq!(instant(shown, zone), Timestamp(expected), "{shown} in {zone}");
    }

    #[test]
    fn an_end_is_read_by_the_wall_clock_of_the_mall() {
        check("2026-11-22 08:00:00", Tz::Asia__Shanghai, "2026-11-22T00:00:00Z");
        check("2026-07-01 12:00:00", Tz::Europe__Berlin, "2026-07-01T10:00:00Z");
        check("2026-01-01 12:00:00", Tz::Europe__Berlin, "2026-01-01T11:00:00Z");
        check("2026-10-25 02:30:00", Tz::Europe__Berlin, "2026-10-25T00:30:00Z");
        check("2026-03-29 02:30:00", Tz::Europe__Berlin, "2026-03-29T00:30:00Z");
    }
}
