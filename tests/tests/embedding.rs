//! The desk inside another mall's process: its login, its tables, its limits, its sockets, its end.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

#[path = "embedding/frames.rs"]
mod frames;
#[path = "embedding/manners.rs"]
mod manners;
#[path = "embedding/stopping.rs"]
mod stopping;
#[path = "embedding/talking.rs"]
mod talking;

use std::net::SocketAddr;
use std::path::Path;

use example_mall::{Mall, PASSWORD};
use kefu_tests::{Socket, SocketOptions};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

/// Where the mall mounts the desk: in scopes of its own choosing, and where a yudao mall's pages look.
const DOORS: [(&str, &str); 2] = [("/shop", "/office"), ("/app-api/promotion", "/admin-api/promotion")];

/// The example mall, open, and how to reach it.
struct House {
    mall: Mall,
    #[expect(dead_code, reason = "held for its drop, after the mall's")]
    folder: Option<tempfile::TempDir>,
    http: Client,
}

/// Somebody who has signed in at the mall.
#[derive(Clone)]
struct Somebody {
    address: SocketAddr,
    http: Client,
    token: String,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self::open_in(folder.path()).await;
        Self { folder: Some(folder), ..house }
    }

    async fn open_in(folder: &Path) -> Self {
        let mall = Mall::start(folder, SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        Self { mall, folder: None, http: kefu_tests::http().build().unwrap() }
    }

    fn stranger(&self) -> Somebody {
        Somebody { address: self.mall.address(), http: self.http.clone(), token: String::new() }
    }

    async fn signed_in(&self, name: &str) -> Somebody {
        let login = json!({ "name": name, "password": PASSWORD });
        let told = self.stranger().json(Method::POST, "/login", &login).await;
        Somebody { token: told["token"].as_str().unwrap().to_owned(), ..self.stranger() }
    }
}

impl Somebody {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("http://{}{path}", self.address));
        if self.token.is_empty() { request } else { request.bearer_auth(&self.token) }
    }

    /// What the mall's own pages say to a body, which must be a success.
    async fn json(&self, method: Method, path: &str, body: &Value) -> Value {
        let response = self.request(method, path).json(body).send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        response.json().await.unwrap()
    }

    /// What the desk says to a request: code and data.
    async fn told(request: RequestBuilder) -> (i64, Value) {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        let mut envelope: Value = response.json().await.unwrap();
        (envelope["code"].as_i64().unwrap(), envelope["data"].take())
    }

    async fn get(&self, path: &str) -> Value {
        let (code, data) = Self::told(self.request(Method::GET, path)).await;
        assert_eq!(code, 0, "{path}");
        data
    }

    /// Says something at a door, as a shopper or, where a conversation is named, as a clerk.
    async fn say(&self, door: &str, conversation: Option<&Value>, text: &str) -> (i64, Value) {
        let mut body = json!({ "contentType": 1, "content": text });
        if let Some(id) = conversation {
            body["conversationId"] = id.clone();
        }
        Self::told(self.request(Method::POST, &format!("{door}/kefu-message/send")).json(&body)).await
    }

    async fn listen(&self) -> Socket {
        Socket::open(self.address, &self.token, SocketOptions::default()).await.unwrap()
    }
}
