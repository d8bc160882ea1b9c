//! The long poll, for networks through which no socket gets: the same cursors, the same objects.

mod answer;
mod asked;

use actix_web::HttpRequest;

use actix_web::web::Data;
use kefu_domain::{Permission, Shops};
use kefu_push::{Dialect, Inbox, Seat};
use tokio::time::{Duration, Instant, sleep, timeout_at};

use crate::admission::{Admitted, ClientAddress};
use crate::person::Person;
use crate::serving::{AdminCaller, MemberCaller, Params, Reply};
use crate::{ApiError, Caller, Site};
pub(crate) use answer::Synced;
use answer::look;
use asked::Asked;

/// `GET /kefu-message/sync` of a member.
pub(crate) async fn of_member(
    site: Data<Site>,
    caller: MemberCaller,
    params: Params,
    request: HttpRequest,
) -> Result<Reply<Synced>, ApiError> {
    let asked = Asked::by_member(&params)?;
    let shops = Shops::from(caller.me.scope.shop);
    let seat = sit_down(&site, &Caller::of(&request)?, shops);
    answer(&site, caller.into(), asked, &request, seat).await
}

/// `GET /kefu-message/sync` of an admin.
pub(crate) async fn of_admin(
    site: Data<Site>,
    caller: AdminCaller,
    params: Params,
    request: HttpRequest,
) -> Result<Reply<Synced>, ApiError> {
    let asked = Asked::by_admin(&params)?;
    let (me, _) = caller.clone().may(Permission::MessageQuery)?;
    if asked.changed_since.is_some() {
        caller.clone().may(Permission::ConversationQuery)?;
    }
    let seat = sit_down(&site, &Caller::of(&request)?, me.shops);
    answer(&site, caller.into(), asked, &request, seat).await
}

/// How long an agent's long poll waits for more after the first news.
const GATHER: Duration = Duration::from_millis(500);

/// Before anything is read: what comes from then on is heard.
fn sit_down(site: &Site, caller: &Caller, shops: Shops) -> (Seat, Inbox) {
    site.0.hub.join(caller.guest(shops, Dialect::V2))
}

async fn answer(
    site: &Data<Site>,
    person: Person,
    asked: Asked,
    request: &HttpRequest,
    (_seat, mut inbox): (Seat, Inbox),
) -> Result<Reply<Synced>, ApiError> {
    let until = Instant::now() + asked.wait;
    // Whoever asks holds the place of a socket, so that questions do not pile up.
    let place = place(site, &person, request).await?;
    let mut found = look(site, &person, &asked).await?;
    while !found.is_news && Instant::now() < until && hears_news(site, &mut inbox, &asked, &place, until).await {
        if asked.changed_since.is_some() {
            // A busy desk is always news: what comes together is answered together.
            sleep(GATHER).await;
        }
        found = look(site, &person, &asked).await?;
        found.is_news |= asked.changed_since.is_some();
    }
    Ok(Reply::new(found.synced(site, &person).await))
}

/// Whoever waits holds the place of a socket.
async fn place(site: &Site, person: &Person, request: &HttpRequest) -> Result<Admitted, ApiError> {
    let (tenant, party) = person.who();
    let connected = site.0.admission.connect(ClientAddress::of(request)).await;
    let admitted = connected.and_then(|connected| connected.is(tenant, party));
    admitted.map_err(|refused| ApiError::TooMany(refused.retry_after.as_secs().max(1)))
}

/// Waits for something that is worth a look; `false` when there is no more time, or no more place, or all are asked to
/// go elsewhere.
async fn hears_news(site: &Site, inbox: &mut Inbox, asked: &Asked, place: &Admitted, until: Instant) -> bool {
    while !site.0.hub.is_leaving() {
        let parcel = tokio::select! {
            parcel = timeout_at(until, inbox.next()) => parcel,
            () = place.displaced() => return false,
        };
        let Ok(Some(parcel)) = parcel else { return false };
        if inbox.has_lagged() || parcel.at.is_some_and(|at| asked.concerns(at.conversation)) {
            return true;
        }
    }
    false
}
