//! Why there is no place, and when to come again.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError as _};

use crate::ApiError;

/// When places may have become free. Nobody knows, and whoever asks too early is told the same again.
const LATER: Duration = Duration::from_secs(5);

/// Which limit was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// That of all sockets.
    Total,
    /// That of an address.
    Address,
    /// That of a person.
    Person,
    /// That of handshakes in a second, with too many waiting already.
    Pace,
}

/// There is no place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) reason: Reason,
    /// When it is worth another try.
    pub(crate) retry_after: Duration,
}

impl Refused {
    pub(super) fn at_once(reason: Reason) -> Self {
        Self { reason, retry_after: LATER }
    }

    /// The same, once it stands in the metrics.
    pub(super) fn counted(self) -> Self {
        let reason = match self.reason {
            Reason::Total => "total",
            Reason::Address => "address",
            Reason::Person => "person",
            Reason::Pace => "pace",
        };
        metrics::counter!("kefu_socket_refused_total", "reason" => reason).increment(1);
        self
    }

    /// The answer to a handshake: 429 to one who has too many, 503 where there are too many altogether.
    pub(crate) fn response(&self) -> HttpResponse {
        let seconds = self.retry_after.as_secs() + u64::from(self.retry_after.subsec_nanos() > 0);
        let (error, status) = match self.reason {
            Reason::Address | Reason::Person => (ApiError::TooMany(seconds), StatusCode::TOO_MANY_REQUESTS),
            Reason::Total | Reason::Pace => (ApiError::Crowded(seconds), StatusCode::SERVICE_UNAVAILABLE),
        };
        let mut response = error.error_response();
        *response.status_mut() = status;
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: Reason, retry_after: Duration, status: u16, header: &str) {
        let response = Refused { reason, retry_after }.response();

        assert_eq!(response.status().as_u16(), status);
        assert_eq!(response.headers().get("retry-after").unwrap(), header);
    }

    #[test]
    fn a_browser_sees_only_that_there_was_no_upgrade_and_everybody_else_sees_why() {
        check(Reason::Person, Duration::from_millis(1), 429, "1");
        check(Reason::Address, Duration::from_millis(5_000), 429, "5");
        check(Reason::Total, Duration::from_millis(5_001), 503, "6");
        check(Reason::Pace, Duration::from_millis(1_500), 503, "2");
    }
}
