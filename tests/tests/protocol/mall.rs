//! The frames of the mall's own dialect.

use std::collections::BTreeMap;

use kefu_tests::{Backend, Server};
use serde_json::Value;

use crate::document::PAGE;
use crate::shape::{Shape, difference, shape};

/// By type: the members of the content.
fn of_the_document() -> BTreeMap<String, Shape> {
    let frames = PAGE.lines().filter(|line| line.starts_with(r#"{"type":"#));
    let read = frames.map(|line| {
        let frame: Value = serde_json::from_str(line).expect("a frame is JSON");
        let content = frame["content"].as_str().expect("its content is a text");
        let content: Value = serde_json::from_str(content).expect("the text is JSON");
        (frame["type"].as_str().expect("its type is a text").to_owned(), shape(&content))
    });
    read.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_malls_pages_hear_frames_with_the_members_that_the_document_shows() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let (alice, bob) = (server.member(101), server.agent(7));
    let socket = bob.listen().await;

    alice.send("m1", Some("k1")).await.ok();
    let id = server.books().conversation_of(101).expect("a conversation").id;
    bob.read(id, None).await.ok();
    socket.wait_until("the reading", |frames| frames.len() == 2).await;

    let heard: BTreeMap<_, _> =
        socket.frames().into_iter().map(|frame| (frame.kind.clone(), shape(&frame.content))).collect();
    let document = of_the_document();
    assert_eq!(document.keys().collect::<Vec<_>>(), heard.keys().collect::<Vec<_>>());
    for (kind, shown) in &document {
        let difference = difference(shown, &heard[kind]);
        assert_eq!(difference, "only in the document [], only from the server []", "{kind}");
    }
}
