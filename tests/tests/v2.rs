//! What stands around a `kefu.v2` socket of the real server: who gets in, by which credential, and the long poll for
//! those who get no socket.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use kefu_domain::TenantId;
use kefu_storage::{Database, Options, TenantStatus};
use kefu_tests::{Log, PATIENCE, Person, Server, Side, V2State, off_the_runtime, on_both, text};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;

/// Opens a socket whose address says `query`, says `first`, and hears the answer and the code of the end, if it ends.
async fn first_words(server: &Server, query: &str, first: Value) -> (Value, Option<u16>) {
    let mut request = format!("ws://{}/infra/ws{query}", server.address()).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "kefu.v2".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("an upgrade");
    socket.send(Message::text(first.to_string())).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    let answer: Value = serde_json::from_str(answer.to_text().unwrap()).unwrap();
    if answer["ext"]["code"].is_null() {
        return (answer, None);
    }
    let Message::Close(end) = socket.next().await.unwrap().unwrap() else { panic!("no end") };
    (answer, end.map(|end| end.code.into()))
}

fn auth(credential: &str) -> Value {
    json!({"action": "auth", "content": credential})
}

async fn sync(person: &Person, query: &[(&str, String)]) -> Value {
    person.ask(person.request(Method::GET, "/kefu-message/sync").query(query)).await.ok().data
}

/// A member with a token that the server itself has given out, and can end.
async fn signed_in(server: &Server, id: i64) -> Person {
    let log = Log::default();
    server.program(["apikey", "add", "mall", "--tenant", "1"]).start(&log).wait(PATIENCE).await.expect("it ends");
    let key = log.wait_for(0, PATIENCE, |line| Some(line.to_owned())).await.expect("a key");
    server.keep_secret(&key);
    let nobody = server.person_with(Side::Member, 0, "nobody in particular");
    let request = kefu_tests::http().build().unwrap().post(server.url("/open-api/member-token"));
    let pair = nobody.ask(request.header("x-api-key", &key).json(&json!({ "userId": id }))).await.ok().data;
    for name in ["accessToken", "refreshToken"] {
        server.keep_secret(pair[name].as_str().unwrap());
    }
    server.person_with(Side::Member, id, pair["accessToken"].as_str().unwrap())
}

on_both! {
    async fn a_ticket_opens_one_socket_at_any_server_of_the_database(backend) {
        let server = Server::start(backend, &[]).await;
        let alice = server.member(101);
        let ticket = alice.ticket().await.expect("a ticket");

        let (first, stays) = first_words(&server, "", auth(&ticket)).await;
        let (second, ended) = first_words(&server, "", auth(&ticket)).await;
        let device = alice.v2().with_tickets_of(&alice).join();
        let sent = device.send(&text("hello")).await;
        device.cut();
        device.send(&text("again")).await;

        assert_eq!((&first["from"], stays), (&json!("member:101"), None));
        assert_eq!((&second["ext"]["code"], ended), (&json!(401), Some(4401)));
        device.until("both messages", |state: &V2State| state.applied().len() == 2).await;
        assert_eq!(sent.seq, 1);
        device.flawless();
    }

    async fn what_stands_in_the_address_of_such_a_socket_is_not_looked_at(backend) {
        let server = Server::start(backend, &[]).await;
        let (alice, agent) = (server.member(101), server.agent(7));

        for (query, first, from, code, end) in [
            ("?token=nonsense", auth(&alice.token), json!("member:101"), Value::Null, None),
            (&*format!("?token={}", agent.token), auth(&alice.token), json!("member:101"), Value::Null, None),
            (&*format!("?token={}", agent.token), auth("nonsense"), Value::Null, json!(401), Some(4401)),
            ("", json!({"category": "heartbeat"}), Value::Null, json!(401), Some(4401)),
        ] {
            let (answer, ended) = first_words(&server, query, first).await;
            assert_eq!((&answer["from"], &answer["ext"]["code"], ended), (&from, &code, end), "{answer}");
        }
    }

    async fn a_tenant_that_is_not_served_has_no_sockets(backend) {
        let server = Server::start(backend, &[]).await;
        let stranger = server.person(&kefu_tests::Claims::member(101).at(99));

        let (answer, ended) = first_words(&server, "", auth(&stranger.token)).await;

        assert_eq!((&answer["ext"]["code"], ended), (&json!(1_002_015_000), Some(4401)));
    }

    /// Where tenants are kept is another process's too: the server has to notice.
    async fn the_sockets_of_a_tenant_that_is_served_no_longer_end_in_either_dialect(backend) {
        let server = Server::start(backend, &[]).await;
        let (theirs, ours) = (server.person(&kefu_tests::Claims::member(101).at(2)), server.member(101));
        let (their_device, our_device) = (theirs.join(), ours.join());
        let (their_page, our_page) = (theirs.listen().await, ours.listen().await);
        their_device.send(&text("hello")).await;
        our_device.send(&text("hello")).await;

        off_the_runtime(|| {
            let database = Database::connect(server.place().url(), &Options::default()).unwrap();
            assert!(database.set_tenant_status(TenantId(2), TenantStatus::Disabled).unwrap());
        });

        assert!(their_page.closed(Duration::from_secs(60)).await.is_some(), "a page still listens");
        their_device.until("the end", |state: &V2State| !state.is_connected()).await;
        let first = their_device.endings()[0];
        assert_eq!((first.connection, first.code), (1, Some(4401)));
        our_device.send(&text("and we go on")).await;
        our_page.wait_until("both messages", |frames| frames.len() == 2).await;
        our_device.flawless();
    }

    async fn a_socket_ends_with_its_token_and_a_ticket_of_it_opens_none(backend) {
        let server = Server::start(backend, &[]).await;
        let alice = signed_in(&server, 101).await;
        let device = alice.join();
        device.send(&text("hello")).await;
        let ticket = alice.ticket().await.expect("a ticket");

        alice.ask(alice.request_to(Method::POST, "/app-api/member/auth/logout")).await.ok();
        let (answer, ended) = first_words(&server, "", auth(&ticket)).await;

        assert_eq!((&answer["ext"]["code"], ended), (&json!(401), Some(4401)));
        device.until("the end", |state: &V2State| state.turned_away().is_some()).await;
        assert_eq!(device.endings().last().and_then(|end| end.code), Some(4401));
    }

    async fn a_long_poll_may_take_longer_than_any_other_request(backend) {
        let server = Server::start(backend, &[]).await;
        let alice = server.member(101);
        let sent = alice.send(&text("hello"), None).await.ok();
        let whole = sync(&alice, &[("wait", "0".into())]).await;
        let conversation = whole["conversations"][0]["conversation"].as_i64().expect("a conversation");
        assert_eq!((whole["conversations"][0]["seq"].as_i64(), sent.seq()), (Some(1), 1));

        let began = Instant::now();
        let cursors = [("wait", "7".to_owned()), ("cursors", format!("{conversation}.1.1"))];
        let quiet = sync(&alice, &cursors).await;
        let waited = began.elapsed();
        let (wanted, said) = ([("wait", "20".to_owned()), ("cursors", format!("{conversation}.1.1"))], text("more"));
        let (news, _) = tokio::join!(sync(&alice, &wanted), alice.send(&said, None));

        assert_eq!(quiet["conversations"], json!([]));
        assert!(waited >= Duration::from_secs(7), "{waited:?}");
        assert_eq!(news["conversations"][0]["messages"][0]["ext"]["seq"], 2, "{news}");
    }
}
