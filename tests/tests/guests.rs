//! Visitors without an account.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use kefu_tests::{Answer, Backend, Person, Server, Side, on_both};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

const GUEST: &str = "/app-api/kefu/guest";

fn door(server: &Server, tenant: i64) -> RequestBuilder {
    kefu_tests::http().build().unwrap().post(server.url(GUEST)).header("tenant-id", tenant)
}

async fn ask(server: &Server, request: RequestBuilder) -> Answer {
    server.person_with(Side::Member, 0, "nobody in particular").ask(request).await
}

/// Somebody new, or again whoever shows this token.
async fn enter(server: &Server, tenant: i64, token: Option<&str>) -> (Person, Value) {
    let request = token.iter().fold(door(server, tenant), |request, token| request.bearer_auth(token));
    let given = ask(server, request).await.ok().data;
    let token = given["accessToken"].as_str().unwrap();
    (server.person_with(Side::Member, given["userId"].as_i64().unwrap(), token), given)
}

on_both! {
    async fn a_visitor_writes_an_agent_answers_and_the_visitor_hears(backend) {
        let mut server = Server::start(backend, &[("auth.guests", "true")]).await;
        let (visitor, given) = enter(&server, 1, None).await;
        let agent = server.agent(7);
        let (hears, sees) = (visitor.listen().await, agent.listen().await);
        assert!(visitor.id < 0, "{}", visitor.id);

        visitor.send("do you deliver", None).await.ok();

        sees.wait_until("the question", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
        assert_eq!(sees.frames()[0].content["senderId"], visitor.id);
        let row = agent.conversations(&[]).await.ok().data[0].clone();
        let name = format!("访客 {}", -visitor.id);
        assert_eq!((&row["userId"], &row["userNickname"]), (&json!(visitor.id), &json!(name)));
        assert_eq!(given["nickname"], name);
        assert_eq!(agent.conversations(&[("name", "访客")]).await.ok().rows().len(), 1);
        let person = agent.request_to(Method::GET, &format!("/admin-api/member/user/get?id={}", visitor.id));
        assert_eq!(agent.ask(person).await.ok().data["nickname"], name);
        let conversation = row["id"].as_i64().unwrap();
        agent.send_to(conversation, "we do", None).await.ok();
        hears.wait_until("the answer", |frames| frames.iter().any(|frame| frame.seq() == Some(2))).await;
        assert_eq!(hears.frames().last().unwrap().content["receiverId"], visitor.id);
        visitor.read(conversation, None).await.ok();
        agent.read(conversation, None).await.ok();
        let form = reqwest::multipart::Form::new()
            .part("file", reqwest::multipart::Part::bytes(&b"GIF89a\x01\x00\x01\x00\x00\x00\x00;"[..]).file_name("a.gif"));
        let upload = visitor.request_to(Method::POST, "/app-api/infra/file/upload").multipart(form);
        assert!(visitor.ask(upload).await.ok().data.as_str().unwrap().contains("/files/"));
        let desk = visitor.request_to(Method::GET, "/admin-api/promotion/kefu-conversation/list");
        visitor.ask(desk).await.refused(403);

        server.restart().await;
        let (again, _) = enter(&server, 1, Some(&visitor.token)).await;
        assert_eq!(again.id, visitor.id, "the same visitor");
        assert_eq!(again.list(&[]).await.ok().rows().len(), 2);
        assert_eq!(server.books().count("kefu_identity"), 1);
        let (newcomer, _) = enter(&server, 1, None).await;
        assert_ne!(newcomer.id, visitor.id);
        assert_eq!(newcomer.list(&[]).await.ok().rows().len(), 0);
    }
}

#[tokio::test]
async fn a_visitors_token_is_good_at_its_own_tenant_and_for_nothing_else() {
    let server = Server::start(Backend::Sqlite, &[("auth.guests", "true")]).await;
    let (visitor, _) = enter(&server, 1, None).await;

    let elsewhere = visitor.request(Method::GET, "/kefu-message/list").header("tenant-id", "2");
    visitor.ask(elsewhere).await.refused(403);
    ask(&server, door(&server, 2).bearer_auth(&visitor.token)).await.refused(403);
    let renewal = visitor.request_to(Method::POST, "/app-api/member/auth/refresh-token");
    visitor.ask(renewal.query(&[("refreshToken", &visitor.token)])).await.refused(401);
    let (theirs, _) = enter(&server, 2, None).await;
    assert_ne!(theirs.id, visitor.id);
    ask(&server, door(&server, 99)).await.refused(1_002_015_000);
    let lost = kefu_tests::http().build().unwrap().post(server.url(GUEST));
    ask(&server, lost).await.refused(400);
    let agent = server.agent(7);
    agent.ask(agent.request_to(Method::POST, GUEST)).await.refused(403);
}

#[tokio::test]
async fn nobody_chooses_who_they_are() {
    let server = Server::start(Backend::Sqlite, &[("auth.guests", "true")]).await;
    let (victim, _) = enter(&server, 1, None).await;
    let (head, rest) = victim.token.split_once('.').unwrap();
    let (_, signature) = rest.split_once('.').unwrap();
    let payload = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text)
    };
    let forged = format!("{head}.{}.{signature}", payload(r#"{"visitor":"0","tenant":1,"exp":99999999999}"#));
    let key = jsonwebtoken::EncodingKey::from_secret(server.secret().as_bytes());
    let claims = json!({"visitor": "0".repeat(32), "tenant": 1, "exp": 99_999_999_999_i64, "id": 5, "type": 2});
    let shops = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();

    let body =
        json!({"id": victim.id, "userId": victim.id, "visitor": "0", "type": 2, "tenant": 2, "nickname": "boss"});
    let given = ask(&server, door(&server, 1).json(&body)).await.ok().data;

    assert!(given["userId"].as_i64().unwrap() < 0 && given["userId"] != victim.id, "{given}");
    assert!(given["nickname"].as_str().unwrap().starts_with("访客 "));
    server.person_with(Side::Member, 0, &forged).list(&[]).await.refused(401);
    let (stranger, _) = enter(&server, 1, Some(&forged)).await;
    assert_ne!(stranger.id, victim.id);
    let member = server.person_with(Side::Member, 0, &shops);
    assert_ne!(member.list(&[]).await.code, 0);
    let agent = server.person_with(Side::Agent, 0, &shops);
    assert_ne!(agent.conversations(&[]).await.code, 0);
}

#[tokio::test]
async fn an_address_brings_so_many_newcomers_and_the_known_ones_go_on() {
    let settings = [("auth.guests", "true"), ("auth.guests_per_minute", "3")];
    let server = Server::start(Backend::Sqlite, &settings).await;
    let (known, _) = enter(&server, 1, None).await;
    enter(&server, 1, None).await;
    enter(&server, 1, None).await;

    let waits = ask(&server, door(&server, 1)).await.refused(429);

    assert!(waits.header("retry-after").is_some());
    assert_eq!(server.books().count("kefu_identity"), 3);
    assert_eq!(enter(&server, 1, Some(&known.token)).await.0.id, known.id);
    known.send("still here", None).await.ok();
}

#[tokio::test]
async fn where_the_settings_want_no_visitors_there_are_none() {
    let with = Server::start(Backend::Sqlite, &[("auth.guests", "true")]).await;
    let (visitor, _) = enter(&with, 1, None).await;
    let without = Server::start(Backend::Sqlite, &[]).await;

    ask(&without, door(&without, 1)).await.refused(404);
    without.person_with(Side::Member, 0, &visitor.token).list(&[]).await.refused(401);
}
