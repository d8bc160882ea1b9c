//! What was said between two sockets of a page.

use std::time::Duration;

use kefu_tests::{Cut, Dice, MallPage, PageState, Way, text};

use crate::house::{GRACE, House, back, newest, seqs};

/// What the test's own clocks may differ by.
const SLACK: Duration = Duration::from_millis(200);

fn sockets(house: &House) -> [usize; 2] {
    [house.shopper.state().sockets.len(), house.console.state().sockets.len()]
}

/// Waits until that number has come, pushed.
async fn hears(page: &MallPage, seq: i64) {
    page.until("the last message", |state: &PageState| newest(state).pushes.last().is_some_and(|push| push.seq == seq))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_missed_comes_a_second_and_a_half_after_it_is_back_and_before_what_is_new() {
    let house = House::open(41).await;
    let had = sockets(&house);

    house.cut().await;
    house.say(3).await;
    let lists = house.shopper.state().asked_for("list");
    for (page, had) in [(&house.shopper, had[0]), (&house.console, had[1])] {
        back(page, had).await;
    }
    // The shopper's page has just come back, and this waits behind what it missed.
    let last = house.say(1).await;

    for page in [&house.shopper, &house.console] {
        hears(page, last).await;
        let state = page.state();
        assert_eq!(seqs(newest(&state)), [2, 3, 4, 5], "in order, and each once");
        let waited = newest(&state).pushes[0].at - newest(&state).opened.unwrap();
        assert!(waited + SLACK >= GRACE, "it came {waited:?} after the page was back");
        assert_eq!(state.doubles(), [0_i64; 0]);
    }
    house.is_covered();
    assert_eq!(house.shopper.state().asked_for("list"), lists, "no page asked");
    // The console has waited one second, the shopper's page three.
    let absence = |page: &MallPage| {
        let sockets = page.state().sockets;
        let before = &sockets[sockets.len() - 2];
        newest(&page.state()).opened.unwrap() - before.ended.unwrap()
    };
    assert!(absence(&house.console) + SLACK >= Duration::from_secs(1));
    assert!(absence(&house.shopper) + SLACK >= Duration::from_secs(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_that_is_back_has_listed_itself_is_not_replayed() {
    let house = House::open(42).await;
    let had = sockets(&house);
    house.cut().await;
    house.say(3).await;

    back(&house.console, had[1]).await;
    house.console.select(house.id).await;
    house.console.until("its list", |state| !state.lists.is_empty()).await;
    back(&house.shopper, had[0]).await;
    // Its own picture makes this page list its newest messages.
    house.shopper.send_picture("https://mall.example/1.png").await.expect("a sending that is stored");
    house.shopper.until("its list", |state| state.lists.len() == 2).await;
    // The time in which a page may list.
    tokio::time::sleep(GRACE + SLACK).await;
    let last = house.say(1).await;

    // The console has not listed the picture, which is the fifth.
    for (page, expected) in [(&house.console, vec![5, last]), (&house.shopper, vec![last])] {
        hears(page, last).await;
        assert_eq!(seqs(newest(&page.state())), expected, "pushed although it was listed, or not pushed");
        assert_eq!(page.state().doubles(), [0_i64; 0]);
    }
    house.is_covered();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_more_than_fifty_that_a_page_missed_the_newest_fifty_come() {
    let house = House::open(43).await;
    house.proxy.refuse();
    house.cut().await;
    let last = house.say(60).await;
    house.proxy.heal();

    for page in [&house.shopper, &house.console] {
        hears(page, last).await;
        let expected: Vec<i64> = (last - 49..=last).collect();
        assert_eq!(seqs(newest(&page.state())), expected);
        house.server.books().came_once_to(page, house.id);
    }
}

/// What happens to the lines of both pages.
enum Trouble {
    Reset,
    AtSomeByte,
    /// Both sides believe in it.
    HalfOpen,
}

fn some(dice: &mut Dice) -> usize {
    usize::try_from(1 + dice.below(5)).unwrap()
}

/// Whatever falls where: nothing twice on one socket, nothing too early, and what was missed is there on the next look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_that_are_cut_off_again_and_again_hear_nothing_twice_on_one_socket() {
    let house = House::open(44).await;
    let mut dice = Dice::new(44);
    for trouble in [Trouble::Reset, Trouble::AtSomeByte, Trouble::HalfOpen, Trouble::Reset] {
        let had = sockets(&house);
        house.say(some(&mut dice)).await;
        match trouble {
            Trouble::Reset => house.proxy.cut(Cut::Reset),
            Trouble::AtSomeByte => {
                house.proxy.cut_after(Way::Down, usize::try_from(1 + dice.below(2_000)).unwrap(), Cut::End);
            }
            Trouble::HalfOpen => house.proxy.vanish(),
        }
        house.say(some(&mut dice)).await;
        match trouble {
            Trouble::Reset => {
                back(&house.shopper, had[0]).await;
                back(&house.console, had[1]).await;
            }
            Trouble::AtSomeByte => {}
            Trouble::HalfOpen => {
                house.shopper.until("its impatience", |state| state.sockets.len() > had[0]).await;
                house.proxy.heal();
            }
        }
        house.say(some(&mut dice)).await;
    }
    // Whatever was cut last, both are back.
    for page in [&house.shopper, &house.console] {
        page.until("a socket", |state| newest(state).opened.is_some() && newest(state).ended.is_none()).await;
    }
    let last = house.say(1).await;
    for page in [&house.shopper, &house.console] {
        page.until("the last message", |state| {
            state.sockets.iter().any(|socket| seqs(socket).contains(&last)) && state.open_sockets() >= 1
        })
        .await;
        house.server.books().came_once_to(page, house.id);
    }

    house.alice.send(&text("one more"), None).await.ok();
    house.shopper.send_picture("https://mall.example/1.png").await.expect("a sending that is stored");
    house.shopper.until("its list", |state| state.lists.len() >= 2).await;
    house.shopper.scroll_up().await;
    house.shopper.scroll_up().await;
    house.server.books().are_covered_by(&house.shopper, house.id);
}
