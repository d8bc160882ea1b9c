//! Public keys with which other servers' signatures are checked: RSA from 2048 bits (RS256) and Ed25519 (EdDSA).
//!
//! A key is good for one algorithm only, its own. So nothing that a token says of itself can have a public key taken
//! for a secret.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPublicKey};
use rustls::pki_types::pem::{PemObject as _, SectionKind};
use serde_json::Value;

/// Shorter moduli can be factored by those who can pay for it.
const SHORTEST_RSA: usize = 2_048;
/// More keys than anybody turns over; each is tried for a token without a key id.
const MOST: usize = 64;

/// Why keys cannot be used. One sentence that an operator can act on; none repeats what stands in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeysError {
    /// Nothing of the kind.
    #[error("there is no public key in PEM format, which begins with -----BEGIN PUBLIC KEY-----")]
    NoPem,
    /// What should never lie here.
    #[error("there is a private key, which has no business here; keep its public half only")]
    Private,
    /// Another kind of key.
    #[error("a key is neither RSA nor Ed25519")]
    Kind,
    /// A short key, or one of a length that nobody calculates with.
    #[error("an RSA key has {0} bits; 2048 to 4096 can be used")]
    Length(usize),
    /// A damaged key.
    #[error("a key is damaged")]
    Damaged,
    /// No set at all.
    #[error("this is no JWK set, which is a JSON object with a list named \"keys\"")]
    NoSet,
    /// A set of which nothing can be used.
    #[error("there is no key for RS256 or EdDSA among the {0} of the set")]
    NoneUsable(usize),
    /// More than anybody needs.
    #[error("there are more than 64 keys")]
    TooMany,
}

/// A key, and the one algorithm that it is good for.
#[derive(Clone)]
pub(super) struct PublicKey {
    pub(super) id: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

/// The public keys of a PEM file.
pub(super) fn of_pem(bytes: &[u8]) -> Result<Vec<PublicKey>, KeysError> {
    let mut keys = Vec::new();
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(bytes) {
        match section.map_err(|_| KeysError::NoPem)? {
            (SectionKind::PublicKey, der) => keys.push(of_der(&der)?),
            (SectionKind::PrivateKey | SectionKind::RsaPrivateKey | SectionKind::EcPrivateKey, _) => {
                return Err(KeysError::Private);
            }
            _ => {}
        }
    }
    match keys.len() {
        0 => Err(KeysError::NoPem),
        1..=MOST => Ok(keys),
        _ => Err(KeysError::TooMany),
    }
}

fn of_der(der: &[u8]) -> Result<PublicKey, KeysError> {
    if let Ok(key) = RsaPublicKey::from_public_key_der(der) {
        return rsa(None, key.n().clone(), key.e().clone());
    }
    let key = ed25519_dalek::VerifyingKey::from_public_key_der(der).map_err(|_| KeysError::Kind)?;
    ed25519(None, key.as_bytes())
}

/// The usable keys of a JWK set. Those for other purposes and of other kinds are passed over.
pub(super) fn of_set(bytes: &[u8]) -> Result<Vec<PublicKey>, KeysError> {
    let set: Value = serde_json::from_slice(bytes).map_err(|_| KeysError::NoSet)?;
    let listed = set.get("keys").and_then(Value::as_array).ok_or(KeysError::NoSet)?;
    let keys: Vec<_> = listed.iter().filter_map(|jwk| of_jwk(&serde_json::from_value(jwk.clone()).ok()?)).collect();
    match keys.len() {
        0 => Err(KeysError::NoneUsable(listed.len())),
        1..=MOST => Ok(keys),
        _ => Err(KeysError::TooMany),
    }
}

fn of_jwk(jwk: &Jwk) -> Option<PublicKey> {
    let common = &jwk.common;
    let signs = common.public_key_use.as_ref().is_none_or(|used| *used == PublicKeyUse::Signature)
        && common.key_operations.as_ref().is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    let is_for = |algorithm| common.key_algorithm.is_none_or(|named| named == algorithm);
    let id = common.key_id.clone();
    match &jwk.algorithm {
        AlgorithmParameters::RSA(parameters) if signs && is_for(KeyAlgorithm::RS256) => {
            let key = DecodingKey::from_rsa_components(&parameters.n, &parameters.e).ok()?;
            let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else { return None };
            rsa(id, BigUint::from_bytes_be(n), BigUint::from_bytes_be(e)).ok()
        }
        AlgorithmParameters::OctetKeyPair(parameters)
            if signs && is_for(KeyAlgorithm::EdDSA) && parameters.curve == EllipticCurve::Ed25519 =>
        {
            let key = DecodingKey::from_ed_components(&parameters.x).ok()?;
            ed25519(id, key.try_get_as_bytes().ok()?).ok()
        }
        _ => None,
    }
}

fn rsa(id: Option<String>, n: BigUint, e: BigUint) -> Result<PublicKey, KeysError> {
    let bits = n.bits();
    if !(SHORTEST_RSA..=RsaPublicKey::MAX_SIZE).contains(&bits) {
        return Err(KeysError::Length(bits));
    }
    let key = RsaPublicKey::new(n, e).map_err(|_| KeysError::Damaged)?;
    let key = DecodingKey::from_rsa_raw_components(&key.n().to_bytes_be(), &key.e().to_bytes_be());
    Ok(PublicKey { id, algorithm: Algorithm::RS256, key })
}

fn ed25519(id: Option<String>, bytes: &[u8]) -> Result<PublicKey, KeysError> {
    let bytes = bytes.try_into().map_err(|_| KeysError::Damaged)?;
    let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeysError::Damaged)?;
    // Under such a key anybody can sign.
    if key.is_weak() {
        return Err(KeysError::Damaged);
    }
    Ok(PublicKey { id, algorithm: Algorithm::EdDSA, key: DecodingKey::from_ed_der(key.as_bytes()) })
}

#[cfg(test)]
mod tests;
