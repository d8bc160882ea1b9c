//! The mall's pages have no word for a message that was taken back.

use kefu_tests::MallPage;
use reqwest::Method;

use crate::house::{House, newest};

/// contentType of a line that nobody said.
const SYSTEM: i64 = 5;
const LINE: &str = "消息已撤回";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_was_taken_back_is_a_system_line_when_a_page_reads_next() {
    let house = House::open(71).await;
    house.console.select(house.id).await;
    house.console.until("its list", |state| !state.lists.is_empty()).await;
    let sent = house.carol.send_to(house.id, &kefu_tests::text("a slip"), None).await.ok();
    let message = sent.id();
    let shows = |page: &MallPage| {
        let screen = page.state().screen;
        screen.into_iter().find(|push| push.id == message).map(|push| (push.kind, push.content))
    };
    for page in [&house.shopper, &house.console] {
        page.until("the message", |state| state.screen.iter().any(|push| push.id == message)).await;
    }
    let pushed = newest(&house.shopper.state()).pushes.len();

    let revoke = house.carol.request(Method::PUT, "/kefu-message/revoke");
    let (of, at) = (("id", message), ("conversationId", house.id));
    house.carol.ask(revoke.query(&[of, at])).await.ok();

    // What comes next on the same socket shows that nothing came of it.
    let next = house.say(1).await;
    house.shopper.until("what is new", |state| state.screen.iter().any(|push| push.seq == next)).await;
    assert_eq!(newest(&house.shopper.state()).pushes.len(), pushed + 1, "these pages know no such frame");
    assert_ne!(shows(&house.shopper).expect("it still stands there").0, SYSTEM);

    let lists = house.shopper.state().lists.len();
    house.shopper.send_picture("https://mall.example/1.png").await.expect("a sending that is stored");
    house.shopper.until("its list", |state| state.lists.len() > lists).await;
    assert_eq!(shows(&house.shopper), Some((SYSTEM, LINE.to_owned())));
    house.console.select(house.id).await;
    house
        .console
        .until("its list", |state| state.screen.iter().any(|push| push.id == message && push.kind == SYSTEM))
        .await;
    assert_eq!(shows(&house.console), Some((SYSTEM, LINE.to_owned())));
    house.is_covered();
}
