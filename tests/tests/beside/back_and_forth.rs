//! Going back to the mall's own customer service, and coming again.

use kefu_tests::{nickname, text};
use reqwest::Method;
use serde_json::json;

use crate::proxy::Service;
use crate::street::Street;

/// What the mall's own service writes when a member with a conversation says something, an agent answers, and a new
/// member begins: its statements, with its columns. A step back takes longer than this test, so its clock is ahead: its
/// times have seconds only, and none of them may lie before what was said here.
const JAVA: &str = r#"
SET @java = NOW() + INTERVAL 1 SECOND;
INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content,
    create_time, update_time, creator, updater, tenant_id)
VALUES (1, 101, 1, 1, '{"text":"java 1"}', @java, @java, '101', '101', 1);
UPDATE promotion_kefu_conversation SET last_message_time = @java, last_message_content = '{"text":"java 1"}',
    last_message_content_type = 1, admin_unread_message_count = admin_unread_message_count + 1,
    update_time = @java, updater = '101' WHERE id = 1 AND deleted = 0 AND tenant_id = 1;
INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, receiver_id, receiver_type, content_type,
    content, create_time, update_time, creator, updater, tenant_id)
VALUES (1, 7, 2, 101, 1, 1, '{"text":"java 2"}', @java, @java, '7', '7', 1);
UPDATE promotion_kefu_conversation SET last_message_time = @java, last_message_content = '{"text":"java 2"}',
    last_message_content_type = 1, update_time = @java, updater = '7' WHERE id = 1 AND deleted = 0 AND tenant_id = 1;
INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
    last_message_content_type, admin_pinned, user_deleted, admin_deleted, admin_unread_message_count, create_time,
    update_time, creator, updater, tenant_id)
VALUES (500, 10003, @java, '{"text":"java 3"}', 1, 0, 0, 0, 1, @java, @java, '10003', '10003', 1);
INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content,
    create_time, update_time, creator, updater, tenant_id)
VALUES (500, 10003, 1, 1, '{"text":"java 3"}', @java, @java, '10003', '10003', 1)
"#;

#[tokio::test]
async fn what_the_mall_takes_in_after_a_step_back_is_here_after_the_next_step() {
    let mut street = Street::moved().await;
    let (bob, alice) = (street.console(7).await, street.shop(101).await);
    street.mall.put_member(kefu_tests::MallMember::new(10_003));
    let console = bob.listen().await;
    let ours = alice.say(None, &text("ours")).await;
    let before = bob.messages(1).await.len();

    // Back: the rules first, so that nobody finds a closed door, and then the desk.
    street.proxy.turn(Service::AtTheMall);
    street.desk.stop().await;
    assert!(console.closed(kefu_tests::PATIENCE).await.is_some());
    let (_, answer) = alice.ask_once(Method::GET, "/promotion/kefu-message/list", None).await;
    assert_eq!(answer["code"], 404, "the mall's own answer: {answer}");
    street.books().run(JAVA);

    // And again.
    street.proxy.turn(Service::Closed);
    street.desk.run(&["upgrade"]).await;
    street.open().await;
    let console = bob.listen().await;

    let rows = bob.messages(1).await;
    assert_eq!(rows.len(), before + 2);
    let newest: Vec<_> = rows[before - 1..].iter().map(|row| (&row["id"], &row["content"])).collect();
    assert_eq!(newest[0].0, &json!(ours));
    assert_eq!([newest[1].1, newest[2].1], [&json!(r#"{"text":"java 1"}"#), &json!(r#"{"text":"java 2"}"#)]);
    let numbers: Vec<_> = rows.iter().map(|row| row["seq"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=i64::try_from(rows.len()).unwrap()).collect::<Vec<_>>());

    let conversations = bob.conversations().await;
    let new = conversations.iter().find(|row| row["id"] == 500).unwrap();
    assert_eq!(new["userNickname"], nickname(10_003));
    assert_eq!(new["adminUnreadMessageCount"], 1);
    let next = alice.say(None, &text("next")).await;
    console.wait_until("the next", |frames| frames.iter().any(|frame| frame.id() == Some(next))).await;
}
