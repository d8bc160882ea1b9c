//! Visitors without an account: a random name in a token that this server signs.
//!
//! The key is derived from the server's secret, so no token of the shop's server is a visitor's and no visitor's token
//! is one of the shop's. A visitor is a member of one tenant and nothing else, with an id below zero.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, crypto, decode, encode};
use kefu_domain::{Party, Profile, Shops, StoreError, TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::number::Numbers;
use super::profile::Remembering;
use super::{Answer, Identity, Question, Token, Verdict, WhoAreYou};
use crate::guard::KNOWN_WITHIN;
use crate::questions::ask;
use crate::{clock, random};

/// Another purpose has another text, and so another key.
const PURPOSE: &[u8] = b"kefu: tokens of visitors, version 1";
const LIVES_SECONDS: i64 = 30 * 24 * 3_600;

/// A visitor of a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub(crate) tenant: TenantId,
    /// 32 hex digits.
    pub(crate) name: String,
}

/// A visitor's token, just signed.
pub struct Pass {
    /// The token.
    pub token: String,
    /// When it ends, in milliseconds since the epoch.
    pub expires_ms: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    visitor: String,
    tenant: i64,
    exp: i64,
}

/// The adapter for visitors, and the place where their tokens are made.
#[derive(Clone)]
pub struct Guests(Arc<Inner>);

struct Inner {
    signing: EncodingKey,
    verifying: DecodingKey,
    validation: Validation,
    numbers: Numbers,
    remembering: Remembering,
}

impl Guests {
    /// Signs with a key made of this secret.
    pub fn new(secret: &str, numbers: Numbers, remembering: Remembering) -> Result<Self, jsonwebtoken::errors::Error> {
        let key = crypto::sign(PURPOSE, &EncodingKey::from_secret(secret.as_bytes()), Algorithm::HS256)?;
        let mut validation = Validation::new(Algorithm::HS256);
        // Compared here, with our clock and without leeway.
        validation.validate_exp = false;
        Ok(Self(Arc::new(Inner {
            signing: EncodingKey::from_secret(key.as_bytes()),
            verifying: DecodingKey::from_secret(key.as_bytes()),
            validation,
            numbers,
            remembering,
        })))
    }

    /// Somebody new.
    pub(crate) fn newcomer(tenant: TenantId) -> Result<Visitor, getrandom::Error> {
        Ok(Visitor { tenant, name: random::name()? })
    }

    /// The visitor whose token this is, if it is good at that instant.
    pub(crate) fn of_token(&self, token: &Token, now: Timestamp) -> Option<Visitor> {
        self.verify(token).filter(|(_, expires)| *expires > now).map(|(visitor, _)| visitor)
    }

    /// A token for 30 days from now.
    pub(crate) fn sign(&self, visitor: &Visitor, now: Timestamp) -> Result<Pass, jsonwebtoken::errors::Error> {
        let exp = now.0 / 1_000 + LIVES_SECONDS;
        let payload = Payload { visitor: visitor.name.clone(), tenant: visitor.tenant.0, exp };
        let token = encode(&Header::new(Algorithm::HS256), &payload, &self.0.signing)?;
        Ok(Pass { token, expires_ms: exp * 1_000 })
    }

    /// The member that a visitor is; sees to it that agents are shown a name. Blocks.
    pub(crate) fn member(&self, visitor: &Visitor, now: Timestamp) -> Result<(Party, Profile), StoreError> {
        let party = self.0.numbers.visitor(visitor.tenant, &visitor.name)?;
        let profile = profile(party);
        self.0.remembering.note(visitor.tenant, party, &profile, now);
        Ok((party, profile))
    }

    /// Who is named by a signature of ours, be the token good or not.
    fn verify(&self, token: &Token) -> Option<(Visitor, Timestamp)> {
        let payload = decode::<Payload>(token.reveal(), &self.0.verifying, &self.0.validation).ok()?.claims;
        let expires = Timestamp(payload.exp.checked_mul(1_000)?);
        let visitor = Visitor { tenant: TenantId(payload.tenant), name: payload.visitor };
        random::is_name(&visitor.name).then_some((visitor, expires))
    }

    fn at_once_at(&self, token: &Token, now: Timestamp) -> Option<Verdict> {
        let Some((visitor, expires)) = self.verify(token) else { return Some(Verdict::Unknown) };
        if expires <= now {
            return Some(Verdict::Nobody);
        }
        let party = self.0.numbers.visitor_at_once(visitor.tenant, &visitor.name)?;
        Some(Verdict::Is(identity(token, visitor.tenant, party, profile(party), expires)))
    }

    /// Blocks.
    fn ask_at(&self, token: &Token, now: Timestamp) -> Result<Verdict, StoreError> {
        let Some((visitor, expires)) = self.verify(token) else { return Ok(Verdict::Unknown) };
        if expires <= now {
            return Ok(Verdict::Nobody);
        }
        let (party, profile) = self.member(&visitor, now)?;
        Ok(Verdict::Is(identity(token, visitor.tenant, party, profile, expires)))
    }
}

fn identity(token: &Token, tenant: TenantId, party: Party, profile: Profile, expires: Timestamp) -> Identity {
    Identity {
        party,
        tenant,
        permissions: Vec::new(),
        shops: Shops::platform(),
        profile,
        credential: token.credential(),
        expires: Some(expires),
    }
}

/// A visitor as agents see them: they have told nothing of themselves.
fn profile(party: Party) -> Profile {
    Profile { nickname: Some(format!("访客 {}", party.id().unsigned_abs())), avatar: None }
}

impl WhoAreYou for Guests {
    fn at_once(&self, token: &Token) -> Option<Verdict> {
        self.at_once_at(token, clock::now())
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        let (guests, token) = (self.clone(), question.token.clone());
        Box::pin(ask(KNOWN_WITHIN, move || guests.ask_at(&token, clock::now())))
    }
}

#[cfg(test)]
mod tests {
    use kefu_domain::MemberId;

    use super::*;
    use crate::identity::{Claims, sign};

    const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015";
    const NOW: Timestamp = Timestamp(1_795_287_600_000);

    fn guests(secret: &str) -> Guests {
        let numbers = Numbers::new(Box::new(|_| Ok(-7)));
        Guests::new(secret, numbers, Remembering::new(Box::new(|_, _, _| Ok(())))).unwrap()
    }

    fn token(pass: &Pass) -> Token {
        Token::new(&pass.token).unwrap()
    }

    #[test]
    fn a_visitor_is_a_member_below_zero_for_thirty_days() {
        let guests = guests(SECRET);
        let visitor = Guests::newcomer(TenantId(3)).unwrap();
        let pass = guests.sign(&visitor, NOW).unwrap();

        let identity = guests.ask_at(&token(&pass), NOW).unwrap().identity().unwrap();

        assert_eq!((identity.party, identity.tenant), (Party::Member(MemberId(-7)), TenantId(3)));
        assert_eq!(identity.profile.nickname.as_deref(), Some("访客 7"));
        assert_eq!(guests.of_token(&token(&pass), NOW), Some(visitor));
        let last = Timestamp(pass.expires_ms - 1);
        assert_eq!(pass.expires_ms, NOW.0 + 30 * 24 * 3_600_000);
        assert!(guests.at_once_at(&token(&pass), last).unwrap().identity().is_some());
        let end = Timestamp(pass.expires_ms);
        assert_eq!(guests.at_once_at(&token(&pass), end), Some(Verdict::Nobody));
        assert_eq!(guests.ask_at(&token(&pass), end).unwrap(), Verdict::Nobody);
        assert_eq!(guests.of_token(&token(&pass), end), None);
    }

    #[test]
    fn neither_another_secret_nor_the_shops_own_key_makes_a_visitor() {
        let guests = guests(SECRET);
        let visitor = Guests::newcomer(TenantId(1)).unwrap();
        let strange = self::guests("another-secret-another-secret-an").sign(&visitor, NOW).unwrap();
        let payload = Payload { visitor: visitor.name, tenant: 1, exp: NOW.0 / 1_000 + 60 };
        let shops = encode(&Header::new(Algorithm::HS256), &payload, &EncodingKey::from_secret(SECRET.as_bytes()));
        let claims = Claims {
            id: 101,
            user_type: 1,
            tenant: 1,
            exp: payload.exp,
            nbf: None,
            nickname: None,
            avatar: None,
            permissions: None,
            shops: None,
        };

        for text in [strange.token, shops.unwrap(), sign(SECRET, &claims).unwrap()] {
            assert_eq!(guests.at_once_at(&Token::new(&text).unwrap(), NOW), Some(Verdict::Unknown));
        }
    }

    #[test]
    fn nothing_but_a_random_name_is_a_visitor() {
        let guests = guests(SECRET);
        for name in ["", "101", "u-17"] {
            let pass = guests.sign(&Visitor { tenant: TenantId(1), name: name.to_owned() }, NOW).unwrap();
            assert_eq!(guests.of_token(&token(&pass), NOW), None, "{name}");
        }
    }
}
