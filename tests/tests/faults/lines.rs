//! Lines that are dead and do not say so, lines that go one way, and lines that are merely bad.

use std::time::Duration;

use kefu_tests::{Backend, MallPage, Manners, Pace, Thread, V2State, Way, on_both, text};

use crate::house::House;

/// Says every few moments that it lives, and gives up as soon when nobody answers.
fn watchful(manners: &mut Manners) {
    manners.heartbeat = Some(Duration::from_millis(300));
    manners.greeting_within = Duration::from_secs(1);
}

/// What happened to a line.
#[derive(Debug, Clone, Copy)]
enum Trouble {
    /// Both sides believe in it.
    Vanishes,
    /// The client is not heard, or hears nothing.
    Stalls(Way),
}

async fn a_line_that_is_dead_is_found_out(trouble: Trouble) {
    let house = House::start(Backend::Sqlite, 31).await;
    let phone = house.badly(&house.alice).v2().but(watchful).join();
    let desk = house.badly(&house.bob).v2().but(watchful).join();
    let laptop = house.alice.join();
    let id = phone.send(&text(0)).await.conversation;
    desk.open(id).await;
    laptop.until("the first", |state| state.applied().len() == 1).await;

    match trouble {
        Trouble::Vanishes => house.proxy.vanish(),
        Trouble::Stalls(way) => house.proxy.stall(way),
    }
    let on_its_way = phone.post(None, &text("into the dark"));
    for n in 1..=20 {
        laptop.send(&text(n)).await;
    }
    for client in [&phone, &desk] {
        client.until("its doubts", |state| state.tallies().watchdog >= 1).await;
        assert_eq!(client.applied_in(id).len(), 1, "something came through: {trouble:?}");
    }
    house.proxy.heal();

    phone.answer(&on_its_way).await.expect("it is stored");
    house.agree(id, &[&phone, &laptop, &desk]).await;
    assert_eq!(phone.applied().len(), 22, "each once, whatever was heard of it before");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_that_is_dead_on_both_sides_is_left_and_nothing_is_lost() {
    a_line_that_is_dead_is_found_out(Trouble::Vanishes).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hears_nothing_and_is_heard_leaves_and_what_it_said_is_stored_once() {
    a_line_that_is_dead_is_found_out(Trouble::Stalls(Way::Down)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_is_not_heard_leaves_and_what_it_said_is_stored_once() {
    let house = House::start(Backend::Sqlite, 32).await;
    let phone = house.badly(&house.alice).v2().but(watchful).join();
    let laptop = house.alice.join();
    let id = phone.send(&text(0)).await.conversation;
    laptop.until("the first", |state| state.applied().len() == 1).await;

    house.proxy.stall(Way::Up);
    let on_its_way = phone.post(None, &text("unheard"));
    laptop.send(&text(1)).await;
    phone.until("what it still hears", |state| state.applied().len() == 2).await;
    phone.until("its doubts", |state| state.tallies().watchdog >= 1).await;
    laptop.send(&text(2)).await;
    house.proxy.heal();

    phone.answer(&on_its_way).await.expect("it is stored");
    house.agree(id, &[&phone, &laptop]).await;
    assert_eq!(phone.applied().len(), 4);
}

/// A socket that answers heartbeats and brings no news: the heads give it away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_lost_news_on_a_line_that_lives_learns_it_from_the_next_heartbeat() {
    let house = House::start(Backend::Sqlite, 33).await;
    let phone = house.alice.v2().but(watchful).join();
    let id = phone.send(&text(0)).await.conversation;
    phone.until("its own", |state| state.applied().len() == 1).await;

    let asked = phone.tallies().asked;
    phone.play_deaf(true);
    let last = house.bob.send_to(id, &text(1), None).await.ok().id();
    phone.until("the lost news", |state| state.frames().iter().any(|frame| frame.id() == Some(last))).await;
    phone.play_deaf(false);

    house.agree(id, &[&phone]).await;
    assert!(phone.tallies().asked > asked, "it was told again without asking: {:?}", phone.tallies());
    assert_eq!(phone.state().connections(), 1, "the line was good");
}

on_both! {
    async fn bytes_that_come_one_by_one_late_and_unevenly_are_the_same_messages(backend) {
        let house = House::start(backend, 34).await;
        for way in Way::BOTH {
            house.proxy.delay(way, Duration::from_millis(20), Duration::from_millis(60));
        }
        house.proxy.slice(7);
        let (alice, bob) = (house.badly(&house.alice), house.badly(&house.bob));
        let (phone, desk, laptop) = (alice.join(), bob.join(), house.alice.join());
        let shopper = MallPage::shopper(&alice, Pace::shopper());
        let console = MallPage::console(&bob, Pace::console());
        shopper.until("its socket", |state| state.open_sockets() == 1).await;
        console.until("its socket", |state| state.open_sockets() == 1).await;
        let id = phone.send(&text(0)).await.conversation;
        desk.open(id).await;

        for n in 1..=10 {
            let said = [phone.post(None, &text(n)), phone.post(None, &text(n + 100))];
            let answered = desk.post(Some(id), &text(n + 200));
            for key in &said {
                phone.answer(key).await.expect("it is stored");
            }
            desk.answer(&answered).await.expect("it is stored");
        }

        house.agree(id, &[&phone, &desk, &laptop]).await;
        for page in [&shopper, &console] {
            page.until("everything", |state| state.heard_of(id).len() == 31).await;
            house.server.books().are_covered_by(page, id);
            assert_eq!(page.state().doubles(), [0_i64; 0]);
        }
        let calm = |state: &V2State| state.thread(id).is_some_and(|thread: &Thread| !thread.is_behind());
        assert!(calm(&phone.state()) && phone.state().connections() == 1, "a bad line is no dead line");
    }
}
