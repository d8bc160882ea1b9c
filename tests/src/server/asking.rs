//! What may be asked of a server by anybody.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Server;
use crate::{Answer, Metrics, PATIENCE, Unanswered};

impl Server {
    /// Asks without a token.
    pub async fn get(&self, path: &str) -> Result<Answer, Unanswered> {
        self.door.ask(self.door.http.get(self.url(path))).await
    }

    /// A request without a token.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.door.http.request(method, self.url(path))
    }

    /// Asks as nobody in particular.
    pub async fn try_ask(&self, request: reqwest::RequestBuilder) -> Result<Answer, Unanswered> {
        self.door.ask(request).await
    }

    /// A path as an address.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.door.address())
    }

    /// Where it listens now.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// How it says it is: the status of `/readyz`, and the report in it.
    pub async fn readiness(&self) -> (u16, Value) {
        let answer = self.get("/readyz").await.expect("an answer");
        (answer.status, serde_json::from_str(&answer.body).expect("a report"))
    }

    /// Asks it how it is until it is so.
    pub async fn until(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let (_, report) = self.readiness().await;
            if holds(&report) {
                return;
            }
            assert!(Instant::now() < deadline, "in vain waited for {what}: {report}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until all is well, what is between it and other servers too.
    pub async fn bus_is_there(&self) {
        self.until("the bus", |report| report["bus"] == "ok" && report["state"] == "ok").await;
    }

    /// Waits until it has noticed that what is between it and other servers is away. It is ready all the same.
    pub async fn bus_is_away(&self) {
        self.until("the loss of the bus", |report| report["bus"] == "degraded").await;
        let (status, report) = self.readiness().await;
        assert_eq!((status, report["state"].as_str()), (200, Some("degraded")), "{report}");
    }

    /// Its metrics now.
    pub async fn metrics(&self) -> Metrics {
        Metrics(self.get("/metrics").await.expect("an answer").body)
    }
}
