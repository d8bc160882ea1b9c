//! Two servers, and what can be asked of both.

use std::time::Duration;

use kefu_tests::{Backend, Person, Server, Setup};
use reqwest::Method;
use serde_json::Value;

/// The longest that news are on their way where nothing but the database carries them.
pub(crate) const SWEPT: Duration = Duration::from_secs(5);

/// A server that has that Redis between it and the other.
pub(crate) fn at_redis(url: &str) -> Setup {
    Setup::on(Backend::MariaDb).set("nodes.bus", "\"redis\"").set("nodes.redis_url", format!("{url:?}"))
}

/// Two servers with that Redis between them, which have found it.
pub(crate) async fn two_at(redis: &str) -> (Server, Server) {
    let a = at_redis(redis).start().await;
    let b = at_redis(redis).start_beside(&a).await;
    for server in [&a, &b] {
        bus_is_there(server).await;
    }
    (a, b)
}

/// Waits until all is well, the bus too.
pub(crate) async fn bus_is_there(server: &Server) {
    server.until("the bus", |report| report["bus"] == "ok" && report["state"] == "ok").await;
}

/// Waits until it has noticed that the bus is away. It is ready all the same.
pub(crate) async fn bus_is_away(server: &Server) {
    server.until("the loss of the bus", |report| report["bus"] == "degraded").await;
    let (status, report) = server.readiness().await;
    assert_eq!((status, report["state"].as_str()), (200, Some("degraded")), "{report}");
}

/// How many are online, as an agent's server says.
pub(crate) async fn online(agent: &Person) -> Value {
    agent.ask(agent.request(Method::GET, "/kefu-online/get")).await.ok().data
}
