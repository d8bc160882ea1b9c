//! What stands before every request: who is calling, for which tenant, and how long they may have to wait.
//!
//! The order of the checks is the mall's: a token of the other user type first, then the absence of one, then the
//! tenant; parameters and permissions are the controllers' affair. A caller that holds ends up in the request's
//! extensions.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError};
use kefu_domain::{Party, Side, TenantId};
/// Who somebody is must be known sooner than a request is answered, so that the desk has some time left.
pub(crate) use kefu_web::KNOWN_WITHIN;
use kefu_web::serving::{Access, asks_for_v2};
use kefu_web::{ApiError, Caller};
use tokio::time::{Instant, timeout_at};

use crate::attendance::Attendance;
use crate::client;
use crate::identity::{Identity, Question, Token, Verdict, WhoAreYou};
use crate::questions::ask;
use crate::tenants::Tenants;

/// Nobody waits longer for an answer, whatever the database does. Uploads have a limit of their own.
const ANSWER_WITHIN: Duration = Duration::from_millis(5_900);
/// Of the time in which a socket must know who is there, what is left for the question whether their tenant is served.
const TENANT_WITHIN: Duration = Duration::from_millis(500);

/// Where sockets are opened.
pub(crate) const SOCKET: &str = "/infra/ws";
/// Where tickets for them are given out, on either side.
const TICKET: &str = "/kefu-socket/ticket";
/// Where somebody waits for news, for as long as they say, on either side.
pub(crate) const SYNC: &str = "/kefu-message/sync";

/// The tenant of a request by somebody who is not signed in, as its header says.
#[derive(Debug, Clone, Copy)]
pub struct ClaimedTenant(pub TenantId);

/// What the guard goes by.
pub struct Gate {
    who: Arc<dyn WhoAreYou>,
    tenants: Tenants,
    /// Every path of the table; those with an [`Access::Anyone`] are public.
    table: HashMap<String, Access>,
    attendance: Attendance,
}

impl Gate {
    /// Guards the routes of a table.
    #[must_use]
    pub fn new(
        who: Arc<dyn WhoAreYou>,
        tenants: Tenants,
        table: HashMap<String, Access>,
        attendance: Attendance,
    ) -> Self {
        Self { who, tenants, table, attendance }
    }

    /// Who may ask at a path; `None` for a path that is not in the table.
    fn access(&self, request: &ServiceRequest, path: &str) -> Option<Access> {
        self.table.get(&request.resource_map().match_pattern(path)?).copied()
    }

    /// The caller, `None` for nobody, or a refusal.
    async fn judge(
        &self,
        request: &ServiceRequest,
        path: &str,
        access: Option<Access>,
    ) -> Result<Option<Caller>, ApiError> {
        let headers = request.headers();
        let claimed = number(request, "tenant-id");
        let identity = match Token::of_request(headers, request.query_string()) {
            Some(token) => {
                let question = Question { token, side: side_of(path), tenant: claimed };
                let found = self.identify(&question, Instant::now() + KNOWN_WITHIN).await;
                // Where nobody has to be anybody, a token that cannot be judged is as good as none.
                if access == Some(Access::Anyone) { found.unwrap_or_default() } else { found? }
            }
            None => None,
        };
        if identity.as_ref().is_some_and(|identity| is_other_side(path, identity.party)) {
            return Err(ApiError::Forbidden);
        }
        if identity.is_none() {
            match access {
                Some(Access::Anyone) => {}
                // The socket has its own way of saying no, and what is not in the table has too.
                Some(Access::SignedIn) | None => return Ok(None),
                Some(_) => return Err(ApiError::Unauthenticated),
            }
        }
        let tenant = match &identity {
            Some(identity) if claimed.is_some_and(|tenant| tenant != identity.tenant) => {
                return Err(ApiError::Own(403, "您无权访问该租户的数据".into()));
            }
            Some(identity) if number(request, "visit-tenant-id").is_some_and(|tenant| tenant != identity.tenant) => {
                return Err(ApiError::Own(403, "您无权切换租户".into()));
            }
            Some(identity) => Some(identity.tenant),
            None => claimed,
        };
        if !is_exempt(path) {
            let Some(tenant) = tenant else {
                return Err(ApiError::Own(400, "请求的租户标识未传递，请进行排查".into()));
            };
            self.admit(tenant).await?;
            request.extensions_mut().insert(ClaimedTenant(tenant));
        }
        Ok(identity.map(|identity| match Token::of_request(request.headers(), request.query_string()) {
            Some(token) if path == SOCKET => self.seated(token, identity),
            Some(token) if path.ends_with(TICKET) => caller(identity).keeping(token),
            _ => caller(identity),
        }))
    }

    /// Who shows a token at the beginning of a socket; `None` for nobody, and an error for a tenant that is not served.
    /// Answers by then, a moment from now.
    pub(crate) async fn let_in(&self, token: Token, until: Instant) -> Result<Option<Caller>, ApiError> {
        let question = Question { token, side: None, tenant: None };
        let Some(identity) = self.identify(&question, until - TENANT_WITHIN).await? else { return Ok(None) };
        self.admit_by(identity.tenant, until).await?;
        Ok(Some(self.seated(question.token, identity)))
    }

    /// Somebody with a socket: kept in mind for as long as it is open, where their rights may change meanwhile.
    fn seated(&self, token: Token, identity: Identity) -> Caller {
        match self.who.keeper(&token, &identity) {
            Some(keeper) => caller(identity.clone()).keeping(self.attendance.enter(token, identity, keeper)),
            None => caller(identity),
        }
    }

    /// Whoever shows a good token where none is needed. One that cannot be judged in time is as good as none.
    pub(crate) async fn visitor(&self, request: &HttpRequest) -> Option<Caller> {
        let token = Token::of_request(request.headers(), request.query_string())?;
        let question = Question { token, side: None, tenant: None };
        let found = self.identify(&question, Instant::now() + KNOWN_WITHIN).await;
        found.ok().flatten().map(caller)
    }

    async fn identify(&self, question: &Question, until: Instant) -> Result<Option<Identity>, ApiError> {
        if let Some(verdict) = self.who.at_once(&question.token) {
            return Ok(verdict.identity());
        }
        let answer = timeout_at(until, self.who.ask(question)).await;
        let answer = answer.unwrap_or(Err(ApiError::Desk(kefu::Error::Late)));
        answer.map(Verdict::identity).or_else(|error| self.who.without_asking(&question.token).map(Some).ok_or(error))
    }

    /// Whether a tenant is served.
    pub(crate) async fn admit(&self, tenant: TenantId) -> Result<(), ApiError> {
        self.admit_by(tenant, Instant::now() + KNOWN_WITHIN).await
    }

    async fn admit_by(&self, tenant: TenantId, until: Instant) -> Result<(), ApiError> {
        if let Some(verdict) = self.tenants.at_once(tenant) {
            return verdict;
        }
        let tenants = self.tenants.clone();
        ask(until.saturating_duration_since(Instant::now()), move || tenants.ask(tenant)).await?
    }
}

/// The middleware.
pub async fn guard<B: MessageBody + 'static>(
    gate: Data<Gate>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let deadline = Instant::now() + ANSWER_WITHIN;
    // As the router reads it: escapes undone, or they would lead past these checks.
    let path = request.match_info().as_str().to_owned();
    if path == SOCKET
        && let Some(household) = client::household(request.request())
    {
        request.extensions_mut().insert(household);
    }
    let access = gate.access(&request, &path);
    // Whoever is at the other end of such a socket says so in its first frame.
    let is_unnamed = path == SOCKET && asks_for_v2(request.headers());
    if !is_unnamed && (access != Some(Access::Anyone) || is_api(&path)) {
        match gate.judge(&request, &path, access).await {
            Ok(None) => {}
            Ok(Some(caller)) => drop(request.extensions_mut().insert(caller)),
            Err(error) => return Ok(request.into_response(error.error_response()).map_into_right_body()),
        }
    }
    // They have limits of their own.
    if path.ends_with("/infra/file/upload") || path.starts_with("/files/") || path.ends_with(SYNC) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    match timeout_at(deadline, next.call(request)).await {
        Ok(response) => Ok(response?.map_into_left_body()),
        Err(_) => Err(ApiError::Desk(kefu::Error::Late).into()),
    }
}

/// What answers where nothing does: 401 to strangers, the mall's words to everybody else.
pub async fn nothing(request: HttpRequest) -> HttpResponse {
    let error = match Caller::of(&request) {
        Err(error) => error,
        Ok(_) if request.path().starts_with("/admin-api/promotion/") => ApiError::ModuleDisabled,
        Ok(_) => ApiError::NotFound(request.path().to_owned()),
    };
    error.error_response()
}

fn caller(identity: Identity) -> Caller {
    let mut caller = Caller::new(identity.tenant, identity.party)
        .serving(identity.shops.iter().copied())
        .shown_as(identity.profile)
        .with_credential(identity.credential);
    caller.permissions = identity.permissions;
    caller.expires = identity.expires;
    caller
}

fn is_api(path: &str) -> bool {
    path.starts_with("/admin-api/") || path.starts_with("/app-api/")
}

/// Whose path it is.
fn side_of(path: &str) -> Option<Side> {
    match path {
        path if path.starts_with("/admin-api/") => Some(Side::Desk),
        path if path.starts_with("/app-api/") => Some(Side::Member),
        _ => None,
    }
}

/// Members have no business on the desk's paths, nor agents on the members'.
fn is_other_side(path: &str, party: Party) -> bool {
    match party {
        Party::Member(_) => path.starts_with("/admin-api/"),
        Party::Admin(_) => path.starts_with("/app-api/"),
        Party::System => true,
    }
}

/// Paths that a browser asks before it knows its tenant.
fn is_exempt(path: &str) -> bool {
    matches!(
        path,
        "/admin-api/system/tenant/get-id-by-name"
            | "/admin-api/system/tenant/get-by-website"
            | "/app-api/system/tenant/get-by-website"
    )
}

/// A header that is a number; any other is as good as absent.
fn number(request: &ServiceRequest, name: &str) -> Option<TenantId> {
    request.headers().get(name)?.to_str().ok()?.trim().parse().ok().map(TenantId)
}

#[cfg(test)]
mod tests;
