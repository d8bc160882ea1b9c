//! The checks of these tests must be able to fail: each finds what is planted for it.

#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use kefu_tests::{Acknowledged, Backend, Program, Server, nickname, text};

/// A server with two messages of the member's and one of the desk's, and what was acknowledged of them.
async fn scene() -> (Server, Vec<Acknowledged>) {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let (alice, bob) = (server.member(101), server.agent(7));
    let mut acknowledged = Vec::new();
    for (key, text) in [("one", text(1)), ("two", text(2))] {
        let answer = alice.send(&text, Some(key)).await.ok();
        acknowledged.push(Acknowledged { sender: 101, key: key.into(), text, id: answer.id(), seq: answer.seq() });
    }
    let id = server.books().conversation_of(101).expect("a conversation").id;
    let answer = bob.send_to(id, &text(3), Some("three")).await.ok();
    acknowledged.push(Acknowledged {
        sender: 7,
        key: "three".into(),
        text: text(3),
        id: answer.id(),
        seq: answer.seq(),
    });
    (server, acknowledged)
}

fn fails(check: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(check)).is_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_finds_every_kind_of_disorder() {
    let (server, acknowledged) = scene().await;
    let books = server.books();
    books.audit();
    books.hold_exactly(&acknowledged);

    let disorders = [
        ("a gap", "UPDATE promotion_kefu_message SET seq = 9 WHERE seq = 3"),
        ("a wrong head", "UPDATE promotion_kefu_conversation SET head_seq = 4"),
        ("an unread more", "UPDATE promotion_kefu_conversation SET admin_unread_message_count = 3"),
        ("a cursor moved alone", "UPDATE promotion_kefu_conversation SET admin_read_seq = 1"),
        ("a mark set alone", "UPDATE promotion_kefu_message SET read_status = 1 WHERE seq = 2"),
        ("a time that stands still", "UPDATE promotion_kefu_message SET create_time = 1795287600123"),
        ("a tombstone that is counted", "UPDATE promotion_kefu_message SET revoked_time = create_time WHERE seq = 2"),
        ("a deleted one that is counted", "UPDATE promotion_kefu_message SET admin_deleted = 1 WHERE seq = 2"),
        ("a change at two messages", "UPDATE promotion_kefu_message SET change_no = 1 WHERE seq = 2"),
        ("a change above the head", "UPDATE promotion_kefu_message SET change_no = 99 WHERE seq = 3"),
        ("a message of nowhere", "UPDATE promotion_kefu_message SET conversation_id = 99 WHERE seq = 3"),
    ];
    for (name, statement) in disorders {
        let (server, _) = scene().await;
        server.books().run(statement);
        assert!(fails(|| server.books().audit()), "an audit does not find {name}");
    }
}

/// What was taken back, and what the desk has deleted, waits for nobody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_recounts_without_what_is_gone() {
    for gone in ["revoked_time = create_time", "admin_deleted = 1"] {
        let (server, _) = scene().await;
        server.books().run(&format!("UPDATE promotion_kefu_message SET {gone} WHERE seq = 2"));
        server.books().run("UPDATE promotion_kefu_conversation SET admin_unread_message_count = 1");
        server.books().audit();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_a_changed_and_an_additional_message_are_found() {
    let (server, acknowledged) = scene().await;
    let books = server.books();

    assert!(fails(|| books.hold_exactly(&acknowledged[..2])), "one more than acknowledged");
    let mut moved = acknowledged.clone();
    moved[0].seq = 2;
    assert!(fails(|| books.hold(&moved)), "another number than acknowledged");
    books.run("UPDATE promotion_kefu_message SET content = '{}' WHERE seq = 2");
    assert!(fails(|| books.hold(&acknowledged)), "another text than sent");
    books.run("DELETE FROM promotion_kefu_message WHERE seq = 2");
    assert!(fails(|| books.hold(&acknowledged)), "one less than acknowledged");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_in_the_log_is_found_and_not_repeated() {
    let (server, _) = scene().await;
    let token = server.member(102).token;
    for secret in [text(4), nickname(5), token.clone()] {
        let running = Program::new("/bin/echo", [format!("a request of {secret} failed")]).start(server.log());
        let status = running.wait(kefu_tests::PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()));
        let said = server.log().wait_for(0, kefu_tests::PATIENCE, |line| line.contains(&secret).then_some(())).await;
        assert!(said.is_some(), "the log has it");
    }

    // A server whose log leaks cannot be dropped in peace.
    let complaint = catch_unwind(AssertUnwindSafe(|| drop(server))).expect_err("the leak is found");

    let complaint = complaint.downcast_ref::<String>().expect("a text");
    assert_eq!(complaint.matches("<leaked>").count(), 3, "{complaint}");
    assert!(!complaint.contains(&token), "the complaint leaks itself");
}
