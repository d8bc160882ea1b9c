//! Whatever source is asked, and in whatever order: the same people come in with the same rights.

use kefu_tests::{MallMember, Side, Who, nickname, text};
use reqwest::Method;

use crate::house::{House, Plan, open};

async fn scene(order: &[&str]) {
    let house = Plan::asking(order).set("tenants", "[1, 2]").build().await;
    members_and_agents_talk(&house).await;
    rights_are_those_of_the_mall(&house).await;
    tenants_are_apart(&house).await;
    nobody_else_comes_in(&house).await;
    assert_eq!(house.server.log().count("does not answer"), 0, "nothing was broken");
}

/// With both kinds of tokens, names and pictures included.
async fn members_and_agents_talk(house: &House) {
    let (alice, hers) = house.sign_in(Who::Member(101));
    let (bob, his) = house.sign_in(Who::Admin(7));
    let alices = house.person(Who::Member(101), &hers.refresh).listen().await;
    let bobs = house.person(Who::Admin(7), &his.refresh).listen().await;

    alice.send(&text(1), None).await.ok();
    bobs.wait_until("alice's message", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
    let list = bob.conversations(&[]).await.ok();
    let conversation = &list.rows()[0];
    bob.send_to(conversation["id"].as_i64().unwrap(), &text(2), None).await.ok();
    alices.wait_until("bob's answer", |frames| frames.iter().any(|frame| frame.seq() == Some(2))).await;

    assert!(conversation["userNickname"].as_str().unwrap().contains(&nickname(101)), "{conversation}");
    assert_eq!(conversation["userAvatar"], "https://mall.example/member-101.png");
    let frame = alices.frames().into_iter().find(|frame| frame.seq() == Some(2)).unwrap();
    assert_eq!(frame.content["senderAvatar"], "https://mall.example/admin-7.png");
    house.person(Who::Member(101), &hers.refresh).list(&[]).await.ok();
    house.person(Who::Admin(7), &his.refresh).conversations(&[]).await.ok();
}

async fn rights_are_those_of_the_mall(house: &House) {
    open(&house.admin(1)).await.ok();
    open(&house.admin(8)).await.refused(403);
    // Of the same number as an admin.
    house.mall.put_member(MallMember::new(7));
    let (seventh, tokens) = house.sign_in(Who::Member(7));
    seventh.list(&[]).await.ok();
    for token in [&tokens.access, &tokens.refresh] {
        open(&house.server.person_with(Side::Agent, 7, token)).await.refused(403);
    }
    let (_, tokens) = house.sign_in(Who::Admin(7));
    open(&house.server.person_with(Side::Member, 7, &tokens.access)).await.refused(403);
    let never_seen = house.mall.sign_in(Who::Member(102)).access;
    open(&house.server.person_with(Side::Agent, 102, &never_seen)).await.refused(403);
}

async fn tenants_are_apart(house: &House) {
    house.member(201).send(&text("elsewhere"), None).await.ok();
    let (bob, dora) = (house.admin(7), house.admin(27));

    let theirs = dora.conversations(&[]).await.ok();
    assert_eq!(theirs.rows().len(), 1);
    assert_eq!(theirs.rows()[0]["userId"], 201);
    let conversation = theirs.rows()[0]["id"].as_i64().unwrap();
    assert!(bob.conversation(conversation).await.ok().data.is_null());
    bob.send_to(conversation, &text("hello"), None).await.refused(1_013_019_000);
    let request = house.member(101).request(Method::GET, "/kefu-message/list").header("tenant-id", "2");
    assert_eq!(bob.ask(request).await.refused(403).msg, "您无权访问该租户的数据");
}

async fn nobody_else_comes_in(house: &House) {
    let unknown = "0123456789abcdef0123456789abcdef";
    open(&house.server.person_with(Side::Member, 1, unknown)).await.refused(401);
    for who in [Who::Member(101), Who::Admin(7)] {
        let gone = house.mall.sign_in(who);
        house.mall.sign_out(&gone.access);
        let over = house.mall.sign_in(who);
        house.mall.expire(&over.access);
        house.mall.expire(&over.refresh);
        for token in [gone.access, gone.refresh, over.access, over.refresh] {
            open(&house.person(who, &token)).await.refused(401);
        }
    }
}

macro_rules! orders {
    ($($name:ident: $order:expr;)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                scene(&$order).await;
            }
        )+
    };
}

orders! {
    by_the_pages: ["http"];
    by_the_pages_with_a_client: ["checked"];
    by_the_tables: ["tables"];
    by_the_redis_and_the_tables: ["redis", "tables"];
    by_the_redis_and_the_pages: ["redis", "http"];
    by_the_tables_and_the_pages: ["tables", "http"];
    by_the_pages_and_the_tables: ["checked", "tables"];
    by_the_pages_and_the_redis: ["http", "redis"];
    by_all_of_them: ["redis", "tables", "http"];
}
