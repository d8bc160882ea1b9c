//! Whose word about a client's address counts: a trusted proxy's, and nobody else's.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on says so by panicking")]

use std::net::IpAddr;

use kefu_tests::{Backend, Server};
use serde_json::{Value, json};

/// All of 127.0.0.0/8 is this machine, so whoever connects can choose where they seem to come from.
const PROXY: &str = "127.0.0.2";
const STRANGER: &str = "127.0.0.3";

const WRONG: i64 = 1_002_000_000;
const WAIT: i64 = 429;

async fn server(trusted: &str) -> Server {
    Server::start(Backend::Sqlite, &[("server.trusted_proxies", trusted), ("auth.login_failures", "2")]).await
}

/// Guesses a password on a connection from this address, with these lines in the header.
async fn guess(server: &Server, from: &str, lines: &[&str]) -> i64 {
    let from: IpAddr = from.parse().unwrap();
    let client = kefu_tests::http().local_address(from).build().unwrap();
    let mut request = client.post(server.url("/admin-api/system/auth/login")).header("tenant-id", "1");
    for line in lines {
        request = request.header("x-forwarded-for", *line);
    }
    let answer = request.json(&json!({"username": "alice", "password": "guess123"})).send().await.unwrap();
    answer.json::<Value>().await.unwrap()["code"].as_i64().unwrap()
}

#[tokio::test]
async fn a_header_from_outside_changes_nothing() {
    let server = server(&format!("[{PROXY:?}]")).await;

    assert_eq!(guess(&server, STRANGER, &["203.0.113.1"]).await, WRONG);
    assert_eq!(guess(&server, STRANGER, &["203.0.113.2", PROXY]).await, WRONG);

    for lines in [&["203.0.113.3"][..], &[PROXY], &["127.0.0.9, 127.0.0.8"], &["nonsense"], &[]] {
        assert_eq!(guess(&server, STRANGER, lines).await, WAIT, "{lines:?}");
    }
    assert_eq!(guess(&server, "127.0.0.4", &[]).await, WRONG, "others do not wait for what a stranger did");
}

#[tokio::test]
async fn clients_of_a_trusted_proxy_are_told_apart() {
    let server = server(&format!("[{PROXY:?}]")).await;

    assert_eq!(guess(&server, PROXY, &["203.0.113.1"]).await, WRONG);
    assert_eq!(guess(&server, PROXY, &["198.51.100.7, 203.0.113.1"]).await, WRONG, "what the client wrote before");

    assert_eq!(guess(&server, PROXY, &["198.51.100.8, 203.0.113.1:4711"]).await, WAIT);
    assert_eq!(guess(&server, PROXY, &["198.51.100.9", "203.0.113.1"]).await, WAIT, "in two lines");
    assert_eq!(guess(&server, PROXY, &["203.0.113.2"]).await, WRONG, "another client of the same proxy");
    assert_eq!(guess(&server, PROXY, &["2001:db8::1"]).await, WRONG);
    assert_eq!(guess(&server, STRANGER, &["203.0.113.1"]).await, WRONG, "the same words from elsewhere");
}

#[tokio::test]
async fn a_header_that_cannot_be_read_leaves_the_proxy_that_was_read_last() {
    let server = server("\"127.0.0.2, 10.0.0.0/8\"").await;

    assert_eq!(guess(&server, PROXY, &["203.0.113.1, unknown"]).await, WRONG);
    assert_eq!(guess(&server, PROXY, &["203.0.113.2, unknown"]).await, WRONG);
    assert_eq!(guess(&server, PROXY, &["203.0.113.4, _hidden, 10.0.0.7"]).await, WRONG);
    assert_eq!(guess(&server, PROXY, &["203.0.113.5, _hidden, 10.0.0.7"]).await, WRONG);

    assert_eq!(guess(&server, PROXY, &[""]).await, WAIT, "the connection's");
    assert_eq!(guess(&server, PROXY, &["unknown, 10.0.0.7"]).await, WAIT, "the proxy behind it");
    assert_eq!(guess(&server, PROXY, &["203.0.113.3"]).await, WRONG);
}

#[tokio::test]
async fn without_the_setting_no_header_counts() {
    let server = server("[]").await;

    assert_eq!(guess(&server, PROXY, &["203.0.113.1"]).await, WRONG);
    assert_eq!(guess(&server, PROXY, &["203.0.113.2"]).await, WRONG);

    assert_eq!(guess(&server, PROXY, &["203.0.113.3"]).await, WAIT);
}
