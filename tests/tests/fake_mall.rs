//! The fake mall answers as a mall does.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "fake_mall/copies.rs"]
mod copies;
#[path = "fake_mall/outages.rs"]
mod outages;
#[path = "fake_mall/refusals.rs"]
mod refusals;
#[path = "fake_mall/signing_in.rs"]
mod signing_in;

use kefu_tests::FakeMall;
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

const ADMIN: &str = "/admin-api/system/auth/get-permission-info";
const MEMBER: &str = "/app-api/member/user/get";
const CHECK: &str = "/admin-api/system/oauth2/check-token";

fn ask(mall: &FakeMall, method: Method, path: &str) -> RequestBuilder {
    kefu_tests::http().build().unwrap().request(method, format!("{}{path}", mall.url()))
}

fn get(mall: &FakeMall, path: &str, token: &str) -> RequestBuilder {
    ask(mall, Method::GET, path).bearer_auth(token).header("tenant-id", "1")
}

/// The envelope of an answer, which is always HTTP 200.
async fn told(request: RequestBuilder) -> Value {
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let envelope: Value = response.json().await.unwrap();
    assert_eq!(envelope.as_object().unwrap().keys().collect::<Vec<_>>(), ["code", "data", "msg"]);
    envelope
}

async fn data(request: RequestBuilder) -> Value {
    let envelope = told(request).await;
    assert_eq!(envelope["code"], 0, "{envelope}");
    envelope["data"].clone()
}

#[track_caller]
fn refused(envelope: &Value, code: i64, msg: &str) {
    assert_eq!((envelope["code"].as_i64().unwrap(), envelope["msg"].as_str().unwrap()), (code, msg));
    assert!(envelope["data"].is_null());
}
