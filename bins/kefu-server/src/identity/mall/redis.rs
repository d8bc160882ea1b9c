//! The mall's Redis: `oauth2_access_token:<token>`, as Java writes it.
//!
//! It knows access tokens, and those refresh tokens that were shown to the mall itself before; no permissions, no
//! pictures, and no members' names. An entry that is gone was revoked or has ended.

use std::time::Duration;

use futures_util::future::BoxFuture;
use kefu_domain::{Party, TenantId, Timestamp};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError};
use serde::Deserialize;

use super::loose::{id, maybe_id};
use super::source::{Asked, Bearer, Sighting, Silent, Source};
use crate::clock;
use crate::identity::Token;

/// The mall's Redis.
pub(super) struct Redis(ConnectionManager);

/// What is read of an entry; the rest may be anything.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    #[serde(deserialize_with = "id")]
    user_id: i64,
    #[serde(deserialize_with = "id")]
    user_type: i64,
    #[serde(default, deserialize_with = "maybe_id")]
    tenant_id: Option<i64>,
    #[serde(default, deserialize_with = "maybe_id")]
    expires_time: Option<i64>,
    #[serde(default)]
    user_info: Option<UserInfo>,
}

#[derive(Deserialize)]
struct UserInfo {
    #[serde(default)]
    nickname: Option<String>,
}

impl Redis {
    /// Call it inside a runtime. Nothing is asked yet.
    pub(super) fn at(url: &str, within: Duration) -> Result<Self, RedisError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(within))
            .set_response_timeout(Some(within))
            .set_number_of_retries(1)
            .set_min_delay(Duration::from_millis(20));
        Ok(Self(ConnectionManager::new_lazy_with_config(Client::open(url)?, config)?))
    }

    async fn get(&self, token: &Token) -> Result<Option<Vec<u8>>, Silent> {
        let mut get = redis::cmd("GET");
        get.arg(format!("oauth2_access_token:{}", token.reveal()));
        match get.query_async(&mut self.0.clone()).await {
            // A connection that was cut while it lay idle says so to the next who asks.
            Err(error) if error.is_unrecoverable_error() && !error.is_timeout() => {
                get.query_async(&mut self.0.clone()).await.map_err(Silent::because)
            }
            answer => answer.map_err(Silent::because),
        }
    }
}

impl Source for Redis {
    fn greet(&self) -> BoxFuture<'_, Result<(), Silent>> {
        Box::pin(async move {
            let mut conn = self.0.clone();
            redis::cmd("PING").query_async::<String>(&mut conn).await.map(|_| ()).map_err(Silent::because)
        })
    }

    fn find<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(async move {
            let Some(json) = self.get(&asked.token).await? else { return Ok(Sighting::Unknown) };
            Ok(read(&json, clock::now()))
        })
    }

    fn can_add(&self, _: &Bearer) -> bool {
        false
    }

    fn add<'a>(&'a self, _: &'a Token, bearer: Bearer) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(async { Ok(Sighting::Of(Box::new(bearer))) })
    }
}

/// Whom an entry names. One that cannot be read says nothing, and its text is not repeated.
fn read(json: &[u8], now: Timestamp) -> Sighting {
    let Ok(entry) = serde_json::from_slice::<Entry>(json) else { return Sighting::Unknown };
    let expires = entry.expires_time.map(Timestamp);
    let party = match entry.user_type {
        1 => Party::of(1, entry.user_id),
        2 => Party::of(2, entry.user_id),
        _ => return Sighting::Unknown,
    };
    if entry.user_id <= 0 || expires.is_some_and(|expires| expires <= now) {
        return Sighting::Unknown;
    }
    let nickname = entry.user_info.and_then(|info| info.nickname);
    let tenant = TenantId(entry.tenant_id.unwrap_or(0));
    Sighting::Of(Box::new(Bearer { nickname, ..Bearer::new(party, tenant, expires) }))
}

#[cfg(test)]
mod tests {
    use kefu_domain::{AdminId, MemberId};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(entry: &serde_json::Value, party: Option<Party>) {
        let found = match read(entry.to_string().as_bytes(), Timestamp(1_000)) {
            Sighting::Of(bearer) => Some(bearer.party),
            Sighting::Unknown | Sighting::Nobody => None,
        };
        assert_eq!(found, party, "{entry}");
    }

    #[test]
    fn an_entry_is_read_as_java_may_write_it_and_no_other() {
        let (member, admin) = (Some(Party::Member(MemberId(7))), Some(Party::Admin(AdminId(7))));
        check(&json!({"userId": 7, "userType": 1, "tenantId": 1, "expiresTime": 1_001, "userInfo": {}}), member);
        check(&json!({"userId": "7", "userType": 2, "tenantId": "1", "expiresTime": "1001"}), admin);
        check(&json!({"userInfo": {"nickname": null}, "userType": 2, "userId": 7, "extra": [1]}), admin);
        check(&json!({"userId": 7, "userType": 1, "expiresTime": 1_000}), None);
        check(&json!({"userId": 7, "userType": 3, "expiresTime": 1_001}), None);
        check(&json!({"userId": 0, "userType": 1}), None);
        check(&json!({"userId": -7, "userType": 1}), None);
        check(&json!({"userId": 7}), None);
        check(&json!("text"), None);
    }

    #[test]
    fn a_mall_without_tenants_is_tenant_zero() {
        let Sighting::Of(bearer) = read(br#"{"userId":7,"userType":2,"tenantId":null}"#, Timestamp(0)) else {
            panic!("nobody")
        };

        assert_eq!((bearer.tenant, bearer.permissions), (TenantId(0), None));
    }
}
