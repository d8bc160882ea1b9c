//! Both dialects at one server: everybody sees what the books hold, and whoever does not is found.
#![allow(clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use kefu_tests::{Backend, Cut, MallPage, Pace, Server, V2Client, V2State, Way, on_both, text};

/// It has all that the books hold of the conversation.
async fn caught_up(client: &V2Client, server: &Server, conversation: i64) {
    let all = server.books().conversations();
    let row = all.iter().find(|row| row.id == conversation).expect("the conversation");
    let (head, change) = (row.head, row.change);
    let there = |state: &V2State| {
        let cursor = state.thread(conversation).map(kefu_tests::Thread::cursor);
        state.is_at_rest() && cursor.is_some_and(|cursor| (cursor.seq, cursor.change) == (head, change))
    };
    client.until("all that the books hold", there).await;
}

on_both! {
    async fn members_and_agents_of_both_dialects_see_the_same_through_cuts(backend) {
        let server = Server::start(backend, &[]).await;
        let proxy = server.behind_proxy(1).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        let phone = alice.by_way_of(proxy.address()).join();
        let laptop = alice.join();
        let desk = bob.by_way_of(proxy.address()).v2().with_tickets_of(&bob).join();
        let (shopper, console) =
            (MallPage::shopper(&alice, Pace::shopper()), MallPage::console(&bob, Pace::console()));
        shopper.until("its socket", |state| state.open_sockets() == 1).await;
        console.until("its socket", |state| state.open_sockets() == 1).await;

        let first = phone.send(&text(1)).await;
        let id = first.conversation;
        desk.open(id).await;
        console.select(id).await;
        for n in 2..=30 {
            match n % 3 {
                0 => drop(phone.send(&text(n)).await),
                1 => drop(desk.send_to(id, &text(n)).await),
                _ => drop(console.send(&text(n)).await.expect("a sending that is stored")),
            }
            match n {
                10 => proxy.cut(Cut::Reset),
                15 => proxy.cut_before(Way::Down, br#""category":"ack","#, Cut::End),
                _ => {}
            }
        }
        let own = desk.acks().into_iter().find(|ack| ack.seq > 1).expect("one of its own");
        desk.revoke(Some(id), own.id).await.expect("it is taken back");
        phone.delete(None, first.id).await.expect("it is deleted");
        shopper.send_picture("https://mall.example/1.png").await.expect("a sending that is stored");
        // The console reads when it likes; from here on that changes nothing.
        desk.read(id, 31).await.expect("it is read");

        for client in [&phone, &laptop, &desk] {
            caught_up(client, &server, id).await;
            server.books().are_shown_by(client);
            assert_eq!(client.state().applied_in(id).len(), 31);
        }
        shopper.until("everything", |state| state.heard_of(id).len() == 31).await;
        console.until("everything", |state| state.heard_of(id).len() == 31).await;
        server.books().are_covered_by(&shopper, id);
        server.books().are_covered_by(&console, id);
        server.books().audit();
        assert!(phone.state().connections() + desk.state().connections() >= 4, "no test of anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_shows_something_else_than_the_books_is_found() {
    let disorders = [
        ("a text", "UPDATE promotion_kefu_message SET content = '{\"text\":\"other\"}' WHERE seq = 2"),
        ("a message more", "DELETE FROM promotion_kefu_message WHERE seq = 3"),
        ("one that was taken back", "UPDATE promotion_kefu_message SET revoked_time = create_time WHERE seq = 1"),
        ("one that was deleted", "UPDATE promotion_kefu_message SET member_deleted = 1 WHERE seq = 1"),
        ("a time", "UPDATE promotion_kefu_message SET create_time = create_time + 1 WHERE seq = 1"),
        ("a read mark", "UPDATE promotion_kefu_conversation SET admin_read_seq = 1"),
        ("an acknowledged key", "UPDATE promotion_kefu_message SET client_msg_id = 'other' WHERE seq = 1"),
    ];
    for (name, statement) in disorders {
        let server = Server::start(Backend::Sqlite, &[]).await;
        let client = server.member(101).join();
        for n in 1..=3 {
            client.send(&text(n)).await;
        }
        client.until("its own", |state| state.applied().len() == 3).await;
        server.books().are_shown_by(&client);

        server.books().run(statement);

        let found = catch_unwind(AssertUnwindSafe(|| server.books().are_shown_by(&client))).is_err();
        assert!(found, "nobody noticed {name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_was_told_too_little_is_found() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let proxy = server.behind_proxy(1).await;
    let alice = server.member(101);
    let shopper = MallPage::shopper(&alice.by_way_of(proxy.address()), Pace::shopper());
    shopper.until("its socket", |state| state.open_sockets() == 1).await;
    let id = {
        shopper.send(&text(1)).await.expect("a sending that is stored");
        server.books().conversation_of(101).expect("a conversation").id
    };
    shopper.until("its own", |state| state.screen.len() == 1).await;
    server.books().are_covered_by(&shopper, id);

    proxy.stall(Way::Down);
    alice.send(&text(2), None).await.ok();

    server.books().came_once_to(&shopper, id);
    let found = catch_unwind(AssertUnwindSafe(|| server.books().are_covered_by(&shopper, id))).is_err();
    assert!(found, "nobody noticed what it missed");
    proxy.heal();
    shopper.wait("what was held up", Duration::from_secs(10), |state| state.screen.len() == 2).await;
    server.books().are_covered_by(&shopper, id);
}
