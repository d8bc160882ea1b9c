//! One tap that arrives a hundred times, at both servers at once.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use kefu_tests::{MallPage, OwnRedis, Pace, Person, V2Client, text};
use serde_json::json;

use crate::company::{covered, shows_all};
use crate::house::two_at;

/// Over HTTP; the rest of the hundred over sockets.
const POSTS: usize = 90;

/// Says it under one key from everywhere at once; says under which id and number it was stored.
async fn storm(people: [&Person; 2], to: Option<i64>, devices: &[V2Client], key: &str) -> (i64, i64) {
    let said = text(key);
    let mut frame = json!({ "action": "send", "style": "normal", "kind": "text", "content": said, "ext": {} });
    if let Some(conversation) = to {
        frame["ext"]["conversation"] = conversation.into();
    }
    devices.iter().for_each(|device| device.post_under(frame.clone(), key));
    let posts = (0..POSTS).map(|n| people[n % 2].try_send(to, &said, Some(key)));
    let answers = join_all(posts).await;

    let mut stored = BTreeSet::new();
    let mut firsts = 0;
    for answer in answers {
        let answer = answer.expect("an answer").ok();
        stored.insert((answer.id(), answer.seq()));
        firsts += usize::from(!answer.is_duplicate());
    }
    for device in devices {
        let ack = device.answer(key).await.expect("it is stored");
        stored.insert((ack.id, ack.seq));
        firsts += usize::from(!ack.duplicate);
    }
    assert_eq!(stored.len(), 1, "stored as {stored:?}");
    assert_eq!(firsts, 1, "who was the first");
    stored.pop_first().expect("one")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_a_hundred_times_at_once_at_both_servers_is_one_message() {
    let redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let [members, agents] = [[a.member(101), b.member(101)], [a.agent(7), b.agent(7)]];
    let phones: Vec<V2Client> = (0..100 - POSTS).map(|n| members[n % 2].join()).collect();
    let desks: Vec<V2Client> = (0..100 - POSTS).map(|n| agents[n % 2].join()).collect();
    let shoppers = [&members[0], &members[1]].map(|member| MallPage::shopper(member, Pace::shopper()));
    for client in phones.iter().chain(&desks) {
        client.until("a greeting", kefu_tests::V2State::is_connected).await;
    }
    for page in &shoppers {
        page.until("its socket", |state| state.open_sockets() == 1).await;
    }

    // Not even the conversation is there yet.
    let first = storm([&members[0], &members[1]], None, &phones, "first-contact").await;
    let books = a.books();
    let conversation = books.conversation_of(101).expect("a conversation").id;
    for desk in &desks {
        desk.open(conversation).await;
    }
    let second = storm([&members[0], &members[1]], None, &phones, "known").await;
    let third = storm([&agents[0], &agents[1]], Some(conversation), &desks, "answer").await;

    assert_eq!([first.1, second.1, third.1], [1, 2, 3]);
    let ids: Vec<i64> = books.all_messages().iter().map(|row| row.id).collect();
    assert_eq!(ids, [first.0, second.0, third.0]);
    for client in phones.iter().chain(&desks) {
        shows_all(client, &books).await;
    }
    for page in &shoppers {
        covered(page, conversation, &books).await;
    }
    books.audit();
}
