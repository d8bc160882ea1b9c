//! `kefu.v2`: the first frame says who is there, what was missed is sent, and from then on everything goes both ways.

mod auth;
mod followed;
mod frames;
mod jobs;
mod outgoing;
mod pump;
mod resumes;

use std::io::ErrorKind::InvalidData;
use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessageStream, CloseCode, CloseReason, ProtocolError, Session};

use super::{GOODBYE, refuse};
use crate::admission::Connected;
use crate::unfinished::{self, Fault, Unfinished};
use crate::{ClientAddress, Site};

/// The name of the sub-protocol.
pub(super) const PROTOCOL: &str = "kefu.v2";
/// Inbound text, in bytes.
const LONGEST: usize = 64 * 1024;
/// How often a client is to say that it is there.
const HEARTBEAT: Duration = Duration::from_secs(20);

/// The handshake. It needs no credential: the first frame brings one.
pub(super) async fn open(site: Data<Site>, request: HttpRequest, payload: Payload) -> HttpResponse {
    if let Err(error) = site.0.settings.origins.admit(request.headers()) {
        return refuse(&error);
    }
    let connected = match site.0.admission.connect(ClientAddress::of(&request)).await {
        Ok(connected) => connected,
        Err(refused) => return refused.response(),
    };
    let (payload, unfinished) = match unfinished::watched(&request, payload, LONGEST).await {
        Ok(watched) => watched,
        Err(error) => return error.error_response(),
    };
    let (response, session, stream) = match actix_ws::handle_with_protocols(&request, payload, &[PROTOCOL]) {
        Ok(parts) => parts,
        Err(error) => return error.error_response(),
    };
    let stream = stream.max_frame_size(LONGEST).aggregate_continuations().max_continuation_size(LONGEST);
    actix_web::rt::spawn(serve(site, connected, Wire { session, stream, unfinished }));
    response
}

/// One socket, from its first frame to its end.
async fn serve(site: Data<Site>, connected: Connected, mut wire: Wire) {
    let end = match auth::enter(&site, connected, &mut wire).await {
        Ok(entered) => pump::Pump::new(site, entered).run(&mut wire).await,
        Err(end) => end,
    };
    wire.close(end).await;
}

/// Both directions of a socket.
struct Wire {
    session: Session,
    stream: AggregatedMessageStream,
    unfinished: Unfinished,
}

/// Why a socket ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has gone, or said that it goes.
    Gone,
    /// Nothing came for too long, or nothing could be handed over.
    Lost,
    /// It did not say who it is in time.
    Unnamed,
    /// Its credential is none, or has ended.
    LetGo,
    /// It may not be here for another reason; the answer says which.
    Refused,
    /// It cannot be found out who it is.
    Unknown,
    /// There is no place for it, or another took it.
    TooMany,
    /// It does not confirm what it was sent twice.
    Unconfirmed,
    /// It does not keep to the protocol of sockets.
    Garbled,
    /// It sent what is no text.
    NoText,
    /// It sent too much at once.
    TooLong,
    /// It began something and did not finish it.
    TooSlow,
    /// The server stops.
    Stopping,
}

impl End {
    /// What the client is told.
    const fn code(self) -> u16 {
        match self {
            Self::Gone | Self::Lost => 1000,
            Self::Stopping => 1001,
            Self::Garbled => 1002,
            Self::NoText => 1003,
            Self::Refused | Self::TooSlow => 1008,
            Self::TooLong => 1009,
            Self::LetGo => 4401,
            Self::Unnamed => 4408,
            Self::Unconfirmed => 4409,
            Self::TooMany => 4429,
            Self::Unknown => 4503,
        }
    }
}

impl Wire {
    /// Why there was no message.
    fn ended(&self, error: Option<&ProtocolError>) -> End {
        match (self.unfinished.fault(), error) {
            (Some(Fault::TooLong), _) | (None, Some(ProtocolError::Overflow)) => End::TooLong,
            (Some(Fault::TooSlow), _) => End::TooSlow,
            (None, Some(ProtocolError::Io(error))) if error.kind() == InvalidData => End::Garbled,
            (None, None | Some(ProtocolError::Io(_))) => End::Gone,
            (None, Some(_)) => End::Garbled,
        }
    }

    async fn close(self, end: End) {
        let reason = CloseReason { code: CloseCode::from(end.code()), description: None };
        let _ = timeout(GOODBYE, self.session.close(Some(reason))).await;
    }
}
