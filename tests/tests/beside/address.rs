//! Where clients come from, as the desk sees it behind the rules.

use std::net::IpAddr;

use kefu_tests::{Backend, Server};
use serde_json::{Value, json};

use crate::proxy::{Proxy, Service};

const WRONG: i64 = 1_002_000_000;
const WAIT: i64 = 429;

/// Guesses a password through the proxy, from one of this machine's addresses.
async fn guess(proxy: &Proxy, from: &str, claimed: Option<&str>) -> i64 {
    let client = kefu_tests::http().local_address(from.parse::<IpAddr>().unwrap()).build().unwrap();
    let login = client.post(format!("{}/admin-api/system/auth/login", proxy.url())).header("tenant-id", "1");
    let login = claimed.into_iter().fold(login, |login, address| login.header("x-forwarded-for", address));
    let answer = login.json(&json!({"username": "alice", "password": "guess123"})).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["code"].as_i64().unwrap()
}

#[tokio::test]
async fn clients_behind_the_proxy_are_told_apart_whatever_they_claim() {
    let settings = [("server.trusted_proxies", "[\"127.0.0.1\"]"), ("auth.login_failures", "2")];
    let desk = Server::start(Backend::Sqlite, &settings).await;
    // Passwords are guessed at the desk's own login, so here it has all routes.
    let proxy = Proxy::before(desk.address(), Service::At(desk.address()));

    assert_eq!(guess(&proxy, "127.0.0.2", None).await, WRONG);
    assert_eq!(guess(&proxy, "127.0.0.2", Some("203.0.113.1")).await, WRONG);

    assert_eq!(guess(&proxy, "127.0.0.2", None).await, WAIT);
    assert_eq!(guess(&proxy, "127.0.0.2", Some("203.0.113.2")).await, WAIT, "a claim changes nothing");
    assert_eq!(guess(&proxy, "127.0.0.3", None).await, WRONG, "another client");
    assert_eq!(guess(&proxy, "127.0.0.3", Some("127.0.0.2")).await, WRONG, "nor does another's address");
}
