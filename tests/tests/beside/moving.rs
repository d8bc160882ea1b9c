//! The move itself, and what both sides see of it.

use kefu_tests::nickname;
use kefu_tests::text;
use reqwest::Method;
use serde_json::{Value, json};

use crate::page::good;
use crate::proxy::Service;
use crate::street::{HISTORY, Street};

const LIST: &str = "/promotion/kefu-conversation/list";

/// Messages of the mall's own that are shown: those of conversations 1 and 3 are member 101's.
const ALICES: &str =
    "SELECT COUNT(*) AS number FROM promotion_kefu_message WHERE conversation_id IN (1, 3) AND deleted = b'0'";

#[tokio::test]
async fn a_mall_moves_over_with_all_that_was_said() {
    let mut street = Street::before_the_move();
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    let alices = street.books().number(ALICES);

    // Nothing has changed yet, and the rules are in place: this mall has its module switched off, and says so.
    assert_eq!(bob.ask_once(Method::GET, LIST, None).await.1["code"], 501);
    assert_eq!(street.mall.asked(&format!("/admin-api{LIST}")), 1);

    street.proxy.turn(Service::Closed);
    for (page, path) in [(&bob, LIST), (&alice, "/promotion/kefu-message/list")] {
        let (status, body) = page.ask_once(Method::GET, path, None).await;
        assert_eq!((status, &body["code"]), (503, &json!(503)));
        assert_eq!(page.try_listen().await.err().unwrap().status, Some(503));
    }
    assert_eq!(alice.get("/member/user/get").await["id"], 101, "only customer service is closed");

    let plan = street.desk.run(&["upgrade", "--dry-run"]).await;
    assert!(plan.contains("3 into 1") && plan.contains("nothing was changed"), "{plan}");
    assert_eq!(street.books().count("promotion_kefu_message"), i64::from(HISTORY));
    street.take_over().await;
    street.open().await;

    let conversations = bob.conversations().await;
    let mut ids: Vec<i64> = conversations.iter().map(|row| row["id"].as_i64().unwrap()).collect();
    ids.sort_unstable();
    assert_eq!(ids, [1, 2, 4, 5, 6, 7, 9], "3 went into 1, 8 was hidden, 10 is another tenant's");
    for row in &conversations {
        let member = row["userId"].as_i64().unwrap();
        assert_eq!(row["userNickname"], nickname(member), "also of those who have not signed in since");
        assert_eq!(row["userAvatar"], format!("https://mall.example/member-{member}.png"));
        readable(&row["lastMessageContentType"], &row["lastMessageContent"]);
    }
    let (hers, his) = (alice.messages(1).await, bob.messages(1).await);
    assert_eq!(i64::try_from(hers.len()).unwrap(), alices);
    assert_eq!(
        hers.iter().map(|row| &row["id"]).collect::<Vec<_>>(),
        his.iter().map(|row| &row["id"]).collect::<Vec<_>>()
    );
    assert!(hers.is_sorted_by_key(|row| row["createTime"].as_i64()), "the mall's times have seconds only");
    hers.iter().for_each(|row| readable(&row["contentType"], &row["content"]));
}

/// What breaks neither page.
#[track_caller]
fn readable(kind: &Value, content: &Value) {
    let content = content.as_str().unwrap();
    if *kind == 1 {
        let parsed: Value = serde_json::from_str(content).unwrap();
        assert!(parsed["text"].is_string(), "{content}");
    }
}

#[tokio::test]
async fn both_pages_hear_each_other_through_the_proxy() {
    let street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    // The first that the desk sees of either is the refresh token.
    let (console, shop) = (bob.listen().await, alice.listen().await);

    let question = alice.say(None, &text("question")).await;
    for socket in [&console, &shop] {
        socket.wait_until("the question", |frames| frames.iter().any(|frame| frame.id() == Some(question))).await;
    }
    let answer = bob.say(Some(1), &text("answer")).await;
    for socket in [&console, &shop] {
        socket.wait_until("the answer", |frames| frames.iter().any(|frame| frame.id() == Some(answer))).await;
    }
    let path = "/promotion/kefu-message/update-read-status?conversationId=1";
    assert_eq!(good(bob.ask(Method::PUT, path, None).await), true);
    shop.wait_until("that it was read", |frames| {
        frames.iter().any(|frame| frame.kind == "kefu_message_read_status_change")
    })
    .await;

    let newest: Vec<Value> = alice.messages(1).await.into_iter().rev().take(2).collect();
    assert_eq!((&newest[0]["id"], &newest[1]["id"]), (&json!(answer), &json!(question)));
    assert_eq!(newest[0]["senderAvatar"], "https://mall.example/admin-7.png");
    assert_eq!(newest[1]["readStatus"], true);
}

#[tokio::test]
async fn what_is_not_customer_service_stays_with_the_mall() {
    let street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    let _socket = bob.listen().await;

    assert_eq!(bob.get("/member/user/get?id=102").await["nickname"], nickname(102));
    assert_eq!(alice.get("/promotion/diy-template/used").await["id"], 1);
    let upload = street.upload(&bob).await;

    assert_eq!(street.mall.asked("/admin-api/member/user/get"), 1);
    assert_eq!(street.mall.asked("/admin-api/infra/file/upload"), 1);
    assert!(upload.starts_with(&street.proxy.url()), "pictures are where the pages look for them: {upload}");
    assert_eq!(street.mall.asked("/infra/ws"), 0);
}

#[tokio::test]
async fn two_tenants_of_the_mall_do_not_meet() {
    let street = Street::moved().await;
    let (bob, other) = (street.console(7).await, street.console_of_tenant_2().await);
    let (bobs, others) = (bob.listen().await, other.listen().await);

    assert_eq!(other.conversations().await.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&json!(10)]);
    assert!(other.messages(1).await.is_empty());
    let question = street.shop(101).await.say(None, &text("question")).await;

    bobs.wait_until("the question", |frames| frames.iter().any(|frame| frame.id() == Some(question))).await;
    others.settle().await;
    assert!(others.frames().is_empty());
}

#[tokio::test]
async fn an_agent_without_the_right_is_refused_as_the_mall_would() {
    let street = Street::moved().await;
    let storekeeper = street.console(8).await;
    let _socket = storekeeper.listen().await;

    let (status, refusal) = storekeeper.ask_once(Method::GET, LIST, None).await;

    assert_eq!((status, &refusal["code"]), (200, &json!(403)));
    street.mall.change_admin(8, |admin| {
        admin.permissions.insert("promotion:kefu-conversation:query".into());
    });
    street.until("the new right counts", async || storekeeper.ask(Method::GET, LIST, None).await["code"] == 0).await;
}
