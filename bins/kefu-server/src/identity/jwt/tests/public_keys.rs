//! Signatures of others: RS256 and EdDSA.

use super::*;
use crate::identity::test_keys::{EdPair, RSA, RSA_PUBLIC, rsa_jwk};

fn opened(secret: &str, pem: &str, set: &Value) -> (JwtIdentities, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (keys, jwks) = (folder.path().join("keys.pem"), folder.path().join("jwks.json"));
    std::fs::write(&keys, pem).unwrap();
    std::fs::write(&jwks, set.to_string()).unwrap();
    let auth = AuthSettings { jwt_secret: crate::secret::Secret::new(secret), ..AuthSettings::default() };
    let settings = JwtSettings {
        keys: if pem.is_empty() { Default::default() } else { keys },
        jwks: if set.is_null() { String::new() } else { jwks.display().to_string() },
        ..JwtSettings::default()
    };
    let keys = Keys::open(&auth, &settings).unwrap();
    (identities(keys, &settings, forgetful()), folder)
}

fn token(algorithm: Algorithm, id: Option<&str>, key: &EncodingKey) -> Token {
    let mut header = Header::new(algorithm);
    header.kid = id.map(str::to_owned);
    Token::new(&encode(&header, &member(), key).unwrap()).unwrap()
}

#[track_caller]
fn lets_in(identities: &JwtIdentities, token: &Token, good: bool) {
    assert_eq!(identities.0.known_at(token, NOW).unwrap().identity().is_some(), good);
}

#[test]
fn both_algorithms_are_good_with_their_own_key_and_only_with_it() {
    let ed = EdPair::new("ed");
    let (listed, _folder) = opened("", &format!("{RSA_PUBLIC}{}", ed.pem), &Value::Null);

    for id in [None, Some("any")] {
        lets_in(&listed, &token(Algorithm::RS256, id, &RSA), true);
        lets_in(&listed, &token(Algorithm::EdDSA, id, &ed.signing), true);
    }
    lets_in(&listed, &token(Algorithm::EdDSA, None, &EdPair::new("ed").signing), false);
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        lets_in(&listed, &token(algorithm, None, &RSA), false);
    }
    lets_in(&listed, &token(Algorithm::HS256, None, &EncodingKey::from_secret(SECRET.as_bytes())), false);
}

#[test]
fn a_public_key_is_never_taken_for_a_secret() {
    let ed = EdPair::new("ed");
    let set = json!({"keys": [
        rsa_jwk("rsa"), ed.jwk(),
        {"kty": "oct", "kid": "oct", "k": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    ]});
    let pem = format!("{RSA_PUBLIC}{}", ed.pem);
    for secret in ["", SECRET] {
        let (both, _folder) = opened(secret, &pem, &set);
        let raw =
            |name: &str, key: &str| set["keys"][if name == "rsa" { 0 } else { 1 }][key].as_str().unwrap().to_owned();
        for stolen in
            [pem.clone(), RSA_PUBLIC.into(), RSA_PUBLIC.trim().into(), ed.pem.clone(), raw("rsa", "n"), raw("ed", "x")]
        {
            for id in [None, Some("rsa"), Some("ed"), Some("oct")] {
                lets_in(&both, &token(Algorithm::HS256, id, &EncodingKey::from_secret(stolen.as_bytes())), false);
            }
        }
        lets_in(&both, &token(Algorithm::HS256, Some("oct"), &EncodingKey::from_secret(&[0; 32])), false);
        lets_in(&both, &token(Algorithm::RS256, Some("rsa"), &RSA), true);
    }
}

#[test]
fn a_key_id_chooses_and_its_absence_tries_all() {
    let (one, two) = (EdPair::new("one"), EdPair::new("two"));
    let (set, _folder) = opened("", "", &json!({"keys": [one.jwk(), two.jwk(), rsa_jwk("one")]}));

    lets_in(&set, &token(Algorithm::EdDSA, Some("one"), &one.signing), true);
    lets_in(&set, &token(Algorithm::RS256, Some("one"), &RSA), true);
    lets_in(&set, &token(Algorithm::EdDSA, Some("two"), &one.signing), false);
    lets_in(&set, &token(Algorithm::EdDSA, Some("three"), &one.signing), false);
    lets_in(&set, &token(Algorithm::EdDSA, None, &two.signing), true);
}

#[test]
fn keys_that_cannot_be_read_are_said_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "top secret").unwrap();
    let open = |settings: JwtSettings| {
        let error = Keys::open(&AuthSettings::default(), &settings).err().unwrap();
        kefu_domain::Chain(&error).to_string()
    };
    let keys = |keys: &std::path::Path| JwtSettings { keys: keys.into(), ..JwtSettings::default() };
    let jwks = |path: &std::path::Path| JwtSettings { jwks: path.display().to_string(), ..JwtSettings::default() };

    for told in [
        open(keys(&folder.path().join("nothing"))),
        open(keys(&file)),
        open(jwks(&folder.path().join("nothing"))),
        open(jwks(&file)),
    ] {
        assert!(told.contains("(jwt.keys)") || told.contains("(jwt.jwks)"), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
}
