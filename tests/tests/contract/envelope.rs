//! Envelope, nulls, numbers, times, and the headers that are ours.

use kefu_tests::{Backend, Claims, off_the_runtime, text};
use serde_json::{Map, Value, json};

use crate::asking::{Ask, World, id};

fn members(object: &Value) -> Vec<&str> {
    object.as_object().map(Map::keys).expect("an object").map(String::as_str).collect()
}

#[track_caller]
fn same_members(object: &Value, mut expected: Vec<&str>) {
    let mut found = members(object);
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "{object}");
}

/// The mall's, and then ours.
const MESSAGE: [&str; 14] = [
    "id",
    "conversationId",
    "senderId",
    "senderAvatar",
    "senderType",
    "receiverId",
    "receiverType",
    "contentType",
    "content",
    "readStatus",
    "createTime",
    "seq",
    "change",
    "clientMsgId",
];
const CONVERSATION: [&str; 18] = [
    "id",
    "userId",
    "userAvatar",
    "userNickname",
    "lastMessageTime",
    "lastMessageContent",
    "lastMessageContentType",
    "adminPinned",
    "userDeleted",
    "adminDeleted",
    "adminUnreadMessageCount",
    "createTime",
    "seq",
    "change",
    "shopId",
    "changeTime",
    "memberReadSeq",
    "adminReadSeq",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_an_http_200_of_exactly_three_members() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let good =
            [alice.say(1), alice.read(conversation, ""), agent.hide(conversation), agent.pin(conversation, true)];
        let bad = [
            Ask::get("/admin-api/promotion/kefu-conversation/list").at(world.addr),
            agent.ask(Ask::get("/admin-api/promotion/nothing")),
            alice.ask(Ask::get("/app-api/nothing")),
            agent.read(987_654_321, ""),
            alice.post(&json!({})),
        ];

        for answer in &good {
            same_members(&answer.json(), vec!["code", "msg", "data"]);
            assert_eq!((answer.status, &answer.json()["code"], &answer.json()["msg"]), (200, &json!(0), &json!("")));
            assert_eq!(answer.header("Content-Type"), Some("application/json"));
        }
        for answer in &bad {
            same_members(&answer.json(), vec!["code", "msg", "data"]);
            assert_eq!((answer.status, &answer.json()["data"]), (200, &Value::Null));
            assert!(answer.code() != 0 && !answer.msg().is_empty(), "{answer:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_have_the_malls_members_in_both_lists_and_in_the_push_with_nulls_written_out() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let mut socket = alice.listen();
        let body = json!({ "conversationId": conversation, "contentType": 1, "content": text(1), "clientMsgId": "k" });
        let answer = agent.post(&body);

        let pushed = socket.expect(1).pop().expect("a frame").content;
        let [mine, desks] = [alice.list(""), agent.list(&format!("conversationId={conversation}"))];

        same_members(&pushed, MESSAGE.to_vec());
        assert_eq!(mine, desks);
        for row in &mine {
            same_members(row, MESSAGE.to_vec());
        }
        let (theirs, hers) = (&mine[0], &mine[1]);
        assert_eq!(
            (&theirs["senderType"], &theirs["receiverId"], &theirs["receiverType"]),
            (&json!(2), &json!(101), &json!(1))
        );
        assert_eq!(
            (&hers["senderType"], &hers["receiverId"], &hers["receiverType"]),
            (&json!(1), &Value::Null, &Value::Null)
        );
        assert_eq!(
            (&theirs["senderAvatar"], &hers["senderAvatar"]),
            (&json!("https://mall.example/7.png"), &Value::Null)
        );
        assert_eq!((&theirs["readStatus"], &pushed["readStatus"]), (&json!(false), &Value::Null));
        assert_eq!(pushed["senderAvatar"], "https://mall.example/7.png");
        assert_eq!((&theirs["clientMsgId"], &theirs["id"]), (&json!("k"), &answer.data()));
        let mut rest = pushed.clone();
        rest["readStatus"] = json!(false);
        assert_eq!(&rest, theirs, "but for the reading state the push is the list's row");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn conversations_have_the_malls_members() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);

        let got = agent.conversation(conversation);

        same_members(&got, CONVERSATION.to_vec());
        assert_eq!(agent.conversations(""), std::slice::from_ref(&got));
        let message = &alice.list("")[0];
        for (of_conversation, of_message) in [
            ("lastMessageTime", "createTime"),
            ("lastMessageContent", "content"),
            ("lastMessageContentType", "contentType"),
        ] {
            assert_eq!(got[of_conversation], message[of_message]);
        }
        assert_eq!((&got["userId"], &got["userAvatar"]), (&json!(101), &json!("https://mall.example/101.png")));
        let flags = ["adminPinned", "userDeleted", "adminDeleted"].map(|flag| got[flag].as_bool());
        assert_eq!(flags, [Some(false); 3]);
        assert_eq!(got["adminUnreadMessageCount"], 1);
        assert!(agent.conversation(987_654_321).is_null(), "an unknown id is no error");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_a_browser_would_round_travels_as_text_and_is_taken_as_text() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let largest = (1_i64 << 53) - 1;
        let (alice, bob, agent) = (world.member(largest), world.member(largest - 1), world.agent(7));
        let (alices, bobs) = (world.conversation_of(&alice), world.conversation_of(&bob));

        assert_eq!(alice.list("")[0]["senderId"], json!(largest.to_string()), "2^53-1 is a text already");
        assert_eq!(bob.list("")[0]["senderId"], json!(largest - 1));
        assert_eq!(agent.conversation(alices)["userId"], json!(largest.to_string()));
        let body = json!({ "conversationId": bobs.to_string(), "contentType": "1", "content": text(1) });
        agent.post(&body).data();
        let body = json!({ "id": bobs.to_string(), "adminPinned": "true" });
        assert_eq!(
            agent.ask(Ask::put(agent.path("/kefu-conversation/update-conversation-pinned")).json(&body)).data(),
            true
        );
        assert_eq!(agent.conversation(bobs)["adminPinned"], true);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_milliseconds_of_the_epoch() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        #[expect(clippy::disallowed_methods, reason = "compared with what the server says it is")]
        let now = || {
            i64::try_from(
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_millis(),
            )
        };
        let before = now().expect("a time");

        alice.say(1).data();

        let time = alice.list("")[0]["createTime"].as_i64().expect("a number");
        // The database's clock and ours are one machine's, in two roundings.
        assert!((before - 1_000..=now().expect("a time") + 1_000).contains(&time), "{before} {time}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sending_tells_its_number_and_whether_it_was_there_before() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let member = json!({ "contentType": 1, "content": text(1), "clientMsgId": "a" });
        let admin = json!({ "conversationId": conversation, "contentType": 1, "content": text(1), "clientMsgId": "a" });

        for (who, body, seq) in [(&alice, &member, 2), (&agent, &admin, 3)] {
            let (first, again) = (who.post(body), who.post(body));
            assert_eq!((first.seq(), first.header("Kefu-Duplicate")), (seq, None));
            assert_eq!((again.seq(), again.header("Kefu-Duplicate")), (seq, Some("true")));
            assert_eq!(first.data(), again.data());
        }
        let other = json!({ "contentType": 1, "content": text(2), "clientMsgId": "a" });
        let refused = alice.post(&other);
        assert_eq!((refused.code(), refused.header("Kefu-Seq")), (900, None));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_taken_raw_behind_bearer_and_as_a_parameter() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let path = alice.path("/kefu-message/list");
        let token = &alice.token;

        for good in [
            Ask::get(&path).header("Authorization", token),
            Ask::get(&path).header("Authorization", format!("Bearer {token}")),
            Ask::get(&path).header("authorization", format!("any Bearer {token}")),
            Ask::get(format!("{path}?token={token}")),
            Ask::get(format!("{path}?token={token}")).header("Authorization", ""),
        ] {
            assert_eq!(good.at(world.addr).code(), 0, "{good:?}");
        }
        for bad in [
            Ask::get(&path),
            Ask::get(format!("{path}?token={token}")).header("Authorization", "nobody"),
            Ask::get(format!("{path}?Token={token}")),
            Ask::get(&path).header("Authorization", format!("{token}x")),
        ] {
            let answer = bad.at(world.addr);
            assert_eq!((answer.code(), answer.msg()), (401, "账号未登录".to_owned()), "{bad:?}");
        }
        let expired = world.who(&Claims::member(101).for_seconds(-1));
        assert_eq!(expired.ask(Ask::get(&path)).code(), 401);
        assert_eq!(id(&alice.say(1).data()), 1);
    });
}
