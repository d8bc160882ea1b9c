use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use kefu_domain::{AdminId, MemberId, Permission, Profile, ShopId, Shops, StoreError, TenantId};
use serde_json::{Value, json};

use super::*;
use crate::identity::number::MAX_ID;

mod public_keys;
mod settings;

const SECRET: &str = "9f86d081884c7d659a2feaa0c55ad015";
const NOW: Timestamp = Timestamp(1_795_287_600_000);
const SOON: i64 = 1_795_287_601;

/// Whoever is called by a name has the number -17.
fn identities(keys: Keys, settings: &JwtSettings, remembering: Remembering) -> JwtIdentities {
    JwtIdentities::new(keys, settings, Numbers::new(Box::new(|_| Ok(-17))), remembering)
}

fn forgetful() -> Remembering {
    Remembering::new(Box::new(|_, _, _| Ok(())))
}

fn signed(claims: &Value) -> String {
    encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
}

fn identify(text: &str) -> Option<Identity> {
    identify_as(&JwtSettings::default(), text)
}

fn identify_as(settings: &JwtSettings, text: &str) -> Option<Identity> {
    identities(Keys::secret(SECRET), settings, forgetful())
        .0
        .ask_at(&Token::new(text).unwrap(), NOW)
        .unwrap()
        .identity()
}

fn member() -> Value {
    json!({"id": 101, "type": 1, "tenant": 1, "exp": SOON})
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = member();
    claims[name] = value;
    claims
}

#[track_caller]
fn accepted(claims: &Value, party: Party) {
    let identity = identify(&signed(claims)).unwrap_or_else(|| panic!("refused: {claims}"));

    assert_eq!(
        (identity.party, identity.tenant, identity.expires),
        (party, TenantId(1), Some(Timestamp(SOON * 1_000)))
    );
}

#[track_caller]
fn refused(claims: &Value) {
    assert_eq!(identify(&signed(claims)), None, "accepted: {claims}");
}

#[test]
fn good_claims_are_accepted_in_every_spelling() {
    let alice = Party::Member(MemberId(101));

    accepted(&member(), alice);
    accepted(&with("type", json!("member")), alice);
    accepted(&with("type", json!("1")), alice);
    accepted(&with("id", json!("101")), alice);
    accepted(&with("tenant", json!("1")), alice);
    accepted(&with("exp", json!(SOON as f64 + 0.5)), alice);
    accepted(&with("nbf", json!(SOON - 10)), alice);
    accepted(&with("iat", json!(SOON + 1_000)), alice);
    accepted(&with("anything", json!({"else": [1]})), alice);
    accepted(&with("type", json!(2)), Party::Admin(AdminId(101)));
    accepted(&with("type", json!("admin")), Party::Admin(AdminId(101)));
}

#[test]
fn bad_claims_are_nobody() {
    refused(&with("exp", json!(SOON - 1)));
    refused(&with("exp", json!(0)));
    refused(&with("exp", json!(-5)));
    refused(&with("exp", json!(i64::MAX)));
    refused(&with("exp", json!("tomorrow")));
    refused(&with("exp", Value::Null));
    refused(&with("nbf", json!(SOON + 10)));
    for name in ["id", "type", "tenant", "exp"] {
        let mut claims = member();
        claims.as_object_mut().unwrap().remove(name);
        refused(&claims);
    }
    for id in [
        json!(0),
        json!(-1),
        json!("-1"),
        json!(""),
        json!("1 "),
        json!("a\nb"),
        json!("客".repeat(129)),
        json!(1.5),
        json!(MAX_ID + 1),
        Value::Null,
        json!([1]),
    ] {
        refused(&with("id", id));
    }
    for user_type in [json!(0), json!(3), json!("system"), json!("Admin"), json!(true), Value::Null] {
        refused(&with("type", user_type));
    }
    refused(&with("tenant", json!(-1)));
    refused(&with("aud", json!("somebody else")));
    refused(&json!({}));
}

#[test]
fn other_algorithms_and_other_keys_are_nobody() {
    let claims = member();
    let part = |value: &Value| {
        let text = signed(value);
        text.split('.').nth(1).unwrap().to_owned()
    };
    let other_key = encode(
        &Header::new(Algorithm::HS256),
        &claims,
        &EncodingKey::from_secret(b"another-key-another-key-another-k"),
    );
    let longer = encode(&Header::new(Algorithm::HS512), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
    // {"alg":"none","typ":"JWT"} and {"alg":"RS256","typ":"JWT"}
    let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", part(&claims));
    let rsa = format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.{}.AAAA", part(&claims));
    let good = signed(&claims);
    let (body, signature) = good.rsplit_once('.').unwrap();
    let swapped = format!("{}.{}.{signature}", body.split('.').next().unwrap(), part(&with("id", json!(1))));

    for text in [
        other_key.unwrap(),
        longer.unwrap(),
        none,
        rsa,
        swapped,
        body.to_owned(),
        format!("{body}."),
        format!("{good}x"),
        "a.b.c".into(),
        "..".into(),
        "x".into(),
    ] {
        assert_eq!(identify(&text), None, "{text}");
    }
    assert!(identify(&good).is_some());
}

#[test]
fn an_agent_may_what_the_token_names_and_a_member_nothing() {
    let names = json!(["promotion:kefu-message:query", "system:tenant:visit", "*"]);
    let mut claims = with("permissions", names);
    assert_eq!(identify(&signed(&claims)).unwrap().permissions, [], "a member");

    claims["type"] = json!(2);
    assert_eq!(identify(&signed(&claims)).unwrap().permissions, [Permission::MessageQuery]);
    assert_eq!(identify(&signed(&with("type", json!(2)))).unwrap().permissions, [], "absent means none");
}

/// What was written, and whether writing succeeds.
#[derive(Clone, Default)]
struct Book {
    written: Arc<Mutex<Vec<String>>>,
    is_closed: Arc<AtomicBool>,
}

impl Book {
    fn identities(&self) -> JwtIdentities {
        let book = self.clone();
        let remember = move |_, _, profile: &Profile| {
            if book.is_closed.load(Ordering::Relaxed) {
                return Err(StoreError::Unavailable("down".into()));
            }
            book.written.lock().unwrap().push(profile.nickname.clone().unwrap());
            Ok(())
        };
        identities(Keys::secret(SECRET), &JwtSettings::default(), Remembering::new(Box::new(remember)))
    }

    fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }
}

fn named(nickname: &str) -> Token {
    let claims = json!({"id": 101, "type": 1, "tenant": 1, "exp": 99_999_999_999_i64, "nickname": nickname});
    Token::new(&signed(&claims)).unwrap()
}

const fn later(ms: i64) -> Timestamp {
    Timestamp(NOW.0 + ms)
}

#[test]
fn a_profile_is_written_once_until_it_changes() {
    let book = Book::default();
    let identities = book.identities();

    assert_eq!(identities.0.known_at(&named("Ann"), NOW), None, "the first time has to be written");
    assert!(identities.0.ask_at(&named("Ann"), NOW).unwrap().identity().is_some());
    assert!(identities.0.known_at(&named("Ann"), later(90_000)).unwrap().identity().is_some());
    assert_eq!(identities.0.known_at(&named("Anna"), later(90_000)), None);
    assert!(identities.0.ask_at(&named("Anna"), later(90_000)).unwrap().identity().is_some());

    assert_eq!(book.written(), ["Ann", "Anna"]);
}

#[test]
fn two_tokens_that_say_different_things_write_once_a_minute() {
    let book = Book::default();
    let identities = book.identities();

    for second in 0..120 {
        let token = named(if second % 2 == 0 { "Ann" } else { "Anna" });
        let now = later(second * 1_000);
        if identities.0.known_at(&token, now).is_none() {
            assert!(identities.0.ask_at(&token, now).unwrap().identity().is_some());
        }
    }

    assert_eq!(book.written(), ["Ann", "Anna"]);
}

#[test]
fn what_a_good_signature_no_longer_lets_in_is_nobody_and_a_strange_one_is_not_ours_to_judge() {
    let identities = identities(Keys::secret(SECRET), &JwtSettings::default(), forgetful());
    let check = |claims: &Value, secret: &str, verdict: Verdict| {
        let key = EncodingKey::from_secret(secret.as_bytes());
        let token = Token::new(&encode(&Header::new(Algorithm::HS256), claims, &key).unwrap()).unwrap();
        assert_eq!(identities.0.known_at(&token, NOW), Some(verdict.clone()), "{claims}");
        assert_eq!(identities.0.ask_at(&token, NOW).unwrap(), verdict, "{claims}");
    };

    check(&with("exp", json!(SOON - 1)), SECRET, Verdict::Nobody);
    check(&with("nbf", json!(SOON + 10)), SECRET, Verdict::Nobody);
    check(&with("exp", json!(SOON - 1)), "another-secret-another-secret-an", Verdict::Unknown);
    check(&member(), "another-secret-another-secret-an", Verdict::Unknown);
}

#[test]
fn a_token_that_says_nothing_of_its_bearer_writes_nothing() {
    let book = Book::default();

    let known = book.identities().0.known_at(&Token::new(&signed(&member())).unwrap(), NOW);

    assert!(known.unwrap().identity().is_some());
    assert!(book.written().is_empty());
}

#[test]
fn whoever_has_a_good_token_is_let_in_although_nothing_can_be_written() {
    let book = Book::default();
    let identities = book.identities();
    book.is_closed.store(true, Ordering::Relaxed);

    assert!(identities.0.ask_at(&named("Ann"), NOW).unwrap().identity().is_some());
    assert!(identities.without_asking(&named("Ann")).is_some(), "nor asked");
    assert!(identities.without_asking(&Token::new("x").unwrap()).is_none());

    book.is_closed.store(false, Ordering::Relaxed);
    assert_eq!(identities.0.known_at(&named("Ann"), NOW), None, "it is still to be written");
    assert!(identities.0.ask_at(&named("Ann"), NOW).unwrap().identity().is_some());
    assert_eq!(book.written(), ["Ann"]);
}

#[test]
fn of_a_claim_with_too_many_shops_the_lowest_are_served() {
    let mut claims = Claims {
        id: 7,
        user_type: 2,
        tenant: 1,
        exp: SOON,
        nbf: None,
        nickname: None,
        avatar: None,
        permissions: None,
        shops: Some((1..=200).rev().collect()),
    };
    let served = |claims: &Claims| identify(&sign(SECRET, claims).unwrap()).unwrap().shops;
    let most = (1..=200).map(ShopId).collect::<Shops>();
    assert_eq!(served(&claims), most);

    claims.shops = Some((1..=201).rev().collect());

    assert_eq!(served(&claims), most);
}

#[test]
fn signing_and_verifying_agree() {
    let claims = Claims {
        id: 7,
        user_type: 2,
        tenant: 1,
        exp: SOON,
        nbf: None,
        nickname: Some("Bob".into()),
        avatar: None,
        permissions: Some(vec!["promotion:kefu-message:send".into()]),
        shops: None,
    };

    let identity = identify(&sign(SECRET, &claims).unwrap()).unwrap();

    assert_eq!((identity.party, identity.permissions), (Party::Admin(AdminId(7)), vec![Permission::MessageSend]));
}
