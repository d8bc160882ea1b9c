//! Numbered once, told once, counted right: over real sockets, on both databases.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::BTreeSet;

use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use kefu_tests::{Answer, Dice, Frame, Person, Server, Setup, on_both, text};
use serde_json::Value;

/// How many of one side's requests are under way at the same time.
const AT_ONCE: usize = 100;

async fn write_many(person: &Person, conversation: Option<i64>, count: usize) -> Vec<Answer> {
    let sendings = (0..count).map(|n| {
        let text = text(format!("{}-{n}", person.id));
        async move { person.try_send(conversation, &text, None).await.expect("an answer").ok() }
    });
    stream::iter(sendings).buffer_unordered(AT_ONCE).collect().await
}

/// (number, time, id) of what was shown or listed.
fn marks<'a>(messages: impl IntoIterator<Item = &'a Value>) -> Vec<(i64, i64, i64)> {
    let mark = |message: &Value| {
        let number = |name: &str| message[name].as_i64().expect("a number");
        (number("seq"), number("createTime"), number("id"))
    };
    messages.into_iter().map(mark).collect()
}

on_both! {
    /// The race of the first contact: everybody finds no conversation and wants to open one.
    async fn a_members_first_fifty_messages_at_once_make_one_conversation(backend) {
        let server = Server::start(backend, &[]).await;
        let alice = server.member(101);

        let texts: Vec<String> = (0..50).map(text).collect();
        let answers = join_all(texts.iter().map(|text| alice.send(text, None))).await;

        let seqs: BTreeSet<i64> = answers.into_iter().map(|answer| answer.ok().seq()).collect();
        assert_eq!(seqs, (1..=50).collect());
        let conversations = server.books().conversations();
        assert_eq!(conversations.len(), 1);
        assert_eq!((conversations[0].member, conversations[0].head), (101, 50));
        assert_eq!(server.books().count("promotion_kefu_message"), 50);
        server.books().audit();
    }

    async fn both_sides_at_once_are_heard_in_one_order_by_everybody(backend) {
        let server = Server::start(backend, &[]).await;
        let (alice, bob, carol) = (server.member(101), server.agent(7), server.agent(8));
        let sockets = [alice.listen().await, bob.listen().await, carol.listen().await];
        alice.send(&text("first"), None).await.ok();
        let id = server.books().conversation_of(101).expect("a conversation").id;

        tokio::join!(write_many(&alice, None, 499), write_many(&bob, Some(id), 500));

        for socket in &sockets {
            socket.wait_until("a thousand frames", |frames| frames.len() >= 1_000).await;
            socket.settle().await;
        }
        let stored = server.books().messages(id);
        let stored: Vec<_> = stored.iter().map(|row| (row.seq, row.time, row.id)).collect();
        assert_eq!(stored.iter().map(|mark| mark.0).collect::<Vec<_>>(), (1..=1_000).collect::<Vec<_>>());
        assert!(stored.is_sorted_by(|a, b| a.1 < b.1), "the times increase strictly");
        for socket in &sockets {
            let frames = socket.frames();
            assert!(frames.iter().all(Frame::shows_message));
            assert_eq!(marks(frames.iter().map(|frame| &frame.content)), stored, "in the order of arrival");
        }
        assert_eq!(marks(&bob.history(id).await), stored);
        assert_eq!(marks(&alice.history(id).await), stored);
        server.books().audit();
    }

    async fn one_key_is_one_message_however_often_it_is_sent(backend) {
        let mut server = Server::start(backend, &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let text = text("only once");
        let fifty = || async { join_all((0..50).map(|_| alice.send(&text, Some("one-tap")))).await };

        let sockets = [alice.listen().await, bob.listen().await];
        let mut answers = fifty().await;
        for socket in &sockets {
            socket.wait_until("the push", |frames| !frames.is_empty()).await;
            socket.settle().await;
            assert_eq!(socket.seqs(), [1], "before the restart");
        }

        server.restart().await;
        let sockets = [alice.listen().await, bob.listen().await];
        answers.extend(fifty().await);
        for socket in &sockets {
            socket.settle().await;
            assert_eq!(socket.frames().len(), 0, "after the restart");
        }

        let answers: Vec<Answer> = answers.into_iter().map(Answer::ok).collect();
        assert_eq!(answers.iter().filter(|answer| !answer.is_duplicate()).count(), 1);
        let said: BTreeSet<_> = answers.iter().map(|answer| (answer.id(), answer.seq())).collect();
        assert_eq!(said.len(), 1, "all answers name the same message");
        assert_eq!(server.books().count("promotion_kefu_message"), 1);
        server.books().audit();
    }

    async fn another_content_under_a_used_key_is_refused_and_stored_nowhere(backend) {
        let server = Server::start(backend, &[]).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let socket = bob.listen().await;
        alice.send(&text("first"), Some("key")).await.ok();

        let refused = alice.send(&text("second"), Some("key")).await;

        refused.refused(900);
        alice.send(&text("third"), Some("other-key")).await.ok();
        socket.wait_until("the third", |frames| frames.len() >= 2).await;
        assert_eq!(socket.seqs(), [1, 2]);
        assert_eq!(server.books().count("promotion_kefu_message"), 2);
        server.books().audit();
    }

    /// Two members, two agents and their reads, shuffled by a seed; every read names its number.
    async fn sends_and_reads_at_once_leave_the_exact_counters(backend) {
        let server = Setup::on(backend).start().await;

        stream::iter(0..20).for_each_concurrent(4, |seed| schedule(&server, seed)).await;

        server.books().audit();
        let conversations = server.books().conversations();
        assert_eq!(conversations.len(), 20);
        assert!(conversations.iter().any(|row| row.desk_unread > 0), "some were left unread");
        assert!(conversations.iter().any(|row| row.desk_read > 0 && row.member_read > 0), "some were read");
    }
}

/// One conversation, five people at work in it, each with dice of their own, and a socket that listens.
async fn schedule(server: &Server, seed: u64) {
    let member = 1_000 + i64::try_from(seed).expect("a small number");
    let alice = server.member(member);
    let socket = alice.listen().await;
    let first = alice.send(&text("first"), None).await.ok().seq();
    let id = server.books().conversation_of(member).expect("a conversation").id;

    let hands = (0..5_u64).map(|hand| {
        let mut dice = Dice::new(seed * 100 + hand);
        // Two hands of the member's, three agents.
        let person = if hand < 2 { alice.clone() } else { server.agent(i64::try_from(hand).expect("a small number")) };
        async move {
            let (mut newest, mut highest_read) = (first, 0);
            for turn in 0..12 {
                if dice.below(3) > 0 {
                    let place = (hand >= 2).then_some(id);
                    let answer =
                        person.try_send(place, &text(format!("{hand}-{turn}")), None).await.expect("an answer");
                    newest = newest.max(answer.ok().seq());
                } else {
                    let seq = 1 + i64::try_from(dice.below(newest.unsigned_abs())).expect("a small number");
                    person.read(id, Some(seq)).await.ok();
                    highest_read = highest_read.max(seq);
                }
            }
            (hand < 2, highest_read)
        }
    });
    let read = join_all(hands).await;

    let highest = |of_member| read.iter().filter(|(member, _)| *member == of_member).map(|(_, seq)| *seq).max();
    let row = server.books().conversation_of(member).expect("a conversation");
    assert_eq!(Some(row.desk_read), highest(false), "the desk's cursor, seed {seed}");
    assert_eq!(Some(row.member_read), highest(true), "the member's cursor, seed {seed}");
    socket.wait_until("the newest", |frames| frames.iter().any(|frame| frame.seq() == Some(row.head))).await;
    socket.settle().await;
    assert_eq!(socket.seqs(), (1..=row.head).collect::<Vec<_>>(), "the member's socket, seed {seed}");
    let shown = server.agent(9).conversation(id).await.ok().data["adminUnreadMessageCount"].as_i64();
    assert_eq!(shown, Some(row.desk_unread), "the badge, seed {seed}");
}
