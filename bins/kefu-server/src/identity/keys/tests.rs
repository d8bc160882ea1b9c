use jsonwebtoken::{EncodingKey, Header, Validation, decode, encode};
use serde_json::json;

use super::*;
use crate::identity::test_keys::{EdPair, RSA, RSA_PUBLIC, rsa_jwk};

const SHORT: &str = include_str!("../../../../../tests/keys/test-rsa-1024.pub.pem");
const P256: &str = include_str!("../../../../../tests/keys/test-p256.pub.pem");

fn refusal<T>(came: Result<T, KeysError>) -> Option<KeysError> {
    came.err()
}

#[track_caller]
fn verifies(key: &PublicKey, signing: &EncodingKey) {
    let token = encode(&Header::new(key.algorithm), &json!({"exp": 1}), signing).unwrap();
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;

    assert!(decode::<Value>(&token, &key.key, &validation).is_ok());
}

#[test]
fn public_keys_are_read_from_a_file_with_several() {
    let ed = EdPair::new("ed");
    let file = format!("a word before\n{RSA_PUBLIC}\n{}", ed.pem);

    let keys = of_pem(file.as_bytes()).unwrap();

    assert_eq!(keys.iter().map(|key| key.algorithm).collect::<Vec<_>>(), [Algorithm::RS256, Algorithm::EdDSA]);
    verifies(&keys[0], &RSA);
    verifies(&keys[1], &ed.signing);
}

#[test]
fn what_is_no_good_public_key_is_refused_in_a_sentence() {
    let private = include_str!("../../../../../tests/keys/test-rsa-2048.pem");
    let check = |text: &str, refused: KeysError| assert_eq!(refusal(of_pem(text.as_bytes())), Some(refused), "{text}");

    check("", KeysError::NoPem);
    check("ssh-rsa AAAA", KeysError::NoPem);
    check("-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----", KeysError::NoPem);
    check("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", KeysError::Kind);
    check(private, KeysError::Private);
    check(&format!("{RSA_PUBLIC}\n{private}"), KeysError::Private);
    check(SHORT, KeysError::Length(1_024));
    check(P256, KeysError::Kind);
    check(&RSA_PUBLIC.repeat(MOST + 1), KeysError::TooMany);
}

#[test]
fn of_a_set_only_the_keys_for_our_signatures_are_taken() {
    let ed = EdPair::new("ed");
    let with = |name: &str, value: Value| {
        let mut jwk = ed.jwk();
        jwk["kid"] = json!(format!("{name} {value}"));
        jwk[name] = value;
        jwk
    };
    let good = [rsa_jwk("rsa"), ed.jwk(), with("use", json!("sig")), with("alg", json!("EdDSA"))];
    let others = [
        with("use", json!("enc")),
        with("key_ops", json!(["sign"])),
        with("alg", json!("RS256")),
        with("crv", json!("X25519")),
        with("x", json!("AAAA")),
        with("x", json!("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        json!({"kty": "oct", "kid": "oct", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA"}),
        json!({"kty": "EC", "kid": "ec", "crv": "P-256", "x": "AA", "y": "AA"}),
        json!({"kty": "EC", "kid": "k1", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"}),
        {
            let mut jwk = rsa_jwk("ps");
            jwk["alg"] = json!("PS256");
            jwk
        },
        {
            let mut jwk = rsa_jwk("e");
            jwk["e"] = json!("AA");
            jwk
        },
        json!({"kty": "???"}),
        json!("no object"),
    ];
    let set = json!({"keys": good.iter().chain(&others).collect::<Vec<_>>(), "more": 1});

    let keys = of_set(set.to_string().as_bytes()).unwrap();

    let ids: Vec<_> = keys.iter().map(|key| key.id.as_deref().unwrap()).collect();
    assert_eq!(ids, ["rsa", "ed", "use \"sig\"", "alg \"EdDSA\""]);
    verifies(&keys[0], &RSA);
    verifies(&keys[1], &ed.signing);
    let none = json!({ "keys": others }).to_string();
    assert_eq!(refusal(of_set(none.as_bytes())), Some(KeysError::NoneUsable(others.len())));
}

#[test]
fn what_is_no_set_is_refused() {
    for text in ["", "<html>", "[]", "{}", r#"{"keys":{}}"#] {
        assert_eq!(refusal(of_set(text.as_bytes())), Some(KeysError::NoSet), "{text}");
    }
    let many = json!({"keys": vec![rsa_jwk("a"); MOST + 1]}).to_string();
    assert_eq!(refusal(of_set(many.as_bytes())), Some(KeysError::TooMany));
}
