use super::fake::Fake;
use crate::door::Door;
use crate::{MallPage, Pace, Person, Side};

fn person(fake: &Fake, side: Side) -> Person {
    let door = Door::new();
    door.moved_to(fake.address);
    Person::new(door, side, 101, "token-of-somebody".into())
}

fn shopper(fake: &Fake) -> MallPage {
    MallPage::shopper(&person(fake, Side::Member), Pace::shopper().times(0.05))
}

fn console(fake: &Fake) -> MallPage {
    MallPage::console(&person(fake, Side::Agent), Pace::console().times(0.2))
}

#[tokio::test]
async fn both_pages_show_what_is_said() {
    let fake = Fake::start().await;
    let (shopper, console) = (shopper(&fake), console(&fake));
    shopper.until("its socket", |state| state.open_sockets() == 1).await;
    console.until("its socket", |state| state.open_sockets() == 1).await;

    let first = shopper.send("hello").await.unwrap();
    console.select(9).await;
    let second = console.send("good day").await.unwrap();

    shopper.until("both", |state| state.screen.len() == 2).await;
    console.until("both", |state| state.screen.len() == 2).await;
    let ids = |page: &MallPage| page.state().screen.iter().map(|push| push.id).collect::<Vec<_>>();
    assert_eq!((ids(&shopper), ids(&console)), (vec![second, first], vec![first, second]));
    assert_eq!(shopper.state().asked_for("list"), 1, "a text is shown by its push alone");
    assert_eq!(console.state().unread[&9], 1);
    console.until("many pongs", |state| state.sockets[1].pongs >= 3).await;
    assert_eq!(console.state().sockets.len(), 2);
    assert!(console.state().sockets[0].ended.is_some());
}

#[tokio::test]
async fn a_doubled_push_is_a_double_on_the_shopper_s_screen_and_not_on_the_console_s() {
    let fake = Fake::start().await;
    let (shopper, console) = (shopper(&fake), console(&fake));
    shopper.until("its socket", |state| state.open_sockets() == 1).await;
    console.until("its socket", |state| state.open_sockets() == 1).await;
    console.select(9).await;
    console.until("the list", |state| !state.lists.is_empty()).await;

    let id = fake.say(1, r#"{"text":"twice"}"#, 1, 2);

    shopper.until("both", |state| state.screen.len() == 2).await;
    console.until("both", |state| state.sockets[1].pushes.len() == 2).await;
    assert_eq!((shopper.state().doubles(), console.state().doubles()), (vec![id], vec![]));
    assert_eq!(console.state().screen.len(), 1);
}

#[tokio::test]
async fn what_is_said_while_a_page_is_away_is_missing_until_something_asks() {
    let fake = Fake::start().await;
    let shopper = shopper(&fake);
    shopper.until("its socket", |state| state.open_sockets() == 1).await;
    fake.say(2, r#"{"text":"one"}"#, 1, 1);
    shopper.until("the first", |state| state.screen.len() == 1).await;

    fake.cut();
    shopper.until("the cut", |state| state.open_sockets() == 0).await;
    let missed = fake.say(2, r#"{"text":"two"}"#, 1, 1);
    shopper.until("another socket", |state| state.open_sockets() == 1).await;
    let third = fake.say(2, r#"{"text":"three"}"#, 1, 1);
    shopper.until("the third", |state| state.screen.iter().any(|push| push.id == third)).await;
    assert!(!shopper.state().heard_of(9).contains(&missed), "this server replays nothing");

    shopper.send_picture("https://mall.example/1.png").await.unwrap();
    shopper.until("the list", |state| state.screen.len() == 4).await;
    assert!(shopper.state().heard_of(9).contains(&missed));
    assert_eq!(shopper.state().doubles(), [] as [i64; 0]);
}

#[tokio::test]
async fn a_server_that_answers_no_ping_makes_one_page_leak_and_the_other_reconnect() {
    let fake = Fake::start().await;
    let (shopper, console) = (shopper(&fake), console(&fake));
    shopper.until("its socket", |state| state.open_sockets() == 1).await;
    console.until("its socket", |state| state.open_sockets() == 1).await;

    fake.mute(true);

    shopper.until("two open sockets", |state| state.open_sockets() == 2).await;
    console.until("another socket", |state| state.sockets.len() == 3 && state.open_sockets() == 1).await;
    assert!(console.state().sockets[1].closed_by_page);
    assert!(shopper.state().sockets.iter().all(|socket| !socket.closed_by_page));
}
