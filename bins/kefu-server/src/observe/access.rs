//! One line for each request: method, pattern of the path, status, code of the envelope, time. No query, since tokens stand there, and no
//! path that is not one of ours, since anything could stand there.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use kefu_web::{ApiError, Code};
use tokio::time::Instant;

/// The middleware.
pub async fn note<B: MessageBody>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let method = known_method(request.method().as_str());
    let route = request.match_pattern().unwrap_or_else(|| "(unknown)".to_owned());

    let result = next.call(request).await;

    let (status, code) = match &result {
        Ok(response) => (response.status(), response.response().extensions().get::<Code>().copied()),
        Err(error) => (error.as_response_error().status_code(), error.as_error::<ApiError>().map(|it| Code(it.code()))),
    };
    let status = status.as_u16();
    let code = code.map_or_else(|| "-".to_owned(), |Code(code)| code.to_string());
    let seconds = started.elapsed().as_secs_f64();
    metrics::counter!(
        "kefu_http_requests_total",
        "method" => method, "route" => route.clone(), "status" => status.to_string(), "code" => code.clone()
    )
    .increment(1);
    metrics::histogram!("kefu_http_request_seconds", "route" => route.clone()).record(seconds);
    tracing::info!(
        http.method = method,
        http.route = route,
        http.status = status,
        kefu.code = code,
        http.seconds = seconds,
        "answered"
    );
    result
}

/// Methods are invented by clients; a label is not.
fn known_method(method: &str) -> &'static str {
    ["GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH"]
        .into_iter()
        .find(|known| *known == method)
        .unwrap_or("other")
}
