//! Who is online, as an agent's server says.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::Person;

impl Person {
    /// How many are online at each of an agent's desks.
    pub async fn online(&self) -> Value {
        self.ask(self.request(Method::GET, "/kefu-online/get")).await.ok().data
    }

    /// Which of these members are online at one of an agent's desks.
    pub async fn online_members(&self, ids: &str) -> Value {
        let asked = self.request(Method::GET, "/kefu-online/members").query(&[("ids", ids)]);
        self.ask(asked).await.ok().data
    }

    /// Waits so long until so many are online at the platform's desk.
    pub async fn sees_online(&self, members: usize, admins: usize, within: Duration) {
        let wanted = json!([{ "shopId": 0, "members": members, "admins": admins }]);
        let deadline = Instant::now() + within;
        let mut seen = self.online().await;
        while seen != wanted {
            assert!(Instant::now() < deadline, "in vain waited for {wanted}: {seen}");
            tokio::time::sleep(Duration::from_millis(50)).await;
            seen = self.online().await;
        }
    }
}
