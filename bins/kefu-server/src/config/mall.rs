//! Section `[mall]`: the yudao mall whose tokens are good here too.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono_tz::Tz;
use kefu_domain::TenantId;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize, de};

use super::listed::Entry;
use super::{Listed, Settings, Wrong, check};
use crate::secret::{DatabaseUrl, Secret};

/// Where the mall can be asked whose a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum MallSource {
    /// Its Redis.
    Redis,
    /// Its tables.
    Tables,
    /// Its own pages.
    Http,
}

impl MallSource {
    /// As the setting spells it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Redis => "redis",
            Self::Tables => "tables",
            Self::Http => "http",
        }
    }
}

/// The mall.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct MallSettings {
    /// Where the mall is asked whose a token is, in this order: `redis`, `tables`, `http`; empty: nowhere, and its
    /// tokens are good for nothing here.
    pub tokens: Listed<MallSource>,
    /// The mall's own server, such as `http://10.0.0.6:48080`, for `http`.
    pub url: String,
    /// The mall's Redis, such as `redis://:PASSWORD@10.0.0.7:6379/0`, for `redis`.
    pub redis_url: DatabaseUrl,
    /// The mall's database, for `tables`; empty: it is the desk's own.
    pub database_url: DatabaseUrl,
    /// A client of `system_oauth2_client`, for asking `http` about a token's tenant and end.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: Secret,
    /// The tenants that `http` is tried with where no client is named: at most 16.
    pub tenants: Listed<i64>,
    /// The zone of the wall clock of the mall's server, in which its tables say when a token ends.
    pub zone: String,
    /// How long a good answer counts: 1 to 30.
    pub positive_seconds: u64,
    /// How long a no counts: 1 to 10.
    pub negative_seconds: u64,
    /// How long, since the mall was last heard about them, those who were in go on while it does not answer: at most
    /// a day; 0 is not at all.
    pub grace_seconds: u64,
    /// How often those with an open socket are looked at again: 1 to 25.
    pub recheck_seconds: u64,
    /// How long Redis may take for an answer: 50 to 10000.
    pub redis_timeout_milliseconds: u64,
    /// How long the mall's database may take for an answer: 50 to 10000.
    pub database_timeout_milliseconds: u64,
    /// How long the mall's server may take for an answer: 50 to 10000.
    pub http_timeout_milliseconds: u64,
}

impl Default for MallSettings {
    fn default() -> Self {
        Self {
            tokens: Listed::default(),
            url: String::new(),
            redis_url: DatabaseUrl::default(),
            database_url: DatabaseUrl::default(),
            client_id: String::new(),
            client_secret: Secret::default(),
            tenants: Listed(vec![1]),
            zone: "Asia/Shanghai".into(),
            positive_seconds: 30,
            negative_seconds: 3,
            grace_seconds: 600,
            recheck_seconds: 25,
            redis_timeout_milliseconds: 500,
            database_timeout_milliseconds: 1_000,
            http_timeout_milliseconds: 3_000,
        }
    }
}

impl MallSettings {
    /// Whether the mall is asked there.
    #[must_use]
    pub fn asks(&self, source: MallSource) -> bool {
        self.tokens.contains(&source)
    }

    /// The zone of the settings; those that were loaded always have one.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.zone.parse().unwrap_or(Tz::Asia__Shanghai)
    }

    /// The tenants to try.
    #[must_use]
    pub fn tenants(&self) -> Vec<TenantId> {
        self.tenants.iter().copied().map(TenantId).collect()
    }

    /// How long a source may take.
    #[must_use]
    pub fn within(&self, source: MallSource) -> Duration {
        Duration::from_millis(match source {
            MallSource::Redis => self.redis_timeout_milliseconds,
            MallSource::Tables => self.database_timeout_milliseconds,
            MallSource::Http => self.http_timeout_milliseconds,
        })
    }
}

impl Settings {
    /// Where the mall's tables are.
    #[must_use]
    pub fn mall_database(&self) -> &DatabaseUrl {
        if self.mall.database_url.reveal().is_empty() { &self.database.url } else { &self.mall.database_url }
    }
}

impl Entry for MallSource {
    const LIST: &'static str = "a list of redis, tables and http";

    fn read(text: &str) -> Option<Self> {
        Self::deserialize(StrDeserializer::<de::value::Error>::new(text)).ok()
    }
}

/// Everything that is wrong with the section.
pub(super) fn check(settings: &Settings) -> Vec<Wrong> {
    let mall = &settings.mall;
    let mut wrongs = Vec::new();
    let mut require = |holds: bool, setting: &str, what: &str| {
        if !holds {
            wrongs.push(Wrong::new(format!("mall.{setting}"), what));
        }
    };
    let (redis, tables, http) =
        (mall.asks(MallSource::Redis), mall.asks(MallSource::Tables), mall.asks(MallSource::Http));
    let twice = mall.tokens.iter().enumerate().any(|(at, source)| mall.tokens[..at].contains(source));
    require(!twice, "tokens", "names a source twice; write each of redis, tables and http once at most");
    require(
        !redis || tables || http,
        "tokens",
        "is redis alone, which knows neither an agent's permissions nor most refresh tokens; add tables or http",
    );
    let is_redis = |url: &str| url.starts_with("redis://") || url.starts_with("redis+unix://");
    require(
        !redis || is_redis(mall.redis_url.reveal()),
        "redis_url",
        "is not the address of a Redis, and mall.tokens asks one; write redis://:PASSWORD@HOST:PORT/DB",
    );
    let is_mysql = |url: &str| url.starts_with("mysql://") || url.starts_with("mariadb://");
    require(
        !tables || is_mysql(settings.mall_database().reveal()),
        "database_url",
        "is missing, the desk's own database is none of a mall's, and mall.tokens asks its tables; \
         write mysql://USER:PASSWORD@HOST:PORT/NAME",
    );
    require(
        !http || check::is_web_address(&mall.url),
        "url",
        "is not an address of the web, and mall.tokens asks the mall by http; write it as http://HOST:PORT",
    );
    require(
        mall.client_id.is_empty() == mall.client_secret.reveal().is_empty(),
        "client_secret",
        "belongs to mall.client_id: write both of a row of system_oauth2_client, or neither",
    );
    require(
        (1..=16).contains(&mall.tenants.len()) && mall.tenants.iter().all(|tenant| *tenant >= 0),
        "tenants",
        "is not a list of 1 to 16 numbers of tenants; for more, name a client in mall.client_id",
    );
    require(
        mall.zone.parse::<Tz>().is_ok(),
        "zone",
        "is not a time zone; write the name of one, such as Asia/Shanghai",
    );
    let seconds: [(&str, u64, RangeInclusive<u64>, &str); 7] = [
        ("positive_seconds", mall.positive_seconds, 1..=30, "is not within 1 to 30; 30 is a good value"),
        ("negative_seconds", mall.negative_seconds, 1..=10, "is not within 1 to 10; 3 is a good value"),
        ("grace_seconds", mall.grace_seconds, 0..=86_400, "is more than 86400 (a day)"),
        ("recheck_seconds", mall.recheck_seconds, 1..=25, "is not within 1 to 25; 25 is a good value"),
        ("redis_timeout_milliseconds", mall.redis_timeout_milliseconds, 50..=10_000, "is not within 50 to 10000"),
        ("database_timeout_milliseconds", mall.database_timeout_milliseconds, 50..=10_000, "is not within 50 to 10000"),
        ("http_timeout_milliseconds", mall.http_timeout_milliseconds, 50..=10_000, "is not within 50 to 10000"),
    ];
    for (setting, value, good, what) in seconds {
        require(good.contains(&value), setting, what);
    }
    wrongs
}

#[cfg(test)]
mod tests;
