//! So many messages of one person, and of all members of one shop.

use kefu_tests::{Answer, Backend, Log, PATIENCE, Person, Server, text};
use reqwest::Method;

const SHOP: i64 = 5;
/// More than a bucket of ten takes in while the flood goes on: one every six seconds.
const FLOOD: i64 = 40;

async fn send(person: &Person, shop: i64) -> Answer {
    let mut body = Person::post(None, &text(person.id), None);
    body["shopId"] = shop.into();
    person.ask(person.request(Method::POST, "/kefu-message/send").json(&body)).await
}

#[tokio::test]
async fn the_flood_of_one_shop_leaves_the_others_and_its_own_agents_alone() {
    let server = Server::start(Backend::Sqlite, &[("desk.shop_sends_per_minute", "10")]).await;
    let log = Log::default();
    let running = server.program(["shop", "add", "--id", "5", "five"]).start(&log);
    assert!(running.wait(PATIENCE).await.is_some_and(|status| status.success()), "{}", log.tail(20));
    let agent = server.person(&kefu_tests::Claims::agent(7).serving(&[SHOP]));
    let mut let_in = 0;
    for member in 0..FLOOD {
        let answer = send(&server.member(1_000 + member), SHOP).await;
        match answer.code {
            0 => let_in += 1,
            _ => drop(wait_of(&answer)),
        }
    }

    let refused = send(&server.member(101), SHOP).await;

    assert!((10..FLOOD).contains(&let_in), "{let_in} of {FLOOD} came in");
    assert!((1..=7).contains(&wait_of(&refused)), "{:?}", refused.headers);
    send(&server.member(101), 0).await.ok();
    send(&server.person(&kefu_tests::Claims::member(101).at(2)), 0).await.ok();
    let conversations = agent.conversations(&[]).await.ok();
    assert_eq!(i64::try_from(conversations.rows().len()).unwrap(), let_in, "what was refused is nowhere");
    let flooded = conversations.rows()[0]["id"].as_i64().unwrap();
    for _ in 0..20 {
        agent.send_to(flooded, &text(7), None).await.ok();
    }
}

/// What somebody was told who wrote too much.
#[track_caller]
fn wait_of(answer: &Answer) -> u64 {
    assert_eq!((answer.status, answer.code), (200, 429), "{}", answer.msg);
    answer.headers["retry-after"].to_str().unwrap().parse().unwrap()
}
