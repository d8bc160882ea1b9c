//! Tickets: a way to open a socket without a credential in its address.

use actix_web::HttpRequest;
use actix_web::web::Data;
use serde::Serialize;

use crate::doorkeeper::TICKET_LIFE;
use crate::serving::{AdminCaller, MemberCaller, Reply};
use crate::{ApiError, Caller, Site};

/// What is given out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ticket {
    ticket: String,
    /// Seconds.
    expires_in: u64,
}

/// `POST /kefu-socket/ticket` of a member.
pub(crate) async fn for_member(
    site: Data<Site>,
    _: MemberCaller,
    request: HttpRequest,
) -> Result<Reply<Ticket>, ApiError> {
    issue(&site, &request).await
}

/// `POST /kefu-socket/ticket` of an admin.
pub(crate) async fn for_admin(
    site: Data<Site>,
    _: AdminCaller,
    request: HttpRequest,
) -> Result<Reply<Ticket>, ApiError> {
    issue(&site, &request).await
}

async fn issue(site: &Site, request: &HttpRequest) -> Result<Reply<Ticket>, ApiError> {
    let caller = Caller::of(request)?;
    site.0.tickets.take(caller.tenant, caller.party, None)?;
    let ticket = site.0.doorkeeper.issue_ticket(&caller).await?;
    Ok(Reply::new(Ticket { ticket, expires_in: TICKET_LIFE.as_secs() }))
}
