//! Who works there, with an account of the server's own.

use reqwest::Method;
use serde_json::json;

use super::Server;
use crate::{Log, PATIENCE};

/// What a good password was answered with.
#[derive(Debug, Clone)]
pub struct Login {
    /// The admin.
    pub id: i64,
    /// The token for asking.
    pub access: String,
    /// The token for asking for another one.
    pub refresh: String,
}

impl Server {
    /// Makes a manager of tenant 1 at the server's command line.
    pub async fn hire(&self, name: &str, password: &str) {
        self.keep_secret(password);
        let log = Log::default();
        let hire = ["admin", "add", "--tenant", "1", "--role", "manager", "--password-stdin", name];
        let status = self.program(hire).reading(password).start(&log).wait(PATIENCE).await;
        assert!(status.is_some_and(|status| status.success()), "nobody was hired: {}", log.tail(20));
    }

    /// Logs in somebody of tenant 1, whose password is good.
    pub async fn log_in(&self, name: &str, password: &str) -> Login {
        self.keep_secret(password);
        let request = self.request(Method::POST, "/admin-api/system/auth/login").header("tenant-id", "1");
        let answer = self.try_ask(request.json(&json!({"username": name, "password": password}))).await;
        let data = answer.expect("an answer").ok().data;
        let token = |name: &str| data[name].as_str().expect("a token").to_owned();
        Login {
            id: data["userId"].as_i64().expect("an id"),
            access: token("accessToken"),
            refresh: token("refreshToken"),
        }
    }
}
