//! The one path of sockets, in two dialects: the mall's, and `kefu.v2`, which a client asks for by sub-protocol.

mod hand_over;
mod mall;
mod v2;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, SEC_WEBSOCKET_PROTOCOL};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use crate::{ApiError, Site};

/// The shopper's page pings every five seconds, a hidden tab once a minute.
const SILENCE: Duration = Duration::from_secs(150);
/// A writer that cannot hand a frame over for this long has nobody at the other end.
const STUCK: Duration = Duration::from_secs(10);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// `GET /infra/ws`
pub(crate) async fn open(site: Data<Site>, request: HttpRequest, payload: Payload) -> HttpResponse {
    if asks_for_v2(request.headers()) {
        v2::open(site, request, payload).await
    } else {
        mall::open(site, request, payload).await
    }
}

/// Whether a handshake asks for `kefu.v2`: its first frame, and nothing before it, will say who is there.
#[must_use]
pub fn asks_for_v2(headers: &HeaderMap) -> bool {
    let offered = headers.get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|names| names.to_str().ok());
    offered.flat_map(|names| names.split(',')).any(|name| name.trim() == v2::PROTOCOL)
}

/// There is no upgrade. A browser sees only that; a status says to everybody else whose fault it is, and whether to
/// come again.
fn refuse(error: &ApiError) -> HttpResponse {
    let mut response = error.error_response();
    *response.status_mut() = match error.code() {
        401 => StatusCode::UNAUTHORIZED,
        403 => StatusCode::FORBIDDEN,
        429 | 503 => StatusCode::SERVICE_UNAVAILABLE,
        500 => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    response
}
