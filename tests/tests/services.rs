//! The services of scripts/services and their like in the tests: they start on a free port, die, and come back.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::collections::HashMap;
use std::path::Path;
use std::process::{Command, Stdio};

use kefu_tests::{OwnNginx, OwnRedis, http, shared_redis};
use redis::Commands;

const HELLO: &str = "server { listen 127.0.0.1:@PORT@; location / { return 200 \"hello from @DIR@\"; } }";

#[test]
fn the_redis_of_a_run_answers() {
    let redis = redis::Client::open(shared_redis()).unwrap();

    let answer: String = redis::cmd("PING").query(&mut redis.get_connection().unwrap()).unwrap();

    assert_eq!(answer, "PONG");
}

#[test]
fn an_own_redis_comes_back_empty_on_its_port() {
    let mut redis = OwnRedis::start();
    let url = redis.url();
    connected(&url).set::<_, _, ()>("who", "alice").unwrap();

    redis.kill9();
    assert!(redis::Client::open(url.as_str()).unwrap().get_connection().is_err());
    redis.start_again();

    assert_eq!(redis.url(), url);
    assert_eq!(connected(&url).get::<_, Option<String>>("who").unwrap(), None);
}

#[tokio::test]
async fn an_own_nginx_takes_settings_and_keeps_its_port() {
    let mut nginx = OwnNginx::start(HELLO);
    let url = nginx.url();
    assert_eq!(body(&url).await, format!("hello from {}", nginx.folder().display()));

    nginx.kill9();
    assert!(get(&url).await.is_err());
    nginx.start_again("server { listen 127.0.0.1:@PORT@; location / { return 200 \"back\"; } }");

    assert_eq!(nginx.url(), url);
    assert_eq!(body(&url).await, "back");
}

#[test]
#[should_panic(expected = "unknown directive")]
fn settings_that_nginx_refuses_are_no_start() {
    let _ = OwnNginx::start("nonsense;");
}

#[test]
fn the_script_starts_a_redis_and_stops_it() {
    let folder = tempfile::tempdir().unwrap();

    let told = services("redis", folder.path());

    let url = &told["KEFU_REDIS_URL"];
    assert_eq!(*url, format!("redis://127.0.0.1:{}", told["KEFU_REDIS_PORT"]));
    let info: String = redis::cmd("INFO").arg("server").query(&mut connected(url)).unwrap();
    assert!(info.contains(&format!("redis_version:{}\r\n", told["KEFU_REDIS_VERSION"])), "{told:?}");
    assert!(info.contains(&format!("process_id:{}\r\n", told["KEFU_REDIS_PID"])), "{told:?}");
    services("stop", folder.path());
    assert!(redis::Client::open(url.as_str()).unwrap().get_connection().is_err());
}

#[tokio::test]
async fn the_script_starts_an_nginx_again_on_the_same_port() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("nginx.conf"), HELLO).unwrap();

    let first = services("nginx", folder.path());
    let url = &first["KEFU_NGINX_URL"];
    assert_eq!(body(url).await, format!("hello from {}", folder.path().display()));
    services("stop", folder.path());
    assert!(get(url).await.is_err());
    let second = services("nginx", folder.path());

    assert_eq!(second["KEFU_NGINX_URL"], *url);
    assert_eq!(body(url).await, format!("hello from {}", folder.path().display()));
    services("stop", folder.path());
}

/// What the script says about a service in this folder.
fn services(word: &str, folder: &Path) -> HashMap<String, String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/services");
    let mut command = Command::new(script);
    let output = command.arg(word).arg(folder).stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().filter_map(|line| line.split_once('=')).map(|(name, value)| (name.into(), value.into())).collect()
}

fn connected(url: &str) -> redis::Connection {
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

async fn get(url: &str) -> reqwest::Result<reqwest::Response> {
    http().build()?.get(url).send().await
}

async fn body(url: &str) -> String {
    get(url).await.unwrap().text().await.unwrap()
}
