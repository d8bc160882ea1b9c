//! Tokens of any other mall over the running server: public keys in files and at an address, claims under other names,
//! and people who have no number.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

#[path = "jwt/key_server.rs"]
mod key_server;
#[path = "jwt/rotation.rs"]
mod rotation;

use std::path::Path;

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use kefu_tests::{Backend, Claims, Person, Server, Side, on_both};
use key_server::Pair;
use serde_json::{Value, json};

/// What a member's token says, and no more.
pub(crate) fn member(id: impl Into<Value>) -> Value {
    json!({"id": id.into(), "type": "member", "tenant": 1, "exp": Claims::member(1).exp})
}

/// Whoever shows this token.
pub(crate) fn bearer(server: &Server, token: &str) -> Person {
    server.person_with(Side::Member, 0, token)
}

/// The code of the answer to a member's question.
pub(crate) async fn code(server: &Server, token: &str) -> i64 {
    bearer(server, token).list(&[]).await.code
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    format!("{:?}", file.display().to_string())
}

on_both! {
    async fn somebody_without_a_number_writes_is_answered_and_stays_the_same_person(backend) {
        let (pair, folder) = (Pair::new("one"), tempfile::tempdir().unwrap());
        let settings = [
            ("jwt.keys", written(folder.path(), "keys.pem", &pair.pem)),
            ("jwt.claim_id", "\"sub\"".into()),
            ("jwt.claim_type", "\"realm_access.kind\"".into()),
            ("jwt.member_value", "\"customer\"".into()),
            ("jwt.admin_value", "\"staff\"".into()),
            ("jwt.default_tenant", "1".into()),
            ("jwt.claim_permissions", "\"scope\"".into()),
            ("jwt.roles", "[\"helper=agent\"]".into()),
            ("jwt.issuer", "\"https://id.example\"".into()),
            ("jwt.audience", "\"kefu\"".into()),
        ];
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut server = Server::start(backend, &settings).await;
        let claims = |sub: &str, kind: &str| json!({
            "sub": sub, "realm_access": {"kind": kind}, "scope": "openid helper", "exp": Claims::member(1).exp,
            "iss": "https://id.example", "aud": ["account", "kefu"],
        });
        let shopper = bearer(&server, &pair.sign(&claims("0b7e-shopper", "customer")));
        let token = pair.sign(&claims("9c1d-helper", "staff"));
        let helper = server.person_with(Side::Agent, 0, &token);
        let (hears, sees) = (shopper.listen().await, helper.listen().await);

        shopper.send("where is my parcel", None).await.ok();

        sees.wait_until("the question", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
        let row = helper.conversations(&[]).await.ok().data[0].clone();
        let (id, conversation) = (row["userId"].as_i64().unwrap(), row["id"].as_i64().unwrap());
        assert!(id < 0, "{row}");
        helper.send_to(conversation, "on its way", None).await.ok();
        hears.wait_until("the answer", |frames| frames.iter().any(|frame| frame.seq() == Some(2))).await;
        let answer = hears.frames().into_iter().find(|frame| frame.seq() == Some(2)).unwrap();
        assert!(answer.content["senderId"].as_i64().unwrap() < 0, "the helper has no number either");
        assert_eq!(answer.content["receiverId"], id);
        let page = shopper.list(&[]).await.ok();
        assert_eq!(page.rows().len(), 2);
        let person = helper.request_to(reqwest::Method::GET, &format!("/admin-api/member/user/get?id={id}"));
        assert_eq!(helper.ask(person).await.ok().data["id"], id);

        server.restart().await;
        let again = bearer(&server, &pair.sign(&claims("0b7e-shopper", "customer")));
        assert_eq!(again.list(&[]).await.ok().rows().len(), 2);
        let other = bearer(&server, &pair.sign(&claims("0B7E-shopper", "customer")));
        assert_eq!(other.list(&[]).await.ok().rows().len(), 0, "case makes another person");
        other.send("and mine", None).await.ok();
        assert_eq!(server.books().conversations().len(), 2);
    }
}

#[tokio::test]
async fn neither_another_issuer_nor_another_audience_nor_the_usual_names_come_in() {
    let (pair, folder) = (Pair::new("one"), tempfile::tempdir().unwrap());
    let keys = written(folder.path(), "keys.pem", &pair.pem);
    let settings = [
        ("jwt.keys", keys.as_str()),
        ("jwt.issuer", "\"us\""),
        ("jwt.audience", "\"kefu\""),
        ("jwt.claim_id", "\"sub\""),
    ];
    let server = Server::start(Backend::Sqlite, &settings).await;
    let with = |changes: Value| {
        let mut claims = member(1);
        for (name, value) in [("sub", json!("7")), ("iss", json!("us")), ("aud", json!("kefu"))] {
            claims[name] = value;
        }
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        pair.sign(&claims)
    };

    assert_eq!(code(&server, &with(json!({}))).await, 0);
    for changes in [
        json!({"iss": "them"}),
        json!({"iss": null}),
        json!({"aud": "them"}),
        json!({"aud": null}),
        json!({"sub": null}),
        json!({"sub": "0"}),
        json!({"sub": "-7"}),
        json!({"sub": "x".repeat(129)}),
        json!({"exp": 1}),
        json!({"exp": null}),
        json!({"nbf": Claims::member(1).exp}),
    ] {
        assert_eq!(code(&server, &with(changes.clone())).await, 401, "{changes}");
    }
    // The secret is good for its own signatures, under the same names.
    assert_eq!(code(&server, &server.member(101).token).await, 401);
}

#[tokio::test]
async fn a_public_key_opens_nothing_as_a_secret() {
    let (pair, folder) = (Pair::new("one"), tempfile::tempdir().unwrap());
    let rsa = include_str!("../keys/test-rsa-2048.pub.pem");
    let keys = written(folder.path(), "keys.pem", &format!("{rsa}{}", pair.pem));
    let set = written(folder.path(), "keys.json", &key_server::set(&[&pair]));
    let server = Server::start(Backend::Sqlite, &[("jwt.keys", &keys), ("jwt.jwks", &set)]).await;
    let claims = member(101);
    let signed = |kid: Option<&str>, secret: &[u8]| {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = kid.map(str::to_owned);
        encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
    };

    assert_eq!(code(&server, &pair.sign(&claims)).await, 0);
    assert_eq!(code(&server, &signed(None, server.secret().as_bytes())).await, 0);
    let x = pair.jwk()["x"].as_str().unwrap().to_owned();
    for stolen in [rsa, rsa.trim(), pair.pem.as_str(), pair.pem.trim(), &x] {
        for kid in [None, Some("one")] {
            assert_eq!(code(&server, &signed(kid, stolen.as_bytes())).await, 401);
        }
    }
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_said_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    for (file, told) in [
        (include_str!("../keys/test-rsa-1024.pub.pem"), "1024 bits"),
        (include_str!("../keys/test-p256.pub.pem"), "neither RSA nor Ed25519"),
        (include_str!("../keys/test-rsa-2048.pem"), "private key"),
        ("no key", "no public key in PEM format"),
    ] {
        let settings = format!(
            "auth.jwt_secret = \"9f86d081884c7d659a2feaa0c55ad015\"\nserver.listen = \"127.0.0.1:0\"\n\
             database.url = {:?}\nupload.dir = {:?}\njwt.keys = {}\n",
            format!("sqlite:{}", folder.path().join("kefu.sqlite3").display()),
            folder.path().join("uploads").display().to_string(),
            written(folder.path(), "keys.pem", file),
        );
        written(folder.path(), "kefu.toml", &settings);
        let log = kefu_tests::Log::default();
        let config = folder.path().join("kefu.toml").display().to_string();
        let program = kefu_tests::beside_this_program("kefu-under-test");
        let running = kefu_tests::Program::new(program, ["--config", &config]).start(&log);

        let status = running.wait(kefu_tests::PATIENCE).await.expect("it ends");

        assert_eq!(status.code(), Some(1));
        let said = log.wait_for(0, kefu_tests::PATIENCE, |line| line.contains(told).then_some(())).await;
        assert!(said.is_some(), "{}", log.tail(9));
        assert_eq!(log.count("jwt.keys"), 1, "{}", log.tail(9));
    }
}
