//! The mall's socket: frames down, `ping` up, one task that owns both directions of one socket.

use std::pin::Pin;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::rt::time::{Instant, sleep_until, timeout};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use actix_ws::{AggregatedMessage, Closed, Session};
use kefu_domain::{ConversationId, Party, Scope, ShopId, Shops};
use kefu_push::{Guest, Inbox, Parcel, Seat};

use crate::caller::shop_of;
use crate::unfinished::{self, Unfinished};
use crate::{ApiError, Caller, Site};

/// Inbound text, in bytes; the mall's own server takes no more either.
const LONGEST: usize = 8 * 1024;
/// The shopper's page pings every five seconds, a hidden tab once a minute.
const SILENCE: Duration = Duration::from_secs(150);
/// A writer that cannot hand a frame over for this long has nobody at the other end.
const STUCK: Duration = Duration::from_secs(10);
/// How long saying goodbye may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// `GET /infra/ws`
pub(crate) async fn open(site: Data<Site>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let caller = match Caller::of(&request) {
        Ok(caller) => caller,
        // A browser only sees that there was no upgrade; a status says it to everybody else.
        Err(error) => {
            let mut response = error.error_response();
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            return response;
        }
    };
    let (caller, shops) = match at_their_shops(&site, &request, caller).await {
        Ok(seated) => seated,
        Err(error) => {
            let mut response = error.error_response();
            *response.status_mut() = status_of(&error);
            return response;
        }
    };
    let (payload, unfinished) = match unfinished::bounded(&request, payload).await {
        Ok(bounded) => bounded,
        Err(error) => return error.error_response(),
    };
    let (response, session, stream) = match actix_ws::handle(&request, payload) {
        Ok(parts) => parts,
        Err(error) => return error.error_response(),
    };
    let guest = Guest {
        party: caller.party,
        tenant: caller.tenant,
        shops,
        permissions: caller.permissions,
        credential: caller.credential,
        expires: caller.expires,
    };
    let (seat, inbox) = site.0.hub.join(guest);
    let stream = stream.max_frame_size(LONGEST).aggregate_continuations().max_continuation_size(LONGEST);
    let now = Instant::now();
    let pump = Pump { site, caller: (caller.tenant, caller.party), seat, inbox, session, heard: now, unfinished };
    actix_web::rt::spawn(pump.run(stream));
    response
}

/// The shops whose news a socket hears: a member's one, all that an admin serves.
async fn at_their_shops(site: &Site, request: &HttpRequest, caller: Caller) -> Result<(Caller, Shops), ApiError> {
    match caller.party {
        Party::Member(_) => {}
        Party::Admin(_) => {
            let shops = caller.shops.clone();
            return Ok((caller, shops));
        }
        Party::System => return Err(ApiError::Forbidden),
    }
    let shop = shop_of(request)?.unwrap_or(ShopId::PLATFORM);
    site.0.desk.admits(Scope { tenant: caller.tenant, shop }).await?;
    Ok((caller, Shops::from(shop)))
}

/// Why there is no upgrade, as a status: whose fault it is, and whether to come again.
fn status_of(error: &ApiError) -> StatusCode {
    match error.code() {
        403 => StatusCode::FORBIDDEN,
        429 | 503 => StatusCode::SERVICE_UNAVAILABLE,
        500 => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

/// What is being handed to the socket's writer.
struct HandOver {
    done: Pin<Box<dyn Future<Output = Result<(), Closed>>>>,
    since: Instant,
    /// Kept until the writer has the frame: the sender's answer may be waiting for it.
    parcel: Option<Parcel>,
}

/// One socket, from handshake to goodbye.
struct Pump {
    site: Data<Site>,
    caller: (kefu_domain::TenantId, kefu_domain::Party),
    /// The place at the hub, kept until this ends.
    #[expect(dead_code, reason = "held for its drop")]
    seat: Seat,
    inbox: Inbox,
    session: Session,
    /// When the client was last heard.
    heard: Instant,
    /// What it has sent since.
    unfinished: Unfinished,
}

impl Pump {
    /// Runs until either side goes. Reading never waits for writing: a `ping` is heard, and its `pong` is the next
    /// thing handed over, however many frames are queued.
    async fn run(mut self, mut stream: actix_ws::AggregatedMessageStream) {
        let mut pong: Option<Instant> = None;
        let mut echo: Option<Bytes> = None;
        let mut handing: Option<HandOver> = None;
        loop {
            if handing.is_none() {
                if let Some(heard) = pong.take() {
                    metrics::histogram!("kefu_pong_seconds").record(heard.elapsed().as_secs_f64());
                    handing = Some(self.hand_over(Reply::Pong));
                } else if let Some(bytes) = echo.take() {
                    handing = Some(self.hand_over(Reply::Echo(bytes)));
                }
            }
            let idle = handing.is_none();
            let stuck = handing.as_ref().map_or(self.heard + SILENCE, |handing| handing.since + STUCK);
            tokio::select! {
                () = sleep_until(stuck.min(self.heard + SILENCE)) => break,
                heard = stream.recv() => {
                    let Some(Ok(message)) = heard else { break };
                    self.heard = Instant::now();
                    self.unfinished.forget();
                    match message {
                        AggregatedMessage::Text(text) if text == "ping" => {
                            self.inbox.pinged();
                            pong = pong.or(Some(self.heard));
                        }
                        AggregatedMessage::Ping(bytes) => echo = Some(bytes),
                        AggregatedMessage::Close(_) => break,
                        // Clients speak over HTTP; whatever else they say is neither answered nor a reason to close.
                        AggregatedMessage::Text(_) | AggregatedMessage::Binary(_) | AggregatedMessage::Pong(_) => {}
                    }
                }
                done = finish(&mut handing), if !idle => {
                    let Some(shown) = done else { break };
                    if let Some((conversation, seq)) = shown {
                        let (tenant, party) = self.caller;
                        self.site.0.desk.shown(tenant, party, conversation, seq);
                    }
                }
                parcel = self.inbox.next(), if idle => {
                    // The hub let us go: the credential ended, or the server stops.
                    let Some(parcel) = parcel else { break };
                    handing = Some(self.hand_over(Reply::Frame(parcel)));
                }
            }
        }
        drop(handing);
        let _ = timeout(GOODBYE, self.session.close(None)).await;
    }

    /// Starts handing something to actix's writer, which takes 32 frames before it makes us wait.
    fn hand_over(&self, reply: Reply) -> HandOver {
        let mut session = self.session.clone();
        let (done, parcel): (Pin<Box<dyn Future<Output = _>>>, _) = match reply {
            Reply::Pong => (Box::pin(async move { session.text("pong").await }), None),
            Reply::Echo(bytes) => (Box::pin(async move { session.pong(&bytes).await }), None),
            Reply::Frame(parcel) => {
                let text = parcel.text.clone();
                (Box::pin(async move { session.text(text).await }), Some(parcel))
            }
        };
        HandOver { done, since: Instant::now(), parcel }
    }
}

/// What goes down a socket.
enum Reply {
    Pong,
    Echo(Bytes),
    Frame(Parcel),
}

/// Waits until the writer has it; says what was shown by it, or `None` when the peer has gone.
async fn finish(handing: &mut Option<HandOver>) -> Option<Option<(ConversationId, i64)>> {
    let handed = match handing {
        Some(handing) => handing.done.as_mut().await,
        None => return Some(None),
    };
    let shown = handing.take().and_then(|handing| handing.parcel).and_then(|parcel| parcel.shown);
    handed.ok().map(|()| shown)
}
