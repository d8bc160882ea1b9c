//! Limits, logs, zones, and words that are no JSON.

use kefu_tests::{Backend, CANARY, off_the_runtime, text};
use serde_json::json;

use crate::asking::time::wall_clock;
use crate::asking::{Ask, World, encoded, id};

#[tokio::test(flavor = "multi_thread")]
async fn b22_the_list_has_an_end_and_its_pages_hold_everybody_once() {
    let world = World::start(Backend::Sqlite, &[("desk.list_limit", "5")]).await;
    off_the_runtime(|| {
        let agent = world.agent(7);
        let all: Vec<_> = (101..=112).map(|member| world.conversation_of(&world.member(member))).collect();
        agent.pin(all[3], true).data();

        assert_eq!(agent.conversations("").len(), 5, "nobody asked for a page");
        let (mut seen, mut after, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let path = format!("/admin-api/promotion/kefu-conversation/list?limit=5&after={}", encoded(&after));
            let answer = agent.ask(Ask::get(path));
            seen.extend(crate::asking::rows(answer.data()).iter().map(|row| id(&row["id"])));
            pages += 1;
            match answer.header("Kefu-Next") {
                Some(next) => after = next.to_owned(),
                None => break,
            }
        }

        let mut expected: Vec<_> = all.iter().rev().copied().filter(|id| *id != all[3]).collect();
        expected.insert(0, all[3]);
        assert_eq!((seen, pages), (expected, 3));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b23_no_word_that_anybody_wrote_stands_in_the_log() {
    let level =
        "\"info,kefu=trace,kefu_web=trace,kefu_push=trace,kefu_storage=trace,kefu_domain=trace,kefu_server=trace\"";
    let world = World::start(Backend::Sqlite, &[("log.level", level)]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let mut socket = agent.listen();
        let conversation = world.conversation_of(&alice);
        agent.say_to(conversation, "an answer").data();
        socket.until(conversation, 2);
        socket.say(&text("up the socket"));
        agent.conversations(&format!("name={}", encoded(CANARY)));
        for refused in
            [json!({ "contentType": 99, "content": text(1) }), json!({ "contentType": [text(1)], "content": 1 })]
        {
            assert_eq!(alice.post(&refused).code(), 400);
        }
        let wrong = format!("/app-api/{}?x={}", encoded(CANARY), encoded(CANARY));
        assert_eq!(alice.ask(Ask::get(wrong).header("X-Any", CANARY)).code(), 404);
        socket.assert_silent();

        let log = world.server.log();
        assert_eq!(log.leaks(&[CANARY.to_owned(), encoded(CANARY), "an answer".to_owned()]), Vec::<String>::new());
        assert!(log.count("kefu-message/send") >= 2, "and yet it says what was asked");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b25_who_writes_too_fast_is_told_when_to_try_again_and_nobody_else_is() {
    let world = World::start(Backend::Sqlite, &[("desk.sends_per_minute", "5")]).await;
    off_the_runtime(|| {
        let (alice, bob, agent) = (world.member(101), world.member(102), world.agent(7));
        let conversation = world.conversation_of(&alice);
        (0..4).for_each(|number| drop(alice.say(number).data()));
        let before = world.messages();

        let refused = alice.say("too much");

        assert_eq!((refused.status, refused.code()), (200, 429));
        let after: u64 = refused.header("Retry-After").expect("a time").parse().expect("seconds");
        assert!((1..=60).contains(&after), "{after}");
        assert_eq!(world.messages(), before);
        bob.say("I may").data();
        agent.say_to(conversation, "so may I").data();
        assert_eq!(alice.list("").len(), 6, "reading is not writing");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b26_the_zone_of_the_browsers_is_a_setting_and_history_is_not_shifted() {
    for (zone, minutes) in [("Asia/Shanghai", 480), ("UTC", 0), ("Asia/Kolkata", 330), ("Asia/Tokyo", 540)] {
        let zone = format!("{zone:?}");
        let world = World::start(Backend::Sqlite, &[("desk.zone", &zone)]).await;
        off_the_runtime(|| {
            let alice = world.member(101);
            world.conversation_of(&alice);
            let time = alice.list("")[0]["createTime"].as_i64().expect("a time");
            let before = |ms: i64| alice.list(&format!("createTime={}", encoded(wall_clock(ms, minutes)))).len();

            assert_eq!(before(time + 1_000), 1, "{zone}: a second later it is history");
            assert_eq!(before(time), 0, "{zone}: in its own second it is not");
        });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn b27_words_that_are_no_json_are_the_senders_error_and_not_ours() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        for body in
            ["{", "{\"contentType\":1,\"content\":\"hi\"", "hello", "", "[[[[", "{\"content\":{}}", "\u{feff}{}"]
        {
            for ask in [Ask::post(alice.path("/kefu-message/send")), Ask::post(agent.path("/kefu-message/send"))] {
                let who = if ask.clone().bytes(world.addr).starts_with(b"POST /app-api") { &alice } else { &agent };
                let answer = who.ask(ask.text(body));
                assert_eq!((answer.status, answer.code()), (200, 400), "{body}");
            }
        }

        assert_eq!(world.errors(), Vec::<String>::new());
        assert_eq!(world.messages(), 0);
    });
}
