//! Tokens for members, for whom a mall's own server asks with its API key.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::time::{Duration, Instant};

use kefu_domain::TenantId;
use kefu_storage::{Database, Options, TenantStatus};
use kefu_tests::{Answer, Backend, Claims, Log, PATIENCE, Person, Server, Side, off_the_runtime, on_both};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const TOKEN: &str = "/open-api/member-token";
const REVOKE: &str = "/open-api/member-token/revoke";
const RENEW: &str = "/app-api/member/auth/refresh-token";

/// A command of the server's program; its first line.
async fn command(server: &Server, arguments: &[&str]) -> String {
    let log = Log::default();
    let status = server.program(arguments.iter().copied()).start(&log).wait(PATIENCE).await.expect("it ends");
    let line = log.wait_for(0, PATIENCE, |line| Some(line.to_owned())).await.expect("it says something");
    assert!(status.success(), "{}", log.tail(9));
    line
}

async fn key(server: &Server, name: &str, tenant: &str) -> String {
    let key = command(server, &["apikey", "add", name, "--tenant", tenant]).await;
    assert!(key.starts_with("kefu_") && key.len() > 32, "a key");
    server.keep_secret(&key);
    key
}

/// A mall's server, which has no token of its own.
fn mall(server: &Server, path: &str, key: &str, body: &Value) -> RequestBuilder {
    kefu_tests::http().build().unwrap().post(server.url(path)).header("x-api-key", key).json(body)
}

async fn ask(server: &Server, request: RequestBuilder) -> Answer {
    server.person_with(Side::Member, 0, "nobody in particular").ask(request).await
}

async fn pair(server: &Server, key: &str, body: &Value) -> Value {
    let pair = ask(server, mall(server, TOKEN, key, body)).await.ok().data;
    for name in ["accessToken", "refreshToken"] {
        server.keep_secret(pair[name].as_str().unwrap());
    }
    pair
}

fn holder(server: &Server, pair: &Value, which: &str) -> Person {
    server.person_with(Side::Member, pair["userId"].as_i64().unwrap(), pair[which].as_str().unwrap())
}

async fn renew(server: &Server, path: &str, token: &str) -> Answer {
    let nobody = server.person_with(Side::Member, 0, "nobody in particular");
    let request = kefu_tests::http().build().unwrap().post(server.url(path)).query(&[("refreshToken", token)]);
    nobody.ask(request.header("tenant-id", "1")).await
}

fn database(server: &Server) -> Database {
    Database::connect(server.place().url(), &Options::default()).unwrap()
}

on_both! {
    async fn a_member_for_whom_the_mall_asked_writes_is_known_by_name_and_ends_with_the_token(backend) {
        let server = Server::start(backend, &[]).await;
        let key = key(&server, "mall", "1").await;
        let name = "Ann of the API";
        server.keep_secret(name);

        let given = pair(&server, &key, &json!({
            "userId": 101, "nickname": name, "avatar": "https://mall.example/ann.png",
            "id": 7, "type": 2, "tenant": 2, "tenantId": 2, "permissions": ["promotion:kefu-message:query"],
        })).await;

        assert_eq!(given["userId"], 101);
        let (agent, member) = (server.agent(7), holder(&server, &given, "accessToken"));
        let (sees, hears) = (agent.listen().await, member.listen().await);
        member.send("hello", None).await.ok();
        sees.wait_until("the message", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
        hears.wait_until("the echo", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
        let row = agent.conversations(&[]).await.ok().data[0].clone();
        assert_eq!((&row["userNickname"], &row["userAvatar"]), (&json!(name), &json!("https://mall.example/ann.png")));
        let desk = member.request_to(Method::GET, "/admin-api/promotion/kefu-conversation/list");
        member.ask(desk).await.refused(403);

        let refresh = given["refreshToken"].as_str().unwrap();
        let renewed = renew(&server, RENEW, refresh).await.ok().data;
        server.keep_secret(renewed["accessToken"].as_str().unwrap());
        assert_eq!(renewed["refreshToken"], refresh);
        let again = holder(&server, &renewed, "accessToken");
        assert_eq!(again.list(&[]).await.ok().rows().len(), 1);
        again.ask(again.request_to(Method::POST, "/app-api/member/auth/logout")).await.ok();
        again.list(&[]).await.refused(401);
        holder(&server, &given, "refreshToken").list(&[]).await.refused(401);
        renew(&server, RENEW, refresh).await.refused(401);
        hears.closed(PATIENCE).await.expect("the socket closes");
    }

    async fn a_subject_has_a_number_below_zero_which_its_signed_tokens_and_no_other_tenant_share(backend) {
        let server = Server::start(backend, &[]).await;
        let (ours, theirs) = (key(&server, "mall", "1").await, key(&server, "mall", "2").await);
        let body = json!({"subject": "u-17"});

        let (first, second) = (pair(&server, &ours, &body).await, pair(&server, &ours, &body).await);
        let elsewhere = pair(&server, &theirs, &body).await;

        let id = first["userId"].as_i64().unwrap();
        assert!(id < 0);
        assert_eq!(second["userId"], id);
        assert_ne!(elsewhere["userId"], id);
        holder(&server, &first, "accessToken").send("from the api", None).await.ok();
        let mut claims = serde_json::to_value(Claims::member(1)).unwrap();
        claims["id"] = json!("u-17");
        let key = jsonwebtoken::EncodingKey::from_secret(server.secret().as_bytes());
        let signed = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
        let same = server.person_with(Side::Member, id, &signed);
        assert_eq!(same.list(&[]).await.ok().rows()[0]["senderId"], id);
        let stranger = holder(&server, &elsewhere, "accessToken");
        assert_eq!(stranger.list(&[]).await.ok().rows().len(), 0);
        let crossing = stranger.request(Method::GET, "/kefu-message/list").header("tenant-id", "1");
        stranger.ask(crossing).await.refused(403);
        assert_eq!(pair(&server, &ours, &json!({"subject": "101"})).await["userId"], 101, "digits are that number");
    }

    async fn what_the_mall_takes_back_is_out_at_once_and_its_sockets_within_five_seconds(backend) {
        let server = Server::start(backend, &[]).await;
        let key = key(&server, "mall", "1").await;
        let (one, two) =
            (pair(&server, &key, &json!({"userId": 101})).await, pair(&server, &key, &json!({"userId": 101})).await);
        let bystander = holder(&server, &pair(&server, &key, &json!({"userId": 102})).await, "accessToken");
        let namesake = server.person(&Claims::agent(101));
        let people = [holder(&server, &one, "accessToken"), holder(&server, &two, "refreshToken")];
        let sockets = [people[0].listen().await, people[1].listen().await];
        let other = bystander.listen().await;
        let since = Instant::now();

        assert_eq!(ask(&server, mall(&server, REVOKE, &key, &json!({"userId": 101}))).await.ok().data, true);

        for (person, socket) in people.iter().zip(&sockets) {
            person.list(&[]).await.refused(401);
            let closed = socket.closed(PATIENCE).await.expect("it closes");
            assert!(closed.duration_since(since) <= Duration::from_secs(5));
        }
        bystander.list(&[]).await.ok();
        namesake.conversations(&[]).await.ok();
        other.settle().await;
        pair(&server, &key, &json!({"userId": 101})).await;
    }

    async fn a_key_that_is_taken_back_opens_nothing_after_three_seconds(backend) {
        let server = Server::start(backend, &[]).await;
        let key = key(&server, "mall", "1").await;
        let given = pair(&server, &key, &json!({"userId": 101})).await;
        assert!(command(&server, &["apikey", "list"]).await.starts_with("mall\t20"));

        assert_eq!(command(&server, &["apikey", "remove", "mall"]).await, "removed mall from tenant 1");

        let since = Instant::now();
        while ask(&server, mall(&server, TOKEN, &key, &json!({"userId": 101}))).await.code == 0 {
            assert!(since.elapsed() < Duration::from_secs(4), "it still opens");
        }
        ask(&server, mall(&server, TOKEN, &key, &json!({"userId": 101}))).await.refused(401);
        holder(&server, &given, "accessToken").list(&[]).await.ok();
    }
}

#[tokio::test]
async fn each_side_renews_its_own_tokens_and_not_the_others() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let key = key(&server, "mall", "1").await;
    let given = pair(&server, &key, &json!({"userId": 101})).await;
    let members = given["refreshToken"].as_str().unwrap();
    let database = off_the_runtime(|| database(&server));
    let tokens = kefu_server::identity::OwnTokens::new(database, 1_800, 3_600);
    let issued = off_the_runtime(|| {
        tokens.issue(TenantId(1), kefu_domain::Party::Admin(kefu_domain::AdminId(1_000_000_000_000))).unwrap()
    });
    server.keep_secret(&issued.refresh);

    renew(&server, "/admin-api/system/auth/refresh-token", members).await.refused(400);
    renew(&server, RENEW, &issued.refresh).await.refused(401);
    renew(&server, RENEW, given["accessToken"].as_str().unwrap()).await.refused(401);
    renew(&server, RENEW, "nothing").await.refused(401);

    renew(&server, RENEW, members).await.ok();
    renew(&server, "/admin-api/system/auth/refresh-token", &issued.refresh).await.ok();
}

#[tokio::test]
async fn a_life_may_be_chosen_within_limits() {
    let server = Server::start(Backend::Sqlite, &[("auth.refresh_token_seconds", "7200")]).await;
    let key = key(&server, "mall", "1").await;
    let life = async |body: Value| {
        let given = pair(&server, &key, &body).await;
        (given["expiresTime"].as_i64().unwrap() / 1_000 - (Claims::member(1).exp - 3_600) + 5) / 10 * 10
    };

    assert_eq!(life(json!({"userId": 101})).await, 1_800);
    assert_eq!(life(json!({"userId": 101, "seconds": 60})).await, 60);
    assert_eq!(life(json!({"userId": 101, "seconds": "7200"})).await, 7_200);
    for seconds in [json!(59), json!(7_201), json!(0), json!(-1), json!(i64::MAX), json!("x"), json!(60.5)] {
        let body = json!({"userId": 101, "seconds": seconds});
        ask(&server, mall(&server, TOKEN, &key, &body)).await.refused(400);
    }
}

#[tokio::test]
async fn whoever_is_meant_must_be_said_once_and_well() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let key = key(&server, "mall", "1").await;
    for path in [TOKEN, REVOKE] {
        for body in [
            json!({}),
            json!({"userId": 101, "subject": "u-17"}),
            json!({"userId": 0}),
            json!({"userId": -5}),
            json!({"userId": 9_007_199_254_740_992_i64}),
            json!({"userId": "x"}),
            json!({"subject": "-5"}),
            json!({"subject": "0"}),
            json!({"subject": ""}),
            json!({"subject": " u"}),
            json!({"subject": "u\n"}),
            json!({"subject": "x".repeat(129)}),
            json!({"subject": ["u"]}),
            json!([]),
        ] {
            ask(&server, mall(&server, path, &key, &body)).await.refused(400);
        }
        let http = kefu_tests::http().build().unwrap();
        ask(&server, http.post(server.url(path)).header("x-api-key", &key)).await.refused(400);
        ask(&server, http.get(server.url(path)).header("x-api-key", &key)).await.refused(401);
    }
    assert_eq!(server.books().count("kefu_token"), 0);
    assert_eq!(server.books().count("kefu_identity"), 0);
}

#[tokio::test]
async fn without_a_good_key_nothing_opens_and_a_page_is_refused_with_one() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let key = key(&server, "mall", "1").await;
    let body = json!({"userId": 101});
    let http = kefu_tests::http().build().unwrap();
    let bare = || http.post(server.url(TOKEN)).json(&body);
    let (agent, upper) = (server.agent(7), key.to_uppercase());

    ask(&server, bare()).await.refused(401);
    ask(&server, bare().header("authorization", format!("Bearer {}", agent.token))).await.refused(401);
    ask(&server, bare().header("x-api-key", &upper)).await.refused(401);
    ask(&server, bare().header("x-api-key", &key[..key.len() - 1])).await.refused(401);
    ask(&server, bare().query(&[("token", &key)])).await.refused(401);
    // Before anything is said about the body.
    ask(&server, http.post(server.url(TOKEN)).body("{")).await.refused(401);
    let page = bare().header("x-api-key", &key).header("origin", "https://mall.example");
    ask(&server, page).await.refused(403);
    agent.ask(agent.request_to(Method::POST, "/open-api/anything")).await.refused(404);
    ask(&server, http.post(server.url("/open-api/anything")).header("x-api-key", &key)).await.refused(401);
    assert_eq!(server.books().count("kefu_token"), 0);
    // A key is none of the mall's tokens.
    let holder = server.person_with(Side::Agent, 0, &key);
    holder.conversations(&[]).await.refused(401);

    ask(&server, bare().header("authorization", format!("Bearer {key}"))).await.ok();
}

#[tokio::test]
async fn too_many_wrong_keys_wait_and_a_known_good_one_from_there_goes_on() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let (key, other) = (key(&server, "mall", "1").await, key(&server, "other", "1").await);
    pair(&server, &key, &json!({"userId": 101})).await;
    let wrong = format!("kefu_{}", "0".repeat(64));
    let body = json!({"userId": 101});
    let guess = async || ask(&server, mall(&server, TOKEN, &wrong, &body)).await.code;

    let mut codes = Vec::new();
    while codes.last() != Some(&429) && codes.len() < 100 {
        codes.push(guess().await);
    }

    assert_eq!(codes.last(), Some(&429));
    assert!(codes.len() > 10, "{codes:?}");
    assert_eq!(guess().await, 429);
    pair(&server, &key, &body).await;
    // Nobody can tell a good key from a wrong one meanwhile.
    ask(&server, mall(&server, TOKEN, &other, &body)).await.refused(429);
}

#[tokio::test]
async fn a_tenant_that_is_not_served_gets_no_tokens() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let key = key(&server, "mall", "2").await;
    off_the_runtime(|| database(&server).set_tenant_status(TenantId(2), TenantStatus::Disabled).unwrap());

    ask(&server, mall(&server, TOKEN, &key, &json!({"userId": 101}))).await.refused(1_002_015_001);
}
