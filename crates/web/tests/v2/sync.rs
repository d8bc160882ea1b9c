//! The long poll.

use std::time::{Duration, Instant};

use futures_util::future::join;
use kefu_domain::Timestamp;
use serde_json::{Value, json};

use crate::applying::Screen;
use crate::client::ask;
use crate::house::House;

fn take(screen: &mut Screen, answer: &Value) {
    for conversation in answer["data"]["conversations"].as_array().unwrap() {
        screen.take(&json!({"category": "ack", "action": "resume", "ext": conversation}));
    }
}

#[actix_web::test]
async fn a_member_polls_from_nothing_to_everything() {
    let house = House::open().await;
    let path = "GET /app/kefu-message/sync?";
    let nothing = ask(&house, "member:101", &format!("{path}wait=0")).await;
    assert_eq!(nothing["data"]["conversations"], json!([]));
    assert_eq!(nothing["data"]["epoch"], "e1");
    assert!(nothing["data"]["serverTime"].is_i64() && nothing["data"]["list"].is_null(), "{nothing}");

    let asked = format!("{path}wait=20");
    let (first, id) = join(ask(&house, "member:101", &asked), house.alice_says("one")).await;
    let mut screen = Screen::default();
    take(&mut screen, &first);
    assert!(screen.is_whole(1, 1), "{first}");

    house.talk_of(250).await;
    while screen.seq < 251 {
        let asked = format!("{path}epoch=e1&cursors={}.{}.{}", id.0, screen.seq, screen.change);
        take(&mut screen, &ask(&house, "member:101", &asked).await);
    }
    assert!(screen.is_whole(1, 251) && screen.change == 251 && screen.again == 0);

    let asked = format!("{path}wait=20&epoch=e1&cursors={}.251.251", id.0);
    let (news, _) = join(ask(&house, "member:101", &asked), house.alice_says("more")).await;
    take(&mut screen, &news);
    assert!(screen.is_whole(1, 252), "{news}");
    let other_life = ask(&house, "member:101", &asked.replace("e1", "e0")).await;
    assert_eq!(other_life["data"]["conversations"][0]["reset"], true);
}

#[actix_web::test]
async fn a_poll_waits_as_long_as_it_says_and_no_longer() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let began = Instant::now();

    let answer = ask(&house, "member:101", &format!("GET /app/kefu-message/sync?wait=1&cursors={id}.1.1")).await;

    assert_eq!(answer["data"]["conversations"], json!([]));
    assert!((Duration::from_secs(1)..Duration::from_secs(4)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[actix_web::test]
async fn an_agent_polls_the_list_and_the_conversations_on_the_screen() {
    let house = House::open().await;
    let id = house.talk_of(2).await.0;
    house.store.set_now(Timestamp(house.store.now().0 + 5));
    let path = "GET /desk/kefu-message/sync?";

    let first = ask(&house, "admin:7", &format!("{path}changedSince=0&cursors={id}.1.1,4711.1.1")).await;
    let data = &first["data"];
    assert_eq!(data["conversations"][0]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&data["conversations"][1]["conversation"], &data["conversations"][1]["code"]),
        (&json!(4_711), &json!(1_013_019_000))
    );
    assert_eq!(
        (&data["list"][0]["id"], &data["list"][0]["seq"], &data["more"]),
        (&json!(id), &json!(2), &json!(false))
    );

    // What is there only for the sake of transactions that were under way is no reason to answer at once.
    let as_of = data["asOf"].as_i64().unwrap();
    let began = Instant::now();
    let quiet = ask(&house, "admin:7", &format!("{path}wait=1&changedSince={as_of}&cursors={id}.2.2")).await;
    assert!(began.elapsed() >= Duration::from_secs(1), "{quiet}");
    let asked = format!("{path}wait=20&changedSince={as_of}");
    let (news, _) = join(ask(&house, "admin:7", &asked), house.alice_says("three")).await;
    assert_eq!(news["data"]["list"][0]["seq"], 3, "{news}");
    assert_eq!(news["data"]["conversations"], json!([]));
}

#[actix_web::test]
async fn a_poll_says_what_is_wrong_with_it() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let (app, desk) = ("/app/kefu-message/sync", "/desk/kefu-message/sync");

    for (who, path, query, code) in [
        ("nobody", app, String::new(), 401),
        ("admin:7", app, String::new(), 403),
        ("member:101", desk, String::new(), 403),
        ("trainee:8", desk, "changedSince=0".to_owned(), 403),
        ("member:101", app, "wait=26".to_owned(), 400),
        ("member:101", app, "cursors=1.2".to_owned(), 400),
        ("trainee:8", desk, format!("wait=0&cursors={id}.0.0"), 0),
    ] {
        let answer = ask(&house, who, &format!("GET {path}?{query}")).await;
        assert_eq!(answer["code"], code, "{who} {query}");
    }
    let foreign = ask(&house, "member:102", &format!("GET {app}?wait=0&cursors={id}.0.0")).await;
    let refused = json!([{"conversation": id, "code": 1_013_019_000, "msg": "客服会话不存在"}]);
    assert_eq!(foreign["data"]["conversations"], refused);
}

/// How long a look may take, and what machines may differ by.
const LOOK: std::ops::Range<Duration> = Duration::from_secs(4)..Duration::from_secs(8);

#[actix_web::test]
async fn conversations_that_cannot_be_read_in_time_do_not_keep_the_others_from_being_answered() {
    let house = House::open().await;
    let mut cursors = Vec::new();
    for member in 201..=209 {
        cursors.push(format!("{}.1.1", house.answered_by_nine(member).await.0));
    }
    let id = house.talk_of(2).await.0;
    cursors.push(format!("{id}.1.1"));
    // The one that can be read is neither the first nor the last.
    cursors.swap(3, 9);
    let asked = format!("GET /desk/kefu-message/sync?wait=0&cursors={}", cursors.join(","));
    let directory = house.directory.clone();
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (ready, is_ready) = tokio::sync::oneshot::channel();
    let holder = std::thread::spawn(move || {
        let _held = directory.lock();
        ready.send(()).unwrap();
        held.recv().unwrap();
    });
    is_ready.await.unwrap();

    let began = Instant::now();
    let first = ask(&house, "admin:7", &asked).await;
    let took = began.elapsed();
    hold.send(()).unwrap();
    holder.join().unwrap();
    let second = ask(&house, "admin:7", &asked).await;

    assert!(LOOK.contains(&took), "{took:?}");
    let found = first["data"]["conversations"].as_array().unwrap_or_else(|| panic!("{first}"));
    assert_eq!(found.iter().map(|one| &one["conversation"]).collect::<Vec<_>>(), [id]);
    assert_eq!(second["data"]["conversations"].as_array().unwrap().len(), 10, "what was not read was not lost");
}

#[actix_web::test]
async fn whoever_waits_is_answered_at_once_when_the_server_asks_everybody_to_go() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let path = format!("GET /app/kefu-message/sync?wait=25&cursors={id}.1.1");
    let began = Instant::now();

    let goodbye = async {
        while house.hub.online().v2 == 0 {
            actix_web::rt::task::yield_now().await;
        }
        house.hub.bye(Duration::from_secs(5));
    };
    let (waiting, ()) = join(ask(&house, "member:101", &path), goodbye).await;
    let later = ask(&house, "member:101", &path).await;

    for answer in [waiting, later] {
        assert_eq!(answer["data"]["conversations"], json!([]), "{answer}");
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[actix_web::test]
async fn what_was_missed_says_where_it_goes_on_from() {
    let house = House::open().await;
    let id = house.talk_of(250).await.0;
    let since = async |who: &str, path: &str| {
        let answer = ask(&house, who, &format!("GET {path}")).await;
        let found = answer["data"]["conversations"].get(0).unwrap_or(&answer["data"]).clone();
        (found["since"].clone(), found["reset"].as_bool().unwrap(), found["more"].as_bool().unwrap())
    };

    for (who, side) in [("member:101", "/app"), ("admin:7", "/desk")] {
        let sync = format!("{side}/kefu-message/sync?wait=0&cursors={id}");
        let changes = format!("{side}/kefu-message/changes?conversationId={id}");
        assert_eq!(since(who, &format!("{sync}.240.241")).await, (json!([240, 241]), false, false));
        assert_eq!(since(who, &format!("{sync}.20.21")).await, (json!([20, 21]), false, true));
        assert_eq!(since(who, &format!("{sync}.251.251")).await, (Value::Null, true, false));
        assert_eq!(since(who, &format!("{changes}&since=241&sinceSeq=240")).await, (json!([240, 241]), false, false));
    }
}
