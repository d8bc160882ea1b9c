//! Whoever was shut out of the mall, or may do something else than before, does not stay on the line.

use std::time::Duration;

use kefu_tests::{Outage, PATIENCE, Program, Server, Setup, Side, Socket, SocketOptions, Who, text};
use serde_json::json;

use crate::house::{House, Plan, ask_until};

fn watchful(order: &[&str]) -> Plan {
    Plan::asking(order).set("recheck_seconds", 1).set("positive_seconds", 1)
}

async fn line(house: &House, who: Who, token: &str) -> Socket {
    house.person(who, token).listen().await
}

#[track_caller]
fn is_open(socket: &Socket) {
    assert!(!socket.is_closed(), "the socket was closed");
}

async fn closes(socket: &Socket) {
    assert!(socket.closed(PATIENCE).await.is_some(), "the socket stayed open");
}

/// Others, whose rights are what they were, hear everything.
async fn whoever_is_shut_out_is_shown_out(order: &[&str]) {
    let house = watchful(order).build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    let (_, theirs) = house.sign_in(Who::Member(102));
    let (_, his) = house.sign_in(Who::Admin(7));
    let (_, chiefs) = house.sign_in(Who::Admin(1));
    let (mut gone, stays) = (Vec::new(), line(&house, Who::Admin(1), &chiefs.refresh).await);
    gone.push(line(&house, Who::Member(102), &theirs.refresh).await);
    gone.push(line(&house, Who::Member(102), &theirs.access).await);
    gone.push(line(&house, Who::Admin(7), &his.refresh).await);
    let alices = line(&house, Who::Member(101), &hers.refresh).await;

    house.mall.sign_out(&theirs.access);
    house.mall.change_admin(7, |admin| {
        admin.permissions.remove("promotion:kefu-message:query");
    });

    for socket in &gone {
        closes(socket).await;
    }
    is_open(&alices);
    is_open(&stays);
    alice.send(&text(1), None).await.ok();
    stays.wait_until("the message", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
    // Back with what is left of their rights: others' messages are not among it.
    let again = line(&house, Who::Admin(7), &his.refresh).await;
    alice.send(&text(2), None).await.ok();
    stays.wait_until("the next message", |frames| frames.iter().any(|frame| frame.seq() == Some(2))).await;
    again.settle().await;
    assert!(again.seqs().is_empty());
    assert!(gone.iter().all(|socket| socket.seqs().is_empty()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_the_pages_say() {
    whoever_is_shut_out_is_shown_out(&["http"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_the_tables_say() {
    whoever_is_shut_out_is_shown_out(&["tables"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_the_redis_and_the_tables_say() {
    whoever_is_shut_out_is_shown_out(&["redis", "tables"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disabled_account_is_nobodys() {
    let house = watchful(&["redis", "tables"]).build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    let (bob, his) = house.sign_in(Who::Admin(7));
    let lines = [line(&house, Who::Member(101), &hers.access).await, line(&house, Who::Admin(7), &his.access).await];

    house.mall.change_member(101, |member| member.disabled = true);
    house.mall.change_admin(7, |admin| admin.disabled = true);

    for socket in &lines {
        closes(socket).await;
    }
    ask_until(&alice, 401).await;
    ask_until(&bob, 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_stay_while_the_mall_is_away_and_the_grace_lasts() {
    let house = watchful(&["http"]).set("grace_seconds", 6).build().await;
    let (_, hers) = house.sign_in(Who::Member(101));
    let (_, his) = house.sign_in(Who::Admin(7));
    let lines = [line(&house, Who::Member(101), &hers.refresh).await, line(&house, Who::Admin(7), &his.refresh).await];

    house.mall.down(Outage::Refused);
    while house.heard("http", "unavailable").await < 4 {
        tokio::task::yield_now().await;
    }
    lines.iter().for_each(is_open);

    for socket in &lines {
        closes(socket).await;
    }
    house.mall.up();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sockets_outlive_a_short_outage() {
    let house = watchful(&["http"]).build().await;
    let (alice, hers) = house.sign_in(Who::Member(101));
    let socket = line(&house, Who::Member(101), &hers.refresh).await;

    house.mall.down(Outage::BadGateway);
    while house.heard("http", "unavailable").await < 2 {
        tokio::task::yield_now().await;
    }
    house.mall.up();
    let found = house.heard("http", "found").await;
    while house.heard("http", "found").await < found + 2 {
        tokio::task::yield_now().await;
    }

    is_open(&socket);
    alice.send(&text(1), None).await.ok();
    socket.wait_until("the echo", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_ends_takes_its_socket_along() {
    let house = watchful(&["tables"]).build().await;
    let (_, hers) = house.sign_in(Who::Member(101));
    house.mall.ends_in(&hers.access, Duration::from_secs(4));

    closes(&line(&house, Who::Member(101), &hers.access).await).await;
}

async fn run(program: Program) {
    let log = kefu_tests::Log::default();
    let status = program.start(&log).wait(PATIENCE).await;
    assert!(status.is_some_and(|status| status.success()), "{}", log.tail(5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agent_of_the_mall_who_gets_a_shop_is_connected_anew_and_hears_it() {
    let house = watchful(&["http"]).build().await;
    run(house.server.program(["shop", "add", "branch", "--id", "5"])).await;
    let (_, his) = house.sign_in(Who::Admin(7));
    let socket = line(&house, Who::Admin(7), &his.refresh).await;

    run(house.server.program(["shop", "grant", "5", "7"])).await;

    closes(&socket).await;
    let again = line(&house, Who::Admin(7), &his.refresh).await;
    let alice = house.member(101);
    let body = json!({ "contentType": 1, "content": json!({ "text": text(1) }).to_string(), "shopId": 5 });
    let request = alice.request(reqwest::Method::POST, "/kefu-message/send").query(&[("shopId", "5")]);
    alice.ask(request.json(&body)).await.ok();
    again.wait_until("the shop's message", |frames| frames.iter().any(|frame| frame.seq() == Some(1))).await;
}

/// Without any mall.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_of_ours_that_gets_a_shop_is_connected_anew() {
    let setup = Setup::on(kefu_tests::Backend::Sqlite).set("mall.recheck_seconds", 1);
    let server = setup.start().await;
    run(server.program(["shop", "add", "branch", "--id", "5"])).await;
    let add = server.program(["admin", "add", "lili", "--role", "agent", "--password-stdin"]);
    run(add.reading("long-password\n")).await;
    let (access, refresh) = login(&server).await;
    let lines = [&access, &refresh].map(|token| server.person_with(Side::Agent, 1, token));
    let lines = [lines[0].listen().await, lines[1].listen().await];
    let signed = server.member(101).try_listen(SocketOptions::default()).await.unwrap();

    run(server.program(["shop", "grant", "5", "lili"])).await;

    for socket in &lines {
        closes(socket).await;
    }
    is_open(&signed);
    server.person_with(Side::Agent, 1, &access).conversations(&[("shopId", "5")]).await.ok();
}

async fn login(server: &Server) -> (String, String) {
    let door = server.person_with(Side::Agent, 0, "none-none-none-none");
    let body = json!({ "tenantName": "mall", "username": "lili", "password": "long-password" });
    let request = door.request_to(reqwest::Method::POST, "/admin-api/system/auth/login").header("tenant-id", "1");
    let data = door.ask(request.json(&body)).await.ok().data;
    let token = |name: &str| data[name].as_str().unwrap().to_owned();
    (token("accessToken"), token("refreshToken"))
}
