//! The socket, as both of the mall's pages use it.

use kefu_tests::{Backend, off_the_runtime, text};
use serde_json::{Value, json};

use crate::asking::socket::handshake;
use crate::asking::{Ask, Heard, Socket, Wire, World};

#[tokio::test(flavor = "multi_thread")]
async fn ping_is_answered_with_pong_and_nothing_else_is_said_unasked() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let mut socket = world.member(101).listen();
        for _ in 0..20 {
            socket.say("ping");
            assert_eq!(socket.hear(), Heard::Text("pong".to_owned()));
        }
        socket.assert_silent();
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_token_gets_no_upgrade() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        for token in ["", "nobody", "null"] {
            let refused = Socket::try_open(world.addr, token).err().expect("no upgrade");
            assert_eq!(refused.status, 401);
        }
        // A header will do as well, for clients that can send one.
        let alice = world.member(101);
        let by_header = handshake("").header("Authorization", &alice.token);
        let mut wire = Wire::open(world.addr);
        wire.write(&by_header.bytes(world.addr));
        assert_eq!(wire.answer().map(|answer| answer.status), Some(101));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_are_the_malls_to_the_byte() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let mut socket = agent.listen();
        let said = text("<b> & \"quotes\"");
        alice
            .post(&json!({ "contentType": 1, "content": json!({ "text": said }).to_string(), "clientMsgId": "k1" }))
            .data();
        agent.read(conversation, "&seq=2").data();

        socket.say("ping");
        let mut heard = Vec::new();
        while heard.len() < 2 {
            match socket.hear() {
                Heard::Text(text) if text == "pong" => {}
                Heard::Text(text) => heard.push(text),
                other => panic!("{other:?}"),
            }
        }

        let row = &agent.list(&format!("conversationId={conversation}&limit=1"))[0];
        let shown = json!({ "text": said.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;") }).to_string();
        let content = format!(
            "{{\"id\":{},\"conversationId\":{conversation},\"senderId\":101,\
             \"senderAvatar\":\"https://mall.example/101.png\",\"senderType\":1,\"receiverId\":null,\
             \"receiverType\":null,\"contentType\":1,\"content\":{},\"readStatus\":null,\"createTime\":{},\
             \"seq\":2,\"change\":2,\"clientMsgId\":\"k1\"}}",
            row["id"],
            Value::from(shown),
            row["createTime"],
        );
        assert_eq!(heard[0], format!("{{\"type\":\"kefu_message_type\",\"content\":{}}}", Value::from(content)));
        let read = format!(
            "{{\"id\":null,\"conversationId\":{conversation},\"senderId\":null,\"senderAvatar\":null,\
             \"senderType\":null,\"receiverId\":null,\"receiverType\":null,\"contentType\":null,\"content\":null,\
             \"readStatus\":null,\"createTime\":null}}"
        );
        assert_eq!(
            heard[1],
            format!("{{\"type\":\"kefu_message_read_status_change\",\"content\":{}}}", Value::from(read))
        );
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_says_is_heard_on_all_sockets_of_both_sides_their_own_included() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let mut sockets = [alice.listen(), alice.listen(), agent.listen(), agent.listen(), world.agent(8).listen()];

        let member = alice.say("question").seq();
        let admin = agent.say_to(conversation, "answer").seq();

        for socket in &mut sockets {
            let frames = socket.until(conversation, admin);
            assert!(frames.len() == 2 && frames[0].shows(conversation, member), "{frames:?}");
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_frame_comes_of_a_read_that_passed_something_and_of_no_other() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let mut sockets = [alice.listen(), agent.listen()];

        for _ in 0..3 {
            assert_eq!(agent.read(conversation, "&seq=1").data(), true);
        }
        let bodyless = Ask::put(agent.path(&format!("/kefu-message/update-read-status?conversationId={conversation}")));
        assert_eq!(agent.ask(bodyless).data(), true);
        let marker = agent.say_to(conversation, "marker").seq();

        for socket in &mut sockets {
            let kinds: Vec<_> = socket.until(conversation, marker).into_iter().map(|frame| frame.kind).collect();
            assert_eq!(kinds, ["kefu_message_read_status_change", "kefu_message_type"]);
        }
        assert_eq!(agent.conversation(conversation)["adminUnreadMessageCount"], 0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_conversation_returns_when_either_side_writes_and_a_pin_stays() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        agent.pin(conversation, true).data();

        for by_the_member in [true, false] {
            agent.hide(conversation).data();
            assert!(agent.conversations("").is_empty());
            assert_eq!(agent.conversation(conversation)["adminDeleted"], true, "still there by its id");
            assert!(!agent.list(&format!("conversationId={conversation}")).is_empty(), "with its history");
            if by_the_member { alice.say("back") } else { agent.say_to(conversation, "back") }.data();
            let listed = agent.conversations("");
            assert_eq!(
                (listed.len(), &listed[0]["adminPinned"], &listed[0]["adminDeleted"]),
                (1, &json!(true), &json!(false))
            );
        }
    });
}
