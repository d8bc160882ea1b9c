//! Keys for the tests of this module.

use std::sync::LazyLock;

use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::Jwk;
use rustls::pki_types::PrivatePkcs1KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

pub(crate) const RSA_PUBLIC: &str = include_str!("../../../../tests/keys/test-rsa-2048.pub.pem");

/// The private half of [`RSA_PUBLIC`].
pub(crate) static RSA: LazyLock<EncodingKey> = LazyLock::new(|| {
    let pem = include_bytes!("../../../../tests/keys/test-rsa-2048.pem");
    EncodingKey::from_rsa_der(PrivatePkcs1KeyDer::from_pem_slice(pem).unwrap().secret_pkcs1_der())
});

/// [`RSA_PUBLIC`] as a JWK of this id.
pub(crate) fn rsa_jwk(id: &str) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(&RSA, jsonwebtoken::Algorithm::RS256).unwrap()).unwrap();
    jwk["kid"] = json!(id);
    jwk
}

/// A pair that nobody else has.
pub(crate) struct EdPair {
    pub(crate) id: String,
    pub(crate) signing: EncodingKey,
    pub(crate) pem: String,
    x: String,
}

impl EdPair {
    pub(crate) fn new(id: &str) -> Self {
        use base64::Engine as _;
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(pair.public_key_raw());
        let signing = EncodingKey::from_ed_der(&pair.serialize_der());
        Self { id: id.to_owned(), signing, pem: pair.public_key_pem(), x }
    }

    pub(crate) fn jwk(&self) -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.id, "x": self.x})
    }
}
