//! What can be said, and whose picture stands beside it.

use kefu_tests::{Backend, off_the_runtime, text};
use serde_json::{Value, json};

use crate::asking::World;

#[tokio::test(flavor = "multi_thread")]
async fn b12_what_would_break_a_page_is_refused_or_made_harmless() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let say = |kind: i64, content: &str| alice.post(&json!({ "contentType": kind, "content": content })).code();

        for kind in [-1, 0, 5, 7, 8, 9, 12, 13, 999] {
            assert_eq!(say(kind, "{}"), 400, "kind {kind} from a member");
        }
        assert_eq!(say(1, &"x".repeat(8_193)), 400, "and not 500");
        for content in ["null", r#"{"picUrl":null}"#, "javascript:alert(1)"] {
            assert_eq!(say(2, content), 400, "{content}");
        }
        for content in ["null", "{}", r#"{"no":"1","items":[{"properties":7}]}"#] {
            assert_eq!(say(11, content), 400, "{content}");
        }
        assert_eq!(agent.conversation(conversation)["seq"], 1, "none of that was stored");

        let poison = ["null", "123", "[]", r#"{"text":123}"#, r#"{"text":null}"#, "<b>hi</b>"];
        for content in poison {
            assert_eq!(say(1, content), 0, "{content}");
        }
        let order = r#"{"no":"1","items":[{"spuName":"cup"}]}"#;
        assert_eq!(say(11, order), 0);

        let said = alice.list("sinceSeq=1");
        for (message, submitted) in said.iter().zip(poison) {
            let content: Value = serde_json::from_str(message["content"].as_str().expect("a text")).expect("JSON");
            let shown = submitted.replace('<', "&lt;").replace('>', "&gt;");
            assert_eq!(content, json!({ "text": shown }));
        }
        let card: Value = serde_json::from_str(said[6]["content"].as_str().expect("a text")).expect("JSON");
        assert_eq!(card["items"][0]["properties"], json!([]), "the console maps over it");
        assert_eq!(agent.conversation(conversation)["lastMessageContent"], said[6]["content"]);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b12_who_writes_is_whoever_is_signed_in_whatever_the_body_says() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let forged = json!({
            "contentType": 1, "content": text("forged"), "id": 5, "conversationId": 99, "senderId": 7, "senderType": 2,
            "receiverId": 101, "receiverType": 1, "readStatus": true, "createTime": 0, "seq": 40, "change": 40,
            "tenantId": 2,
        });

        let sent = alice.post(&forged);

        let message = &alice.list("")[0];
        assert_eq!((sent.seq(), message["senderId"].clone(), message["senderType"].clone()), (1, json!(101), json!(1)));
        assert_eq!((&message["receiverId"], &message["readStatus"]), (&Value::Null, &json!(false)));
        assert!(message["createTime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "{message}");
        assert_eq!(world.server.books().conversations().len(), 1);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_a_member_whose_id_is_an_agents_keeps_their_own_face() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (member, agent) = (world.member(7), world.agent(7));
        let conversation = world.conversation_of(&member);
        agent.say_to(conversation, "answer").data();

        for rows in [member.list(""), agent.list(&format!("conversationId={conversation}"))] {
            assert_eq!(rows.len(), 2);
            for row in rows {
                assert_eq!(row["senderId"], 7);
                let face = if row["senderType"] == 2 { json!("https://mall.example/7.png") } else { Value::Null };
                assert_eq!(row["senderAvatar"], face, "{row}");
            }
        }
    });
}
