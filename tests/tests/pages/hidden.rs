//! A browser runs the timers of a hidden tab once a minute, and so the pages ping once a minute.

use std::time::Duration;

use kefu_tests::{MallPage, Pace, text};

use crate::house::{HOLD, House, newest, seqs};

/// The timers of a hidden tab run at full minutes of the page.
const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_tab_is_left_alone_and_hears_the_newest_fifty_at_its_next_ping() {
    let house = House::open(51).await;
    let dora = house.server.member(102);
    let other = MallPage::shopper(&dora, Pace::shopper());
    other.until("its socket", |state| state.open_sockets() == 1).await;
    for page in [&house.shopper, &house.console, &other] {
        page.hide().await;
    }
    // Before it is held, a hidden tab hears what there is.
    assert_eq!(house.say(1).await, 2);
    for page in [&house.shopper, &house.console] {
        page.until("what came before the hold", |state| seqs(newest(state)) == [1, 2]).await;
    }

    // The hold itself.
    tokio::time::sleep(HOLD + Duration::from_secs(1)).await;
    let last = house.say(60).await;
    dora.send(&text("opening"), None).await.ok();
    let few = house.server.books().conversation_of(102).unwrap().id;
    for n in 0..9 {
        house.carol.send_to(few, &text(n), None).await.ok();
    }
    for page in [&house.shopper, &house.console, &other] {
        let before = if page.state().heard_of(house.id).is_empty() { 0 } else { 2 };
        assert_eq!(newest(&page.state()).pushes.len(), before, "a held socket was not left alone");
    }

    let newest_fifty = |last: i64| [vec![1, 2], (last - 49..=last).collect()].concat();
    house.shopper.wait("its next ping", MINUTE, |state| newest(state).pushes.len() == 52).await;
    assert_eq!(seqs(newest(&house.shopper.state())), newest_fifty(last));
    other.wait("its next ping", MINUTE, |state| newest(state).pushes.len() == 10).await;
    assert_eq!(seqs(newest(&other.state())), (1..=10).collect::<Vec<_>>(), "all of what is less than fifty");
    // The console hears both conversations: fifty of the seventy.
    house.console.wait("its next ping", MINUTE, |state| newest(state).pushes.len() == 52).await;
    let heard = newest(&house.console.state()).pushes.clone();
    assert_eq!(heard.iter().filter(|push| push.conversation == few).count(), 10);
    for page in [&house.shopper, &house.console, &other] {
        let state = page.state();
        assert!(newest(&state).pings >= 1 && newest(&state).ended.is_none(), "it was not one socket all along");
        house.server.books().came_once_to(page, house.id);
        house.server.books().came_once_to(page, few);
    }

    // Looked at again, it pings as it used to and misses nothing more.
    house.shopper.show().await;
    let next = house.say(1).await;
    house.shopper.until("what is new", |state| seqs(newest(state)).last() == Some(&next)).await;
    house.server.books().came_once_to(&house.shopper, house.id);
}
