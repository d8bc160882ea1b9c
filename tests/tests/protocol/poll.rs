//! What a long poll answers.

use kefu_tests::{Backend, Person, Server, Side};
use reqwest::Method;

use crate::document::{Example, Way, examples};
use crate::shape::{difference, shape};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_poll_answers_with_the_members_that_the_document_shows() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let (alice, bob) = (server.member(101), server.agent(7));
    alice.send("m1", Some("k1")).await.ok();
    let id = server.books().conversation_of(101).expect("a conversation").id;
    for Example { line, sides, frame } in examples(Way::Poll) {
        let [side] = sides[..] else { panic!("line {line}: an answer is of one side") };
        let ours = if side == Side::Member {
            poll(&alice, &[("wait", "0")]).await
        } else {
            let cursors = format!("{id}.-1.-1,999999.0.0");
            poll(&bob, &[("wait", "0"), ("changedSince", "0"), ("cursors", &cursors)]).await
        };
        let difference = difference(&shape(&frame["data"]), &shape(&ours));
        assert_eq!(difference, "only in the document [], only from the server []", "line {line}: {ours}");
        for list in ["conversations", "list"] {
            let shapes = |value: &serde_json::Value| -> Vec<_> {
                value[list].as_array().into_iter().flatten().map(shape).collect()
            };
            assert_eq!(shapes(&frame["data"]), shapes(&ours), "line {line}: {list} of {ours}");
        }
    }
}

async fn poll(person: &Person, query: &[(&str, &str)]) -> serde_json::Value {
    let request = person.request(Method::GET, "/kefu-message/sync").query(query);
    person.ask(request).await.ok().data
}
