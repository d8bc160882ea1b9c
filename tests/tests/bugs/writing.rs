//! Writing: transactions, first contacts, missing people, retries.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use kefu_tests::{Backend, Claims, off_the_runtime, on_both, text};
use serde_json::json;

use crate::asking::{World, id};

on_both! {
    async fn b03_what_is_pushed_can_be_listed_at_that_moment(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);
            let mut socket = agent.listen();

            thread::scope(|scope| {
                scope.spawn(|| (0..50).for_each(|number| drop(alice.say(number).data())));
                for seq in 2..=51 {
                    let pushed = socket.until(conversation, seq).pop().expect("a frame");
                    let listed = agent.list(&format!("conversationId={conversation}&sinceSeq={}&limit=1", seq - 1));
                    assert_eq!(listed[0]["id"], pushed.content["id"], "number {seq} was pushed before it was there");
                }
            });
        });
    }

    async fn b03_what_is_refused_is_not_pushed(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);
            alice.post(&json!({ "contentType": 1, "content": text(1), "clientMsgId": "key" })).data();
            let mut socket = agent.listen();

            let refused = alice.post(&json!({ "contentType": 1, "content": text(2), "clientMsgId": "key" }));

            assert_eq!(refused.code(), 900);
            let marker = alice.say("marker").seq();
            assert_eq!((marker, socket.until(conversation, marker).len()), (3, 1));
        });
    }

    async fn b04_a_message_and_its_conversation_change_together(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let books = world.server.books();
            let torn = "SELECT COUNT(*) AS number FROM promotion_kefu_conversation c WHERE \
                 c.head_seq <> (SELECT COALESCE(MAX(m.seq), 0) FROM promotion_kefu_message m WHERE m.conversation_id = c.id) \
                 OR c.head_seq <> (SELECT COUNT(*) FROM promotion_kefu_message m WHERE m.conversation_id = c.id) \
                 OR c.admin_unread_message_count <> (SELECT COUNT(*) FROM promotion_kefu_message m \
                 WHERE m.conversation_id = c.id AND m.sender_type = 1 AND m.seq > c.admin_read_seq)";
            let (writing, looks) = (AtomicUsize::new(4), AtomicUsize::new(0));

            thread::scope(|scope| {
                for member in 101..=104 {
                    let (world, writing) = (&world, &writing);
                    scope.spawn(move || {
                        let member = world.member(member);
                        let said: Vec<_> = (0..60).map(|number| member.say(number).code()).collect();
                        writing.fetch_sub(1, Ordering::Relaxed);
                        assert!(said.iter().all(|code| *code == 0));
                    });
                }
                while writing.load(Ordering::Relaxed) > 0 || looks.load(Ordering::Relaxed) == 0 {
                    assert_eq!(books.number(torn), 0, "a message without its conversation, or the other way round");
                    looks.fetch_add(1, Ordering::Relaxed);
                }
            });

            assert!(looks.into_inner() >= 5, "it was hardly looked at");
            assert_eq!((books.number(torn), world.messages()), (0, 240));
        });
    }

    async fn b05_fifty_first_messages_at_once_make_one_conversation(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let alice = world.member(101);

            let seqs: BTreeSet<_> = thread::scope(|scope| {
                let sent: Vec<_> = (0..50).map(|number| scope.spawn({ let alice = &alice; move || alice.say(number).seq() })).collect();
                sent.into_iter().map(|sent| sent.join().expect("an answer")).collect()
            });

            assert_eq!(seqs, (1..=50).collect());
            assert_eq!(world.server.books().count("promotion_kefu_conversation"), 1);
            assert_eq!(alice.list("limit=200").len(), 50, "and later calls work");
            assert_eq!(alice.say("another").seq(), 51);
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b14_people_without_a_profile_write_and_are_written_to_and_a_retry_is_one_message() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let nameless = |claims: Claims| Claims { nickname: String::new(), avatar: String::new(), ..claims };
        let alice = world.who(&nameless(Claims::member(101)));
        let agent = world.who(&nameless(Claims::agent(7)));
        let mut socket = agent.listen();
        let body = json!({ "contentType": 1, "content": text(1), "clientMsgId": "once" });

        let (first, again) = (alice.post(&body), alice.post(&body));

        assert_eq!(first.data(), again.data());
        let frame = socket.expect(1).pop().expect("a frame");
        assert!(frame.content["senderAvatar"].is_null());
        let conversation = id(&frame.content["conversationId"]);
        agent.say_to(conversation, "answer").data();
        let listed = agent.conversations("");
        assert_eq!(
            (listed.len(), &listed[0]["userNickname"], &listed[0]["userAvatar"]),
            (1, &json!(null), &json!(null))
        );
        let rows = agent.list(&format!("conversationId={conversation}"));
        assert!(rows.len() == 2 && rows.iter().all(|row| row["senderAvatar"].is_null()), "{rows:?}");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b15_a_retry_with_its_key_is_the_same_message_and_the_same_words_without_are_two() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let mut socket = agent.listen();
        let body = json!({ "contentType": 1, "content": text(1), "clientMsgId": "tap-1" });

        let (first, retry) = (alice.post(&body), alice.post(&body));

        assert_eq!((first.header("Kefu-Duplicate"), retry.header("Kefu-Duplicate")), (None, Some("true")));
        assert_eq!((first.data(), first.seq()), (retry.data(), retry.seq()));
        let (one, two) = (alice.say("1"), alice.say("1"));
        assert_ne!(one.data(), two.data(), "saying 1 twice is two messages");
        let seqs: Vec<_> = socket.expect(3).iter().filter_map(crate::asking::Frame::seq).collect();
        assert_eq!(seqs, [1, 2, 3], "the retry was pushed to nobody");
        assert_eq!(world.messages(), 3);

        let conversation = id(&alice.list("")[0]["conversationId"]);
        let body =
            json!({ "conversationId": conversation, "contentType": 1, "content": text(2), "clientMsgId": "tap-1" });
        let (theirs, again) = (agent.post(&body), agent.post(&body));
        assert_ne!(theirs.data(), first.data(), "the key is the sender's own");
        assert_eq!((theirs.data(), again.header("Kefu-Duplicate")), (again.data(), Some("true")));
    });
}
