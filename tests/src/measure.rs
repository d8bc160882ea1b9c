//! What the benches have in common: one thread for the load, requests that must be acknowledged, and a report.

use std::fmt::Display;
use std::io::Write;

use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

use crate::Server;

/// Runs a measurement on one thread, since the load must leave the cores to those who are measured, and prints what it
/// found.
pub fn report<T: Display>(measurement: impl Future<Output = T>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let found = runtime.block_on(measurement);
    let mut out = std::io::stdout();
    writeln!(out, "{found}").and_then(|()| out.flush()).expect("somebody reads this");
}

/// Sends a request, which is answered with code 0 or ends the measurement.
pub async fn acknowledged(request: reqwest::RequestBuilder) {
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    assert_eq!(answer["code"], 0, "{answer}");
}

/// A first word by each of these members, so that everybody has a conversation.
pub async fn first_words(server: &Server, members: &[String]) {
    let http = crate::http().build().expect("a client");
    let url = server.url("/app-api/promotion/kefu-message/send");
    let body = json!({ "contentType": 1, "content": "hello" });
    let sends = members.iter().map(|token| acknowledged(http.post(&url).bearer_auth(token).json(&body)));
    stream::iter(sends).buffer_unordered(64).collect::<()>().await;
}
