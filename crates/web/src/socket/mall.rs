//! The mall's dialect: frames down, `ping` up, one task that owns both directions of one socket.

use std::any::Any;
use std::sync::Arc;

use actix_web::rt::time::{Instant, sleep_until, timeout};
use actix_web::web::{Bytes, Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use actix_ws::{AggregatedMessage, Session};
use bytestring::ByteString;
use kefu_domain::{Party, Scope, ShopId, Shops};
use kefu_push::{Dialect, Inbox, Parcel, Seat};

use super::hand_over::{HandOver, finish};
use super::{GOODBYE, SILENCE, refuse};
use crate::admission::Admitted;
use crate::caller::shop_of;
use crate::{ApiError, Caller, ClientAddress, Site, unfinished};

/// Inbound text, in bytes; the mall's own server takes no more either.
const LONGEST: usize = 8 * 1024;

/// The handshake of a socket that names no sub-protocol.
pub(super) async fn open(site: Data<Site>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let page = site.0.settings.mall_origins.admit(request.headers());
    let caller = match page.and_then(|()| Caller::of(&request)) {
        Ok(caller) => caller,
        Err(error) => return refuse(&error),
    };
    let connected = site.0.admission.connect(ClientAddress::of(&request)).await;
    let admitted = match connected.and_then(|connected| connected.is(caller.tenant, caller.party)) {
        Ok(admitted) => admitted,
        Err(refused) => return refused.response(),
    };
    let (caller, shops) = match at_their_shops(&site, &request, caller).await {
        Ok(seated) => seated,
        Err(error) => return refuse(&error),
    };
    let payload = match unfinished::watched(&request, payload, LONGEST).await {
        Ok((payload, _)) => payload,
        Err(error) => return error.error_response(),
    };
    let (response, session, stream) = match actix_ws::handle(&request, payload) {
        Ok(parts) => parts,
        Err(error) => return error.error_response(),
    };
    let (seat, inbox) = site.0.hub.join(caller.guest(shops, Dialect::Mall));
    let stream = stream.max_frame_size(LONGEST).aggregate_continuations().max_continuation_size(LONGEST);
    let now = Instant::now();
    let pump = Pump {
        site,
        caller: (caller.tenant, caller.party),
        admitted,
        keeps: caller.keeps,
        seat,
        inbox,
        session,
        heard: now,
    };
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

/// One socket, from handshake to goodbye.
struct Pump {
    site: Data<Site>,
    caller: (kefu_domain::TenantId, kefu_domain::Party),
    /// The place among all sockets.
    admitted: Admitted,
    /// The host's affair.
    #[expect(dead_code, reason = "held for its drop")]
    keeps: Option<Arc<dyn Any + Send + Sync>>,
    /// The place at the hub, kept until this ends.
    #[expect(dead_code, reason = "held for its drop")]
    seat: Seat,
    inbox: Inbox,
    session: Session,
    /// When the client was last heard.
    heard: Instant,
}

impl Pump {
    /// Runs until either side goes. Reading never waits for writing: a `ping` is heard, and its `pong` is the next
    /// thing handed over, however many frames are queued.
    async fn run(mut self, mut stream: actix_ws::AggregatedMessageStream) {
        let mut pong: Option<Instant> = None;
        let mut echo: Option<Bytes> = None;
        let mut handing: Option<HandOver<Option<Parcel>>> = None;
        loop {
            if handing.is_none() {
                if let Some(heard) = pong.take() {
                    metrics::histogram!("kefu_pong_seconds").record(heard.elapsed().as_secs_f64());
                    handing = Some(HandOver::text(&self.session, ByteString::from_static("pong"), None));
                } else if let Some(bytes) = echo.take() {
                    handing = Some(HandOver::pong(&self.session, bytes, None));
                }
            }
            let idle = handing.is_none();
            let silent = self.heard + SILENCE;
            let stuck = handing.as_ref().map_or(silent, HandOver::stuck_at);
            tokio::select! {
                () = sleep_until(stuck.min(silent)) => break,
                heard = stream.recv() => {
                    let Some(Ok(message)) = heard else { break };
                    self.heard = Instant::now();
                    self.admitted.heard();
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
                // A newer socket of the same person needs the place, and this one looks left behind.
                () = self.admitted.displaced() => break,
                handed = finish(&mut handing), if !idle => {
                    let Some(parcel) = handed else { break };
                    if let Some(parcel) = parcel {
                        self.has(parcel);
                    }
                }
                parcel = self.inbox.next(), if idle => {
                    // The hub let us go: the credential ended, or the server stops.
                    let Some(parcel) = parcel else { break };
                    handing = Some(HandOver::text(&self.session, parcel.text.clone(), Some(parcel)));
                }
            }
        }
        drop(handing);
        let _ = timeout(GOODBYE, self.session.close(None)).await;
    }

    /// The writer has it, and with that the sender's answer need not wait any longer.
    fn has(&self, parcel: Parcel) {
        if let Some((conversation, seq)) = parcel.shown {
            let (tenant, party) = self.caller;
            self.site.0.desk.shown(tenant, party, conversation, seq);
        }
        parcel.accepted();
    }
}
