//! Tokens that the shop's own server signed, or an identity provider for it: HS256 with a secret that both share, RS256
//! and EdDSA with public keys.
//!
//! What a token says of itself chooses among the keys, never what a key is good for: HS256 is checked with the secret
//! and with nothing else. `exp` is needed, `nbf` honoured, both by our clock and without leeway. A token that demands
//! what we do not know (`crit`) is nobody's, and so is one for others (`aud`) or of others (`iss`), as the settings say.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use kefu_domain::{Party, StoreError, Timestamp};

use super::claims::{Claims, Payload, Reading, Said};
use super::jwks::{Jwks, JwksError, Missing};
use super::keys::{self, KeysError, PublicKey};
use super::number::Numbers;
use super::profile::Remembering;
use super::{Answer, Identity, Question, Token, Verdict, WhoAreYou};
use crate::clock;
use crate::config::{AuthSettings, JwtSettings};
use crate::guard::KNOWN_WITHIN;
use crate::questions::ask;

/// Signs claims under their usual names, as the shop's server would.
pub fn sign(secret: &str, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    sign_as(&Reading::default(), secret, claims)
}

/// Signs claims under the names that the settings give them.
pub fn sign_as(reading: &Reading, secret: &str, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    encode(&Header::new(Algorithm::HS256), &reading.write(claims), &EncodingKey::from_secret(secret.as_bytes()))
}

/// Why signed tokens cannot be checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The file of keys is missing, or not ours to read.
    #[error("{} (jwt.keys) cannot be read", .0.display())]
    Unreadable(std::path::PathBuf, #[source] std::io::Error),
    /// The file of keys holds something else.
    #[error("{} (jwt.keys) cannot be used", .0.display())]
    Keys(std::path::PathBuf, #[source] KeysError),
    /// The set of keys.
    #[error("{0} (jwt.jwks) cannot be used")]
    Jwks(String, #[source] JwksError),
}

/// What signatures are checked with.
#[derive(Default)]
pub struct Keys {
    secret: Option<DecodingKey>,
    listed: Vec<PublicKey>,
    set: Option<Jwks>,
}

impl Keys {
    /// A secret and nothing else.
    #[must_use]
    pub fn secret(secret: &str) -> Self {
        Self { secret: Some(DecodingKey::from_secret(secret.as_bytes())), ..Self::default() }
    }

    /// Those that the settings name. Reads files.
    pub fn open(auth: &AuthSettings, jwt: &JwtSettings) -> Result<Self, SignatureError> {
        let secret = Some(auth.jwt_secret.reveal()).filter(|secret| !secret.is_empty());
        let mut keys = secret.map(Self::secret).unwrap_or_default();
        if !jwt.keys.as_os_str().is_empty() {
            let path = || jwt.keys.clone();
            let bytes = std::fs::read(&jwt.keys).map_err(|error| SignatureError::Unreadable(path(), error))?;
            keys.listed = keys::of_pem(&bytes).map_err(|error| SignatureError::Keys(path(), error))?;
        }
        if !jwt.jwks.is_empty() {
            let pause = std::time::Duration::from_secs(jwt.jwks_refetch_seconds.into());
            let set = if jwt.jwks_is_remote() {
                Jwks::at(jwt.jwks.clone(), pause)
            } else {
                Jwks::in_file((&jwt.jwks).into())
            };
            keys.set = Some(set.map_err(|error| SignatureError::Jwks(jwt.jwks.clone(), error))?);
        }
        Ok(keys)
    }

    /// The set that is to be looked after, if there is one.
    #[must_use]
    pub(crate) fn set(&self) -> Option<Jwks> {
        self.set.clone()
    }
}

/// What a signature proves.
enum Proof {
    /// It is good, and the token says this.
    Said(Box<Said>),
    /// Nothing.
    Nothing,
    /// It was made with a key that we do not have.
    Strange,
}

/// The adapter for signed tokens.
#[derive(Clone)]
pub struct JwtIdentities(Arc<Inner>);

struct Inner {
    keys: Keys,
    hs256: Validation,
    rs256: Validation,
    eddsa: Validation,
    reading: Reading,
    numbers: Numbers,
    remembering: Remembering,
}

impl JwtIdentities {
    /// Verifies with these keys and reads as the settings say; hands changed names and pictures on.
    #[must_use]
    pub fn new(keys: Keys, settings: &JwtSettings, numbers: Numbers, remembering: Remembering) -> Self {
        let [hs256, rs256, eddsa] =
            [Algorithm::HS256, Algorithm::RS256, Algorithm::EdDSA].map(|algorithm| validation(algorithm, settings));
        let reading = Reading::new(settings.clone());
        Self(Arc::new(Inner { keys, hs256, rs256, eddsa, reading, numbers, remembering }))
    }
}

fn validation(algorithm: Algorithm, settings: &JwtSettings) -> Validation {
    let mut validation = Validation::new(algorithm);
    // Times are compared here, with our clock and without leeway: an expired token is expired.
    validation.validate_exp = false;
    let mut needed = vec!["exp"];
    if !settings.issuer.is_empty() {
        validation.set_issuer(&[&settings.issuer]);
        needed.push("iss");
    }
    if !settings.audience.is_empty() {
        validation.set_audience(&[&settings.audience]);
        needed.push("aud");
    }
    validation.set_required_spec_claims(&needed);
    validation
}

impl Inner {
    fn prove(&self, token: &Token) -> Proof {
        let Ok(header) = decode_header(token.reveal()) else { return Proof::Nothing };
        if header.crit.is_some() {
            return Proof::Nothing;
        }
        // `None`: another key may have made it.
        let said = |key: &DecodingKey, validation: &Validation| match decode::<Payload>(token.reveal(), key, validation)
        {
            Ok(token) => {
                self.reading.read(&token.claims).map(|said| Proof::Said(Box::new(said))).or(Some(Proof::Nothing))
            }
            Err(error) if *error.kind() == ErrorKind::InvalidSignature => None,
            Err(_) => Some(Proof::Nothing),
        };
        let validation = match header.alg {
            Algorithm::HS256 => {
                return self.keys.secret.as_ref().and_then(|key| said(key, &self.hs256)).unwrap_or(Proof::Nothing);
            }
            Algorithm::RS256 => &self.rs256,
            Algorithm::EdDSA => &self.eddsa,
            _ => return Proof::Nothing,
        };
        let set = self.keys.set.as_ref().map(Jwks::keys).unwrap_or_default();
        let named = |key: &&PublicKey| header.kid.is_some() && key.id == header.kid;
        let may_be =
            |key: &&PublicKey| key.algorithm == header.alg && (header.kid.is_none() || key.id.is_none() || named(key));
        let mut candidates = set.iter().chain(&self.keys.listed).filter(may_be);
        match candidates.find_map(|key| said(&key.key, validation)) {
            Some(proof) => proof,
            None if self.keys.set.is_none() || set.iter().any(|key| named(&key)) => Proof::Nothing,
            None => Proof::Strange,
        }
    }

    /// What a token says that is good at that instant.
    fn timely(said: &Said, now: Timestamp) -> Option<Timestamp> {
        let expires = Timestamp(said.expires.checked_mul(1_000)?);
        let begins = said.begins.map_or(0, |seconds| seconds.saturating_mul(1_000));
        (expires > now && begins <= now.0).then_some(expires)
    }

    fn known_at(&self, token: &Token, now: Timestamp) -> Option<Verdict> {
        let said = match self.prove(token) {
            Proof::Said(said) => said,
            Proof::Nothing => return Some(Verdict::Unknown),
            Proof::Strange => {
                let missing = self.keys.set.as_ref().map_or(Missing::Surely, Jwks::missing);
                return (missing == Missing::Surely).then_some(Verdict::Unknown);
            }
        };
        let Some(expires) = Self::timely(&said, now) else { return Some(Verdict::Nobody) };
        let party = self.numbers.at_once(said.tenant, said.user_type, &said.called)?;
        let is_news = self.remembering.is_news(said.tenant, party, &said.profile, now);
        (!is_news).then(|| Verdict::Is(identity(token, *said, party, expires)))
    }

    /// Blocks.
    fn ask_at(&self, token: &Token, now: Timestamp) -> Result<Verdict, StoreError> {
        let Proof::Said(said) = self.prove(token) else { return Ok(Verdict::Unknown) };
        let Some(expires) = Self::timely(&said, now) else { return Ok(Verdict::Nobody) };
        let party = self.numbers.ask(said.tenant, said.user_type, &said.called)?;
        self.remembering.note(said.tenant, party, &said.profile, now);
        Ok(Verdict::Is(identity(token, *said, party, expires)))
    }

    fn without_asking_at(&self, token: &Token, now: Timestamp) -> Option<Identity> {
        let Proof::Said(said) = self.prove(token) else { return None };
        let expires = Self::timely(&said, now)?;
        let party = self.numbers.at_once(said.tenant, said.user_type, &said.called)?;
        Some(identity(token, *said, party, expires))
    }
}

fn identity(token: &Token, said: Said, party: Party, expires: Timestamp) -> Identity {
    Identity {
        party,
        tenant: said.tenant,
        permissions: said.permissions,
        shops: said.shops,
        profile: said.profile,
        credential: token.credential(),
        expires: Some(expires),
    }
}

impl WhoAreYou for JwtIdentities {
    fn at_once(&self, token: &Token) -> Option<Verdict> {
        self.0.known_at(token, clock::now())
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let (inner, token) = (self.0.clone(), question.token.clone());
            if let (Proof::Strange, Some(set)) = (inner.prove(&token), &inner.keys.set) {
                let answers = match set.missing() {
                    Missing::Surely => return Ok(Verdict::Unknown),
                    Missing::Perhaps => set.ask_again().await,
                    Missing::Unknowable => false,
                };
                // A key may have come although the last question came to nothing.
                if !answers && matches!(inner.prove(&token), Proof::Strange) {
                    return Err(kefu_web::ApiError::Desk(kefu::Error::Late));
                }
            }
            ask(KNOWN_WITHIN, move || inner.ask_at(&token, clock::now())).await
        })
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.without_asking_at(token, clock::now())
    }
}

#[cfg(test)]
mod tests;
