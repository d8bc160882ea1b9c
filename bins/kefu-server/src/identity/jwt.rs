//! Tokens that the shop's own server signed (JWT, HS256, and no other algorithm).
//!
//! Claims: `id`, `type` (1 or `member`, 2 or `admin`), `tenant`, `exp`; optional `nickname`, `avatar`, and for
//! agents `permissions` (absent: none). Numbers may come as texts of digits. What a token says of its bearer's name
//! and picture is remembered, for the lists that others see: unchanged words are not written again, others once a
//! minute, and whoever's words cannot be written is let in all the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use kefu_domain::{Party, Permission, Profile, ShopId, Shops, StoreError, TenantId, Timestamp};
use moka::sync::Cache;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Identity, Question, Token, Verdict, WhoAreYou};
use crate::clock;
use crate::guard::{KNOWN_WITHIN, ask};

/// What the mall's columns hold.
const MAX_NICKNAME: usize = 64;
const MAX_AVATAR: usize = 512;
/// Two tokens of one person that say different things would otherwise have every request write.
const REWRITTEN_AFTER_MS: i64 = 60_000;
/// Ids are numbers in JavaScript too.
const MAX_ID: i64 = (1 << 53) - 1;

/// What a token says.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Claims {
    /// The member's or admin's id.
    #[serde(deserialize_with = "number")]
    pub id: i64,
    /// 1 or `member`, 2 or `admin`.
    #[serde(rename = "type", deserialize_with = "user_type")]
    pub user_type: i32,
    /// The tenant.
    #[serde(deserialize_with = "number")]
    pub tenant: i64,
    /// The end, in seconds since the epoch.
    #[serde(deserialize_with = "seconds")]
    pub exp: i64,
    /// The beginning, in seconds since the epoch.
    #[serde(default, deserialize_with = "maybe_seconds", skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// How others see the bearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nickname: Option<String>,
    /// The address of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avatar: Option<String>,
    /// What an admin may do, as the mall's menus name it; other names are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<String>>,
    /// The shops that an admin serves; the platform where it says nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shops: Option<Vec<i64>>,
}

/// Signs claims as the shop's server would.
pub fn sign(secret: &str, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(secret.as_bytes()))
}

/// Writes down what a token said about its bearer. Blocks.
pub type Remember = Box<dyn Fn(TenantId, Party, &Profile) -> Result<(), StoreError> + Send + Sync>;

/// The adapter for signed tokens.
#[derive(Clone)]
pub struct JwtIdentities(Arc<Inner>);

struct Inner {
    key: DecodingKey,
    validation: Validation,
    remember: Remember,
    remembered: Cache<(TenantId, Party), Remembered>,
    /// Whether the last writing failed.
    failing: AtomicBool,
}

/// What was written of somebody, and when.
#[derive(Clone)]
struct Remembered {
    profile: Profile,
    at: Timestamp,
}

impl JwtIdentities {
    /// Verifies with this secret; hands changed names and pictures to `remember`.
    #[must_use]
    pub fn new(secret: &str, remember: Remember) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Times are compared here, with our clock and without leeway: an expired token is expired.
        validation.validate_exp = false;
        Self(Arc::new(Inner {
            key: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            remember,
            remembered: Cache::new(100_000),
            failing: AtomicBool::new(false),
        }))
    }
}

impl Inner {
    /// Whom the token names at that instant.
    fn verify(&self, token: &Token, now: Timestamp) -> Option<Identity> {
        let claims = decode::<Claims>(token.reveal(), &self.key, &self.validation).ok()?.claims;
        let expires = Timestamp(claims.exp.checked_mul(1_000)?);
        let begins = claims.nbf.map_or(0, |seconds| seconds.saturating_mul(1_000));
        let named = (1..=MAX_ID).contains(&claims.id) && (0..=MAX_ID).contains(&claims.tenant);
        if !named || expires <= now || begins > now.0 {
            return None;
        }
        let party = Party::of(claims.user_type, claims.id);
        let permissions = match party {
            Party::Admin(_) => claims.permissions.iter().flatten().filter_map(|name| Permission::parse(name)).collect(),
            Party::Member(_) | Party::System => Vec::new(),
        };
        let profile = Profile {
            nickname: claims.nickname.as_deref().and_then(clean_nickname),
            avatar: claims.avatar.filter(|address| is_picture(address)),
        };
        let tenant = TenantId(claims.tenant);
        let shops = claims.shops.map_or_else(Shops::platform, |shops| shops.into_iter().map(ShopId).collect());
        let (credential, expires) = (token.credential(), Some(expires));
        Some(Identity { party, tenant, permissions, shops, profile, credential, expires })
    }

    /// Whether what a token says of its bearer is to be written now.
    fn is_news(&self, identity: &Identity, now: Timestamp) -> bool {
        let settled = |known: Remembered| {
            known.profile == identity.profile || now.0.saturating_sub(known.at.0) < REWRITTEN_AFTER_MS
        };
        identity.profile != Profile::default()
            && !self.remembered.get(&(identity.tenant, identity.party)).is_some_and(settled)
    }

    /// Writes it. What fails is tried again with the next request, and said once.
    fn write(&self, identity: &Identity, now: Timestamp) {
        let Identity { tenant, party, profile, .. } = identity;
        match (self.remember)(*tenant, *party, profile) {
            Ok(()) => {
                self.remembered.insert((*tenant, *party), Remembered { profile: profile.clone(), at: now });
                self.failing.store(false, Ordering::Relaxed);
            }
            Err(error) if !self.failing.swap(true, Ordering::Relaxed) => {
                tracing::warn!(%error, "names and pictures cannot be written; their bearers are let in without");
            }
            Err(_) => {}
        }
    }

    fn known_at(&self, token: &Token, now: Timestamp) -> Option<Option<Identity>> {
        let Some(identity) = self.verify(token, now) else { return Some(None) };
        (!self.is_news(&identity, now)).then_some(Some(identity))
    }

    fn ask_at(&self, token: &Token, now: Timestamp) -> Option<Identity> {
        let identity = self.verify(token, now)?;
        if self.is_news(&identity, now) {
            self.write(&identity, now);
        }
        Some(identity)
    }
}

impl WhoAreYou for JwtIdentities {
    fn at_once(&self, token: &Token) -> Option<Option<Identity>> {
        self.0.known_at(token, clock::now())
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Verdict> {
        let (inner, token) = (self.0.clone(), question.token.clone());
        Box::pin(ask(KNOWN_WITHIN, move || Ok(inner.ask_at(&token, clock::now()))))
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.verify(token, clock::now())
    }
}

/// A name without characters that hide, reorder or break what stands beside it.
fn clean_nickname(name: &str) -> Option<String> {
    let hidden = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let name: String = name.trim().chars().filter(hidden).take(MAX_NICKNAME).collect();
    (!name.is_empty()).then_some(name)
}

/// An address that a page can show as a picture without running anything.
fn is_picture(address: &str) -> bool {
    address.len() <= MAX_AVATAR
        && ["https://", "http://", "/"].iter().any(|start| address.starts_with(start))
        && !address.contains(|c: char| c.is_control() || c.is_whitespace() || matches!(c, '"' | '<' | '>' | '\''))
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let digits = |text: &String| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match Loose::deserialize(deserializer)? {
        Loose::Whole(number) => Ok(number),
        Loose::Text(text) if digits(&text) => text.parse().map_err(serde::de::Error::custom),
        Loose::Text(_) | Loose::Fraction(_) => Err(serde::de::Error::custom("not a whole number")),
    }
}

fn user_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i32, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Whole(1) => Ok(1),
        Loose::Whole(2) => Ok(2),
        Loose::Text(text) if text == "member" || text == "1" => Ok(1),
        Loose::Text(text) if text == "admin" || text == "2" => Ok(2),
        _ => Err(serde::de::Error::custom("neither member nor admin")),
    }
}

/// Some libraries write seconds with a fraction.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Whole(seconds) => Ok(seconds),
        #[allow(
            clippy::cast_possible_truncation,
            reason = "within the range that the guard allows, it only cuts the fraction"
        )]
        Loose::Fraction(seconds) if (0.0..1e12).contains(&seconds) => Ok(seconds as i64),
        Loose::Fraction(_) | Loose::Text(_) => Err(serde::de::Error::custom("not a time")),
    }
}

fn maybe_seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    seconds(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
