//! The mall's tokens, as they are renewed and given back at the mall.

use std::time::Duration;

use kefu_tests::{PATIENCE, text};
use reqwest::Method;
use serde_json::json;

use crate::street::Street;

const MESSAGES: &str = "/promotion/kefu-message/list?conversationId=1";

#[tokio::test]
async fn a_page_whose_token_has_ended_fetches_another_and_asks_again() {
    let street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    let (console, shop) = (bob.listen().await, alice.listen().await);
    let before = [bob.access(), alice.access()];
    bob.get(MESSAGES).await;
    alice.get(MESSAGES).await;

    before.iter().for_each(|token| street.mall.expire(token));
    for (page, path) in [(&bob, "/admin-api/system/auth"), (&alice, "/app-api/member/auth")] {
        let path = format!("{path}/refresh-token");
        street
            .until("a page asks with an ended token", async || {
                page.get(MESSAGES).await;
                street.mall.asked(&path) > 0
            })
            .await;
        assert_eq!(street.mall.asked(&path), 1, "the new one is good");
    }

    assert!(bob.access() != before[0] && alice.access() != before[1]);
    let question = alice.say(None, &text("question")).await;
    for socket in [&console, &shop] {
        socket.wait_until("the question", |frames| frames.iter().any(|frame| frame.id() == Some(question))).await;
    }
}

#[tokio::test]
async fn whoever_signs_out_at_the_mall_is_out_here_too() {
    let street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    let (console, shop) = (bob.listen().await, alice.listen().await);
    bob.get(MESSAGES).await;
    alice.get(MESSAGES).await;

    alice.sign_out().await;

    assert!(shop.closed(PATIENCE).await.is_some());
    street
        .until("her token is no good", async || alice.ask_once(Method::GET, MESSAGES, None).await.1["code"] == 401)
        .await;
    assert_eq!(alice.try_listen().await.err().unwrap().status, Some(401));
    console.settle().await;
    assert!(!console.is_closed(), "he has not signed out");
    bob.get(MESSAGES).await;
}

#[tokio::test]
async fn a_member_is_none_of_the_desk_whatever_check_token_says() {
    let street = Street::moved().await;
    let alice = street.shop(101).await;
    let _socket = alice.listen().await;
    let list = format!("{}/admin-api/promotion/kefu-conversation/list", street.proxy.url());

    for token in [alice.access(), alice.refresh.clone()] {
        let answer = kefu_tests::http().build().unwrap().get(&list).bearer_auth(token).send().await.unwrap();
        assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["code"], json!(403));
    }
}

#[tokio::test]
async fn pages_come_back_by_themselves_after_the_desk_was_killed() {
    let mut street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    let (console, shop) = (bob.listen().await, alice.listen().await);
    let before = alice.say(None, &text("before")).await;

    street.desk.kill9();
    assert!(console.closed(PATIENCE).await.is_some() && shop.closed(PATIENCE).await.is_some());
    let (status, _) = alice.ask_once(Method::GET, MESSAGES, None).await;
    assert_eq!(status, 502);
    assert_eq!(bob.try_listen().await.err().unwrap().status, Some(502));
    // What the log says of sockets, tokens are looked for in at the end.
    for line in ["GET /infra/ws\" 101", "GET /infra/ws\" 502"] {
        street.until("the proxy has logged the sockets", async || street.proxy.access_log().contains(line)).await;
    }
    assert_eq!(alice.get("/member/user/get").await["id"], 101, "the mall goes on");
    street.desk.start().await;

    let (console, shop) = (bob.listen().await, alice.listen().await);
    assert_eq!(alice.messages(1).await.last().unwrap()["id"], before);
    let after = alice.say(None, &text("after")).await;
    for socket in [&console, &shop] {
        socket.wait_until("the message", |frames| frames.iter().any(|frame| frame.id() == Some(after))).await;
        socket.wait_for_pongs(1).await;
        assert!(socket.pongs().iter().all(|pong| *pong < Duration::from_secs(1)), "or the pages would leave again");
    }
}
