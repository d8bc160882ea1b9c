//! Coming back: what was missed is there, in order, once.

use kefu::Post;
use kefu_domain::{Content, Kind, Member, MemberId, Profile};
use serde_json::{Value, json};

use crate::applying::Screen;
use crate::client::{Client, text};
use crate::house::{ALICE, House};

#[actix_web::test]
async fn a_member_who_was_away_is_given_all_that_they_missed_and_then_what_comes() {
    let house = House::open().await;
    let id = house.talk_of(250).await.0;

    let ext = json!({"epoch": "e1", "resume": [[id, 20, 20]]});
    let (mut member, _) = Client::enter_with(&house, "member:101", ext).await;
    let mut screen = Screen { seq: 20, change: 20, ..Screen::default() };
    let mut pages = 0;
    while screen.seq < 250 {
        let frame = member.hear().await;
        assert_eq!(
            (&frame["category"], &frame["action"], &frame["ext"]["epoch"]),
            (&json!("ack"), &json!("resume"), &json!("e1"))
        );
        assert_eq!(frame["ext"]["reset"], false);
        screen.take(&frame);
        pages += 1;
    }
    assert_eq!(screen.change, 250);
    house.alice_says("and now").await;
    screen.take(&member.hear().await);

    assert_eq!(pages, 3);
    assert!(screen.is_whole(21, 251), "{screen:?}");
    assert_eq!((screen.gaps, screen.again), (0, 0));
}

#[actix_web::test]
async fn news_that_come_while_somebody_resumes_are_neither_lost_nor_doubled() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    for round in 0..20 {
        let before = 1 + round * 5;
        let mut member = Client::open(&house).await;
        let talk = async {
            for _ in 0..5 {
                house.alice_says("x").await;
            }
        };
        let auth = json!({"action": "auth", "content": "member:101", "ext": {"resume": [[id, before, before]]}});
        let ((), ()) = futures_util::future::join(talk, member.say(auth)).await;

        let mut screen = Screen { seq: before, change: before, ..Screen::default() };
        while screen.seq < before + 5 {
            screen.take(&member.hear().await);
        }

        assert!(screen.is_whole(before + 1, before + 5), "{screen:?}");
        assert_eq!((screen.gaps, screen.again), (0, 0));
        let rest = member.settle().await;
        assert!(rest.iter().all(|frame| frame["action"] == "resume"), "{rest:?}");
    }
}

#[actix_web::test]
async fn a_member_without_a_conversation_has_it_from_its_first_word_on() {
    let house = House::open().await;
    let (mut phone, _) = Client::enter_with(&house, "member:101", json!({"resume": []})).await;
    let nothing = phone.hear().await;
    assert_eq!(nothing, json!({"category": "ack", "action": "resume", "ext": {"epoch": "e1"}}));

    phone.say(text("k1", "hello")).await;
    let ack = phone.hear_of("ack", "send").await;
    let id = &ack["ext"]["conversation"];
    phone.settle().await;
    phone.say(json!({"category": "heartbeat"})).await;
    let beat = phone.hear().await;

    assert_eq!(beat["ext"]["heads"], json!([[id, 1, 1]]));
    assert_eq!(beat["ext"]["epoch"], "e1");
    assert!(beat["ext"]["server_time"].is_i64());
}

#[actix_web::test]
async fn whoever_has_nothing_or_comes_from_another_life_starts_over() {
    let house = House::open().await;
    let id = house.talk_of(60).await.0;

    for ext in [
        json!({"resume": []}),
        json!({"epoch": "e0", "resume": [[id, 40, 40]]}),
        json!({"epoch": "e1", "resume": [[id, 61, 61]]}),
        json!({"resume": [[id, -1, -1]]}),
    ] {
        let (mut member, _) = Client::enter_with(&house, "member:101", ext.clone()).await;
        let page = member.hear().await;

        assert_eq!(page["ext"]["reset"], true, "{ext}");
        let mut screen = Screen { seq: 9, change: 9, ..Screen::default() };
        screen.take(&page);
        assert!(screen.is_whole(11, 60) && screen.change == 60, "{ext}: {screen:?}");
    }
}

#[actix_web::test]
async fn nobody_resumes_what_is_not_theirs() {
    let house = House::open().await;
    let id = house.talk_of(1).await.0;
    let bob = Member { id: MemberId(102), ..ALICE };
    let post = Post::new(Content::new(Kind::Text, "x").unwrap());
    let of_bob = house.desk.member(bob, Profile::default()).send(post).await.unwrap().message.conversation.0;

    for (who, asked, code) in [
        ("member:101", of_bob, json!(1_013_019_000)),
        ("member:101", 4_711, json!(1_013_019_000)),
        ("admin:7", 4_711, json!(1_013_019_000)),
        ("admin:7", id, Value::Null),
        ("trainee:8", id, Value::Null),
        ("member:101", id, Value::Null),
    ] {
        let mut client = Client::enter(&house, who).await;
        client.say(json!({"action": "resume", "ext": {"resume": [[asked, 0, 0]], "client_msg_id": "r"}})).await;
        let answer = client.hear_of("ack", "resume").await;
        client.say(json!({"category": "heartbeat"})).await;
        let beat = client.hear().await;

        assert_eq!((&answer["ext"]["code"], &answer["ext"]["conversation"]), (&code, &json!(asked)), "{who} {asked}");
        let follows = beat["ext"]["heads"].as_array().unwrap().len();
        assert_eq!(follows, usize::from(code.is_null()), "{who} {asked}");
    }
}

#[actix_web::test]
async fn an_agent_resumes_what_is_open_on_the_screen_and_hears_of_the_rest() {
    let house = House::open().await;
    let id = house.talk_of(3).await.0;
    let mut agent = Client::enter(&house, "admin:7").await;

    house.alice_says("four").await;
    let unasked = agent.hear().await;
    agent.say(json!({"action": "resume", "ext": {"epoch": "e1", "resume": [[id, 2, 2]]}})).await;
    let page = agent.hear().await;

    assert_eq!((&unasked["ext"]["seq"], &unasked["ext"]["unread"]), (&json!(4), &json!(4)));
    let ext = &page["ext"];
    assert_eq!([&ext["seq"], &ext["change"], &ext["unread"], &ext["member"]], [4, 4, 4, 101]);
    let mut screen = Screen { seq: 2, change: 2, ..Screen::default() };
    screen.take(&page);
    assert!(screen.is_whole(3, 4) && screen.change == 4);
}

#[actix_web::test]
async fn what_another_node_has_stored_comes_before_what_follows_it() {
    let house = House::among_others().await;
    let id = house.talk_of(1).await.0;
    let (mut member, _) = Client::enter_with(&house, "member:101", json!({"resume": [[id, 1, 1]]})).await;
    let mut screen = Screen { seq: 1, change: 1, ..Screen::default() };

    for _ in 0..3 {
        for _ in 0..5 {
            house.alice_says_elsewhere("there").await;
        }
        house.alice_says("here").await;
    }
    while screen.seq < 19 {
        screen.take(&member.hear().await);
    }

    assert!(screen.is_whole(2, 19) && screen.change == 19, "{screen:?}");
    assert_eq!(screen.gaps, 0);
}

#[actix_web::test]
async fn what_an_agent_has_closed_is_followed_no_longer_and_its_news_still_come() {
    let house = House::open().await;
    let id = house.talk_of(2).await.0;
    let resume = json!({"epoch": "e1", "resume": [[id, 2, 2]]});
    let (mut agent, _) = Client::enter_with(&house, "admin:7", resume.clone()).await;
    agent.hear_of("ack", "resume").await;
    let heads = async |agent: &mut Client| {
        agent.say(json!({"category": "heartbeat"})).await;
        agent.hear().await["ext"]["heads"].clone()
    };
    assert_eq!(heads(&mut agent).await, json!([[id, 2, 2]]));

    agent.say(json!({"action": "resume", "ext": {"drop": [id, 4_711]}})).await;

    assert_eq!(heads(&mut agent).await, json!([]), "and no answer before it");
    house.alice_says("three").await;
    assert_eq!(agent.hear().await["ext"]["seq"], 3);
    assert_eq!(heads(&mut agent).await, json!([]));
    let both = json!({"epoch": "e1", "resume": [[id, 3, 3]], "drop": [id]});
    agent.say(json!({"action": "resume", "ext": both})).await;
    let page = agent.hear_of("ack", "resume").await;
    assert_eq!(page["ext"]["since"], json!([3, 3]));
    assert_eq!(heads(&mut agent).await, json!([[id, 3, 3]]), "what is resumed in the same breath is followed");
}
