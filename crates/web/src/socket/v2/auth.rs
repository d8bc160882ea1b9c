//! The first frame.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web::Data;
use actix_ws::AggregatedMessage;
use bytestring::ByteString;
use kefu_domain::{ClientMsgId, Cursor, Party, Scope, Shops};
use kefu_push::v2::{self, Action, Auth, Heard, Up, Welcome};
use kefu_push::{Dialect, Inbox, Seat};
use tokio::time::{Instant, timeout, timeout_at};

use super::{End, HEARTBEAT, Wire, frames};
use crate::admission::{Admitted, Connected};
use crate::doorkeeper::{KNOWN_WITHIN, TICKET_PREFIX};
use crate::person::Person;
use crate::socket::STUCK;
use crate::{ApiError, Caller, Site, json};

/// How long a socket may be open without saying whose it is.
const WITHIN: Duration = Duration::from_secs(5);

/// Somebody who has come in.
pub(super) struct Entered {
    pub(super) person: Person,
    pub(super) admitted: Admitted,
    pub(super) seat: Seat,
    pub(super) inbox: Inbox,
    pub(super) keeps: Option<Arc<dyn Any + Send + Sync>>,
    /// What they want to resume at once, of which life of the database.
    pub(super) resume: Option<(Option<String>, Vec<Cursor>)>,
}

/// Waits for the first frame and lets in whoever may come in; everybody else has been told why not.
pub(super) async fn enter(site: &Data<Site>, connected: Connected, wire: &mut Wire) -> Result<Entered, End> {
    let text = first_text(wire).await?;
    let (auth, key) = match understood(&text) {
        Ok(understood) => understood,
        Err(refused) => return Err(part(wire, refused, End::LetGo).await),
    };
    match admit(site, connected, auth, key.as_ref()).await {
        Ok((entered, welcome)) => {
            say(wire, welcome).await?;
            Ok(entered)
        }
        Err((refused, end)) => Err(part(wire, refused, end).await),
    }
}

async fn first_text(wire: &mut Wire) -> Result<ByteString, End> {
    let until = Instant::now() + WITHIN;
    loop {
        let heard = timeout_at(until, wire.stream.recv()).await.map_err(|_| End::Unnamed)?;
        match heard {
            Some(Ok(AggregatedMessage::Text(text))) => return Ok(text),
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                let answered = timeout_at(until, wire.session.pong(&bytes)).await.map_err(|_| End::Unnamed)?;
                answered.map_err(|_| End::Gone)?;
            }
            Some(Ok(AggregatedMessage::Pong(_))) => {}
            Some(Ok(AggregatedMessage::Binary(_))) => return Err(End::NoText),
            Some(Ok(AggregatedMessage::Close(_))) => return Err(End::Gone),
            Some(Err(error)) => return Err(wire.ended(Some(&error))),
            None => return Err(wire.ended(None)),
        }
    }
}

/// Who is said to be there, or the answer to whatever else was said.
fn understood(text: &str) -> Result<(Auth, Option<ClientMsgId>), ByteString> {
    let frame = json::object(text.as_bytes())
        .map_err(|flaw| frames::refused(None, &ApiError::Invalid(flaw.to_string().into()), None))?;
    match v2::hear(&frame) {
        Ok(Heard { up: Up::Auth(auth), client_msg_id }) => Ok((auth, client_msg_id)),
        Ok(Heard { up, client_msg_id }) => {
            Err(frames::refused(up.action(), &ApiError::Unauthenticated, client_msg_id.as_ref()))
        }
        Err(misheard) => match misheard.action {
            None | Some(Action::Auth) => Err(frames::misheard(&misheard)),
            other => Err(frames::refused(other, &ApiError::Unauthenticated, misheard.client_msg_id.as_ref())),
        },
    }
}

type Refused = (ByteString, End);

async fn admit(
    site: &Data<Site>,
    connected: Connected,
    auth: Auth,
    key: Option<&ClientMsgId>,
) -> Result<(Entered, ByteString), Refused> {
    let no = |error: ApiError, for_good: End| {
        let end = if error.is_for_good() { for_good } else { End::Unknown };
        (frames::refused(Some(Action::Auth), &error, key), end)
    };
    let caller = identify(site, &auth.credential).await.and_then(|caller| caller.ok_or(ApiError::Unauthenticated));
    let caller = caller.map_err(|error| no(error, End::LetGo))?;
    let shops = match caller.party {
        Party::Member(_) => {
            let scope = Scope { tenant: caller.tenant, shop: auth.shop };
            site.0.desk.admits(scope).await.map_err(|error| no(error.into(), End::Refused))?;
            Shops::from(auth.shop)
        }
        Party::Admin(_) | Party::System => caller.shops.clone(),
    };
    let person = Person::of(caller.clone(), auth.shop).map_err(|error| no(error, End::LetGo))?;
    let admitted = connected.is(caller.tenant, caller.party).map_err(|refused| {
        let told = ApiError::TooMany(0).told();
        (frames::later(Action::Auth, told.code, &told.msg, refused.retry_after, key), End::TooMany)
    })?;
    let server_time = site.0.clock.now(&site.0.desk).await.ok_or_else(|| no(kefu::Error::Late.into(), End::Unknown))?;
    let epoch = site.0.desk.epoch();
    let welcome = Welcome { party: caller.party, epoch, server_time, heartbeat: HEARTBEAT, shops: &shops };
    let welcome = v2::welcome(&welcome, key);
    let keeps = caller.keeps.clone();
    let (seat, inbox) = site.0.hub.join(caller.guest(shops, Dialect::V2));
    let resume = auth.resume.map(|cursors| (auth.epoch, cursors));
    Ok((Entered { person, admitted, seat, inbox, keeps, resume }, welcome))
}

async fn identify(site: &Site, credential: &str) -> Result<Option<Caller>, ApiError> {
    let doorkeeper = &site.0.doorkeeper;
    let asked = if credential.starts_with(TICKET_PREFIX) {
        doorkeeper.redeem_ticket(credential)
    } else {
        doorkeeper.identify(credential)
    };
    // Whatever a doorkeeper promises: somebody who waits is told in time that it cannot be found out.
    timeout(KNOWN_WITHIN, asked).await.unwrap_or(Err(kefu::Error::Late.into()))
}

/// Says why, and that it is over.
async fn part(wire: &mut Wire, refused: ByteString, end: End) -> End {
    say(wire, refused).await.err().unwrap_or(end)
}

async fn say(wire: &mut Wire, text: ByteString) -> Result<(), End> {
    let said = timeout(STUCK, wire.session.text(text)).await.map_err(|_| End::Lost)?;
    said.map_err(|_| End::Gone)
}
