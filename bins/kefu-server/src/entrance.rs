//! Ways in for those whose mall signs nothing: tokens for members, which the mall's own server asks for with an API
//! key, and passes for visitors.
//!
//! A key belongs to one tenant and opens nothing but `/open-api/`. It has no business in a browser: whatever comes
//! with an `Origin` is refused, however good its key. Only its SHA-256 is kept, and it is looked up by that, so there
//! is nothing to compare letter by letter.

pub(crate) mod guest;
pub(crate) mod member_token;

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, ORIGIN};
use kefu_domain::TenantId;
use kefu_push::Hub;
use kefu_storage::{ApiKey, Database};
use kefu_web::serving::PerMinute;
use kefu_web::{ApiError, ClientAddress};
use moka::sync::Cache;
use sha2::{Digest, Sha256};

use crate::guard::KNOWN_WITHIN;
use crate::identity::{Guests, Numbers, OwnTokens, Remembering};
use crate::questions::ask;
use crate::{client, random};

/// What every key begins with, so that one that leaked is found by those who look for such.
const PREFIX: &str = "kefu_";
/// How long a key that was taken back may go on opening.
const REMEMBERED: Duration = Duration::from_secs(3);
/// How long a key that was good is looked up without regard to what else comes from its address.
const TRUSTED: Duration = Duration::from_secs(3_600);
/// How long an address waits after too many wrong keys.
const WAIT: Duration = Duration::from_secs(60);
/// Wrong keys of one address in a minute.
const WRONG_PER_MINUTE: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// Requests of one key in a minute: a hundred a second, for as many members who come to the chat.
const PER_KEY_AND_MINUTE: NonZeroU32 = NonZeroU32::new(6_000).unwrap();

/// What this module works with, as the rest of the server has it.
pub struct Parts {
    /// Where keys are kept.
    pub database: Database,
    /// Where sockets are.
    pub hub: Hub,
    /// Where tokens are made.
    pub tokens: OwnTokens,
    /// Who is meant by a name.
    pub numbers: Numbers,
    /// How members are called.
    pub remembering: Remembering,
    /// The visitors, where they are let in.
    pub guests: Option<Guests>,
}

/// What the handlers of this module share.
pub struct Entrance {
    parts: Parts,
    /// Keys that are good, for a moment.
    known: Cache<[u8; 32], ApiKey>,
    /// Keys that were good.
    trusted: Cache<[u8; 32], ()>,
    wrong: PerMinute<ClientAddress>,
    waiting: Cache<ClientAddress, ()>,
    per_key: PerMinute<[u8; 32]>,
    newcomers: PerMinute<ClientAddress>,
}

impl Entrance {
    /// Puts it together; lets so many new visitors of one address in each minute.
    #[must_use]
    pub fn new(parts: Parts, guests_per_minute: NonZeroU32) -> Self {
        Self {
            parts,
            known: Cache::builder().max_capacity(10_000).time_to_live(REMEMBERED).build(),
            trusted: Cache::builder().max_capacity(10_000).time_to_live(TRUSTED).build(),
            wrong: PerMinute::new(WRONG_PER_MINUTE),
            waiting: Cache::builder().max_capacity(100_000).time_to_live(WAIT).build(),
            per_key: PerMinute::new(PER_KEY_AND_MINUTE),
            newcomers: PerMinute::new(guests_per_minute),
        }
    }

    /// The tenant whose key a request shows.
    async fn admit(&self, request: &HttpRequest) -> Result<TenantId, ApiError> {
        if request.headers().contains_key(ORIGIN) {
            return Err(ApiError::Own(403, "API 密钥只能由商城的服务器使用，不能放在网页里".into()));
        }
        let address = address_of(request);
        let hash = key_of(request).map(|key| hash(&key));
        let key = match hash {
            Some(hash) => self.find(hash, address).await?,
            None => None,
        };
        let (Some(hash), Some(key)) = (hash, key) else {
            if self.wrong.take(&address).is_err() {
                self.waiting.insert(address, ());
            }
            return Err(ApiError::Own(401, "API 密钥无效".into()));
        };
        self.per_key.take(&hash)?;
        Ok(key.tenant)
    }

    async fn find(&self, hash: [u8; 32], address: ClientAddress) -> Result<Option<ApiKey>, ApiError> {
        if let Some(key) = self.known.get(&hash) {
            return Ok(Some(key));
        }
        // A mall whose other server has an old key goes on with the good one.
        if !self.trusted.contains_key(&hash) && self.waiting.contains_key(&address) {
            return Err(ApiError::TooMany(WAIT.as_secs()));
        }
        let database = self.parts.database.clone();
        let key = ask(KNOWN_WITHIN, move || database.api_key(&hash)).await?;
        match &key {
            Some(key) => {
                self.known.insert(hash, key.clone());
                self.trusted.insert(hash, ());
            }
            None => self.trusted.invalidate(&hash),
        }
        Ok(key)
    }
}

/// A new key: 256 random bits.
pub fn new_key() -> Result<String, getrandom::Error> {
    Ok(format!("{PREFIX}{}{}", random::name()?, random::name()?))
}

/// What is kept of a key.
#[must_use]
pub fn hash(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

/// The key of a request: `X-Api-Key`, or what follows `Bearer ` in `Authorization`. What has not the form of one is
/// none.
fn key_of(request: &HttpRequest) -> Option<String> {
    let text = |value: &actix_web::http::header::HeaderValue| value.to_str().ok().map(|text| text.trim().to_owned());
    let named = request.headers().get("x-api-key").and_then(text);
    let bearer = || {
        let value = request.headers().get(AUTHORIZATION).and_then(text)?;
        value.strip_prefix("Bearer ").map(|key| key.trim().to_owned())
    };
    named.or_else(bearer).filter(|key| {
        key.strip_prefix(PREFIX)
            .is_some_and(|rest| rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// Where a request comes from.
fn address_of(request: &HttpRequest) -> ClientAddress {
    ClientAddress::new(client::address(request).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)))
}
