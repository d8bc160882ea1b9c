//! The shoppers' page opens another socket when a pong is late, and leaves the old one open for ever.

use std::time::Duration;

use kefu_tests::Way;

use crate::house::{HOLD, House, seqs};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_with_leaked_sockets_hears_everything_once_on_the_one_that_it_uses() {
    let house = House::open(61).await;
    for leaked in 1..=2 {
        house.proxy.stall(Way::Down);
        house.shopper.until("its impatience", |state| state.sockets.len() > leaked).await;
        house.proxy.heal();
        house.shopper.until("one socket more", |state| state.open_sockets() > leaked).await;
    }
    assert!(house.shopper.state().sockets.iter().all(|socket| !socket.closed_by_page && socket.ended.is_none()));

    // Nobody pings the old ones; the time until they are held. Timers that leaked make the page open more meanwhile.
    let leaked = house.shopper.state().sockets.len() - 1;
    tokio::time::sleep(HOLD + Duration::from_secs(1)).await;
    let used = house.shopper.state().sockets.len() - 1;
    let last = house.say(10).await;

    house.shopper.until("everything", |state| seqs(&state.sockets[used]).last() == Some(&last)).await;
    let state = house.shopper.state();
    assert_eq!(seqs(&state.sockets[used]), (2..=last).collect::<Vec<_>>(), "in order and once");
    for old in &state.sockets[..leaked] {
        assert!(old.pushes.iter().all(|push| push.seq == 1), "a leaked socket was told: {old:?}");
    }
    let closed = state.sockets.iter().filter(|socket| socket.ended.is_some()).count();
    assert_eq!(closed, 0, "for each socket that is closed the page opens one more");
    house.is_covered();
}
