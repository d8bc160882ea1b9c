//! Alive, ready, and in numbers.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpResponse, http::StatusCode};
use kefu::Desk;
use kefu_bus::RedisBus;
use kefu_push::Hub;
use kefu_storage::{Database, Durability};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;

use super::log;
use crate::leaving::Leaving;

/// A database that takes longer is not there.
const DATABASE_WITHIN: Duration = Duration::from_secs(1);

/// What operators ask about.
pub struct Health {
    /// Asked whether it is there.
    pub database: Database,
    /// What was found out about it at start.
    pub durability: Durability,
    /// Asked whether its lanes run.
    pub desk: Desk,
    /// Who is connected.
    pub hub: Hub,
    /// What carries news to other servers, where there is such a thing.
    pub bus: Option<RedisBus>,
    /// Whether this server is about to stop.
    pub leaving: Leaving,
    /// The numbers.
    pub metrics: PrometheusHandle,
}

/// How a server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// All is well.
    Ok,
    /// It works, and a promise is weaker than it should be.
    Degraded,
    /// It cannot work now.
    Down,
    /// It is about to end.
    Stopping,
}

#[derive(Serialize)]
struct Report<'a> {
    state: State,
    database: State,
    durability: State,
    lanes: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    bus: Option<State>,
    warnings: Vec<&'a str>,
    sockets: usize,
    epoch: &'a str,
}

const REDIS_TOO_OLD: &str = "the Redis of the bus is too old: it takes Redis 6 or later";

/// `GET /healthz`: the process answers.
pub(crate) async fn alive() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain").body("ok\n")
}

/// `GET /readyz`: 200 when requests make sense, 503 when not.
pub(crate) async fn ready(health: Data<Health>) -> HttpResponse {
    let database = health.database.clone();
    let there = crate::questions::ask(DATABASE_WITHIN, move || database.ping()).await.is_ok();
    let database = if there { State::Ok } else { State::Down };
    let durability = if health.durability.is_full() { State::Ok } else { State::Degraded };
    let lanes = if health.desk.is_running() { State::Ok } else { State::Down };
    // Without it news travel over the database: later, and none the fewer.
    let bus_health = health.bus.as_ref().map(|bus| bus.health());
    let bus = bus_health.map(|bus| if bus.is_up() { State::Ok } else { State::Degraded });
    let too_old = bus_health.is_some_and(|bus| bus.too_old).then_some(REDIS_TOO_OLD);
    let life = if health.leaving.has_begun() { State::Stopping } else { State::Ok };
    let state = worst([database, durability, lanes, bus.unwrap_or(State::Ok), life]);
    let report = Report {
        state,
        database,
        durability,
        lanes,
        bus,
        warnings: health.durability.warnings.iter().map(String::as_str).chain(too_old).collect(),
        sockets: health.hub.online().sockets,
        epoch: health.database.epoch(),
    };
    let status = if state >= State::Down { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    HttpResponse::build(status).json(report)
}

/// `GET /metrics`
pub(crate) async fn metrics(health: Data<Health>) -> HttpResponse {
    metrics::counter!("kefu_log_dropped_lines_total").absolute(log::dropped_lines());
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(health.metrics.render())
}

fn worst<const PARTS: usize>(states: [State; PARTS]) -> State {
    states.into_iter().max().unwrap_or(State::Down)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_as_well_as_its_worst_part() {
        assert_eq!(worst([State::Ok, State::Ok, State::Ok]), State::Ok);
        assert_eq!(worst([State::Ok, State::Degraded, State::Ok]), State::Degraded);
        assert_eq!(worst([State::Down, State::Degraded, State::Ok]), State::Down);
        assert_eq!(worst([State::Ok, State::Degraded, State::Down]), State::Down);
        assert_eq!(worst([State::Stopping, State::Degraded, State::Down]), State::Stopping);
    }
}
