//! The watch must be able to bite: it finds what is planted for it in a running server, at every door.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kefu_tests::{Backend, Owner, Person, Server, off_the_runtime, text};

use crate::asking::World;

/// A server at which Alice and Bob have written, and Alice herself. Bob's text has come into her conversation.
async fn doctored() -> (World, Person, i64) {
    let world = World::start(Backend::Sqlite, &[]).await;
    let (alice, bob) = (world.server.member(101), world.server.member(102));
    for (who, what) in [(&alice, "mine"), (&bob, "his")] {
        who.send(&text(what), None).await.ok();
    }
    let books = world.server.books();
    let id = |member| books.conversation_of(member).unwrap().id;
    books.audit();
    books.run(&format!(
        "UPDATE promotion_kefu_message SET content = \
         (SELECT content FROM promotion_kefu_message WHERE conversation_id = {}) WHERE conversation_id = {}",
        id(102),
        id(101)
    ));
    let conversation = id(101);
    (world, alice, conversation)
}

fn complaint(panic: Box<dyn std::any::Any + Send>) -> String {
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

/// What it says when it is dropped: it has not forgotten.
fn last_words(server: Server) -> String {
    complaint(catch_unwind(AssertUnwindSafe(|| drop(server))).unwrap_err())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_members_text_in_an_answer_fails_the_one_who_asked_and_the_audit() {
    let (world, alice, _) = doctored().await;

    let asked = tokio::spawn(async move { alice.list(&[]).await }).await;

    let said = complaint(asked.unwrap_err().into_panic());
    assert!(said.contains("came to [member 101") && said.contains("t1.s0.m102.") && said.contains("/list"), "{said}");
    let books = world.server.books();
    assert!(catch_unwind(AssertUnwindSafe(|| books.audit())).is_err(), "a text that strayed");
    assert!(last_words(world.server).contains("m102."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn so_it_does_byte_by_byte() {
    let (world, _, _) = doctored().await;
    let alice = world.member(101);

    let said = off_the_runtime(|| complaint(catch_unwind(AssertUnwindSafe(|| alice.list(""))).unwrap_err()));

    assert!(said.contains("came to [member 101") && said.contains("t1.s0.m102."), "{said}");
    assert!(last_words(world.server).contains("m102."));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_members_text_in_a_frame_fails_whoever_waits_for_frames() {
    let (world, alice, conversation) = doctored().await;
    let (socket, agent) = (alice.listen().await, world.server.agent(7));
    let mut wire = off_the_runtime(|| world.member(101).listen());
    let planted = world.server.watch().ring(1, Owner::Conversation { shop: 0, member: 102 }).put_on_text(&text("his"));

    agent.send_to(conversation, &planted, None).await.ok();

    let waited = tokio::spawn(async move { socket.wait_until("a frame", |frames| !frames.is_empty()).await }).await;
    let said = complaint(waited.unwrap_err().into_panic());
    assert!(said.contains("a frame") && said.contains("t1.s0.m102."), "{said}");
    let said = off_the_runtime(|| complaint(catch_unwind(AssertUnwindSafe(|| wire.expect(1))).unwrap_err()));
    assert!(said.contains("t1.s0.m102."), "{said}");
    assert!(last_words(world.server).contains("canaries went astray"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_a_login_handed_out_is_missed_in_no_log() {
    let (world, _, _) = doctored().await;
    let token = "0123456789abcdef0123456789abcdef";
    let login = format!("{{\"code\":0,\"data\":{{\"userId\":5,\"accessToken\":\"{token}\"}}}}");
    world.server.watch().learn("/admin-api/system/auth/login", Some("1"), login.as_bytes());
    let echo = kefu_tests::Program::new("/bin/echo", [format!("showed {token}")]).start(world.server.log());
    assert!(echo.wait(kefu_tests::PATIENCE).await.is_some_and(|status| status.success()));
    let found = |line: &str| line.contains("showed").then_some(());
    world.server.log().wait_for(0, kefu_tests::PATIENCE, found).await.unwrap();

    let said = last_words(world.server);

    assert!(said.contains("showed <leaked>") && !said.contains(token), "{said}");
}
