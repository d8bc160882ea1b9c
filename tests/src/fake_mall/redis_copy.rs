//! The mall's tokens in its Redis, exactly as Java keeps them there.

use std::time::Duration;

use redis::{Commands, Connection, RedisResult};
use serde_json::{Value, json};

use super::office::Office;
use super::tokens::{Change, MALL_CLIENT, Token};
use super::wire::long;

/// Longer than a Redis on the same machine takes, short enough for a test that has stopped it.
const WITHIN: Duration = Duration::from_secs(2);
/// The same for what the mall can do without, so that a Redis that hangs does not keep its other pages waiting.
const IN_PASSING: Duration = Duration::from_millis(300);

#[derive(Debug)]
pub(super) struct RedisCopy {
    client: redis::Client,
}

impl RedisCopy {
    pub(super) fn at(url: &str) -> RedisResult<Self> {
        let client = redis::Client::open(url)?;
        client.get_connection_with_timeout(WITHIN)?;
        Ok(Self { client })
    }

    pub(super) fn write(&self, office: &Office, changes: &[Change], now: i64) -> RedisResult<()> {
        if changes.iter().all(|change| matches!(change, Change::Refreshable(_))) {
            return Ok(());
        }
        let only_cached = changes.iter().all(|change| matches!(change, Change::Cached(_)));
        let within = if only_cached { IN_PASSING } else { WITHIN };
        let mut conn = self.client.get_connection_with_timeout(within)?;
        conn.set_read_timeout(Some(within))?;
        conn.set_write_timeout(Some(within))?;
        for change in changes {
            match change {
                Change::Refreshable(_) => {}
                Change::Issued(token) | Change::Cached(token) => keep(&mut conn, office, token, now)?,
                Change::Moved(token) if conn.exists(key(token))? => keep(&mut conn, office, token, now)?,
                Change::Moved(_) => {}
                Change::Gone(token) => conn.del(key(token))?,
            }
        }
        Ok(())
    }
}

fn keep(conn: &mut Connection, office: &Office, token: &Token, now: i64) -> RedisResult<()> {
    match u64::try_from((token.expires - now) / 1_000) {
        Ok(seconds) if seconds > 0 => conn.set_ex(key(token), value(office, token).to_string(), seconds),
        _ => conn.del(key(token)),
    }
}

fn key(token: &Token) -> String {
    format!("oauth2_access_token:{}", token.access)
}

fn value(office: &Office, token: &Token) -> Value {
    json!({
        "createTime": null, "updateTime": null, "creator": null, "updater": null, "deleted": null,
        "tenantId": long(token.tenant), "id": long(token.id), "accessToken": token.access,
        "refreshToken": token.refresh, "userId": long(token.who.id()), "userType": token.who.user_type(),
        "userInfo": office.user_info(token.who), "clientId": MALL_CLIENT, "scopes": null,
        "expiresTime": token.expires,
    })
}
