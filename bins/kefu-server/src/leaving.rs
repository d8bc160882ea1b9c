//! The last moments: whoever is here is still served, and nobody new sits down.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::time::{Instant, sleep};
use actix_web::web::Data;
use actix_web::{Error, ResponseError as _};
use kefu_push::Hub;
use kefu_web::ApiError;

use crate::guard::{SOCKET, SYNC};

/// When whoever wanted to sit down here should try elsewhere, in seconds.
const ELSEWHERE: u64 = 1;
/// How often it is looked whether everybody has left.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Whether this server is about to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Leaving(Arc<AtomicBool>);

impl Leaving {
    /// From now on it is.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is.
    #[must_use]
    pub fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Sends handshakes elsewhere once this server is about to stop: 503, before anybody is asked who they are. Long polls,
/// which are then answered at once, end their connection, so that the next one is a way elsewhere too.
pub async fn no_newcomers<B: MessageBody + 'static>(
    leaving: Data<Leaving>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if leaving.has_begun() && request.match_info().as_str() == SOCKET {
        let mut response = ApiError::Crowded(ELSEWHERE).error_response();
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        return Ok(request.into_response(response).map_into_right_body());
    }
    let waits = request.match_info().as_str().ends_with(SYNC);
    let mut response = next.call(request).await?;
    if waits && leaving.has_begun() {
        response.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(response.map_into_left_body())
}

/// Asks whoever can come back elsewhere to do so, and gives them so long. Meanwhile everything is as ever.
pub(crate) async fn say_goodbye(hub: &Hub, within: Duration) {
    let asked = hub.bye(within);
    if asked == 0 {
        return;
    }
    tracing::info!(sockets = asked, "asked to go elsewhere");
    let until = Instant::now() + within;
    while hub.online().v2 > 0 && Instant::now() < until {
        sleep(LOOK_EVERY).await;
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::RETRY_AFTER;
    use actix_web::middleware::from_fn;
    use actix_web::rt::time::timeout;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};
    use kefu_domain::{MemberId, Party, Scope, TenantId};
    use kefu_push::{Dialect, Guest};

    use super::*;

    /// The answer of a server that answers everything 200, as far as it comes.
    async fn ask(leaving: &Leaving, path: &str) -> ServiceResponse<impl MessageBody> {
        let app = App::new()
            .app_data(Data::new(leaving.clone()))
            .default_service(web::to(HttpResponse::Ok))
            .wrap(from_fn(no_newcomers));
        call_service(&init_service(app).await, TestRequest::get().uri(path).to_request()).await
    }

    #[actix_web::test]
    async fn a_server_that_is_about_to_stop_answers_and_takes_nobody_in() {
        let leaving = Leaving::default();
        assert_eq!(ask(&leaving, "/infra/ws?token=x").await.status(), StatusCode::OK);
        leaving.begin();
        let refused = ask(&leaving, "/infra/ws?token=x").await;
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers().get(RETRY_AFTER).unwrap(), "1");
        assert_eq!(ask(&leaving, "/app-api/promotion/kefu-message/send").await.status(), StatusCode::OK);
    }

    #[actix_web::test]
    async fn long_polls_end_their_connection_once_the_server_is_about_to_stop() {
        let leaving = Leaving::default();
        let ends =
            async |path: &str| ask(&leaving, path).await.response().head().connection_type() == ConnectionType::Close;

        assert!(!ends("/app-api/promotion/kefu-message/sync?wait=25").await);
        leaving.begin();
        assert!(ends("/app-api/promotion/kefu-message/sync?wait=25").await);
        assert!(ends("/admin-api/promotion/kefu-message/sync").await);
        assert!(!ends("/app-api/promotion/kefu-message/list").await);
    }

    #[actix_web::test]
    async fn only_those_who_can_come_back_elsewhere_are_waited_for() {
        let hub = Hub::new();
        let guest = |dialect| Guest { dialect, ..Guest::new(Scope::platform(TenantId(1)), Party::Member(MemberId(1))) };
        let _page = hub.join(guest(Dialect::Mall));
        let client = hub.join(guest(Dialect::V2));
        let long = Duration::from_secs(3_600);

        let mut goodbye = Box::pin(say_goodbye(&hub, long));
        assert!(futures_util::poll!(&mut goodbye).is_pending(), "one that was asked is still here");
        drop(client);

        timeout(Duration::from_secs(10), goodbye).await.expect("nobody else is waited for");
        timeout(Duration::from_secs(10), say_goodbye(&hub, long)).await.expect("nobody could be asked");
    }
}
