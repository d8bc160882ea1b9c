//! The mall's middleware: who is calling, and a number for every request.

use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kefu::domain::{AdminId, MemberId, Party, Permission, Profile, ShopId, TenantId};
use kefu_push::Hub;
use kefu_web::Caller;

use crate::books::{Books, BooksError};
use crate::pages::Refused;
use crate::{directories, secret};

/// This mall is one tenant, and stays it.
pub(crate) const MALL: TenantId = TenantId(1);

/// How many requests there were.
#[derive(Default)]
pub(crate) struct Counter(AtomicU64);

/// Numbers every request, whoever answers it.
pub(crate) async fn number(
    counter: Data<Counter>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let number = counter.0.fetch_add(1, Ordering::Relaxed) + 1;
    let mut response = next.call(request).await?;
    response.headers_mut().insert(HeaderName::from_static("x-request-number"), HeaderValue::from(number));
    Ok(response)
}

/// Looks at the token, and puts whoever it belongs to into the request's extensions: the desk's routes and the mall's
/// own find them there.
///
/// A socket outlives its request, and a logout in between found nobody to show out yet. So when somebody has sat down,
/// the token is looked at once more; whoever logs out after that finds the socket.
pub(crate) async fn recognise(
    books: Data<Books>,
    hub: Data<Hub>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    let Some(token) = token(&request) else { return next.call(request).await };
    let login = secret::credential(&token);
    let look = move || caller(&books, &token);
    if let Some(caller) = web::block(look.clone()).await?.map_err(Refused::from)? {
        request.extensions_mut().insert(caller);
    }
    let response = next.call(request).await?;
    if response.status() == StatusCode::SWITCHING_PROTOCOLS && !matches!(web::block(look).await, Ok(Ok(Some(_)))) {
        hub.close_credential(&login);
    }
    Ok(response)
}

/// The token of a header, or of the address: a browser's WebSocket has no headers.
fn token(request: &ServiceRequest) -> Option<String> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let in_header = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    in_header.or_else(|| {
        let query = web::Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?;
        query.into_inner().into_iter().find_map(|(name, value)| (name == "token").then_some(value))
    })
}

fn caller(books: &Books, token: &str) -> Result<Option<Caller>, BooksError> {
    let Some(person) = books.bearer(token)? else { return Ok(None) };
    let caller = if person.works {
        let shops = books.shops_of(person.id)?;
        Caller::admin(MALL, AdminId(person.id), Permission::ALL).serving(shops.into_iter().map(ShopId))
    } else {
        Caller::member(MALL, MemberId(person.id))
    };
    Ok(Some(caller.shown_as(directories::profile(person)).with_credential(secret::credential(token))))
}

/// A signed-in shopper, for the mall's own pages.
pub(crate) struct Shopper(pub(crate) MemberId, pub(crate) Profile);

/// A signed-in clerk.
pub(crate) struct Clerk;

impl FromRequest for Shopper {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match Caller::of(request) {
            Ok(Caller { party: Party::Member(id), profile, .. }) => Ok(Self(id, profile)),
            Ok(_) => Err(Refused::NotForYou),
            Err(_) => Err(Refused::Stranger),
        })
    }
}

impl FromRequest for Clerk {
    type Error = Refused;
    type Future = Ready<Result<Self, Refused>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match Caller::of(request) {
            Ok(Caller { party: Party::Admin(_), .. }) => Ok(Self),
            Ok(_) => Err(Refused::NotForYou),
            Err(_) => Err(Refused::Stranger),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use std::cell::RefCell;

    use actix_web::middleware::from_fn;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse};
    use kefu::domain::Scope;
    use kefu_push::{Guest, Inbox, Seat};

    use super::*;

    /// Sits down as the desk's socket does; with `?late`, a logout comes just before.
    async fn sit_down(
        books: Data<Books>,
        hub: Data<Hub>,
        seats: Data<RefCell<Vec<(Seat, Inbox)>>>,
        request: HttpRequest,
    ) -> HttpResponse {
        let caller = Caller::of(&request).unwrap();
        if request.query_string().ends_with("&late") {
            books.sign_out(caller.credential.unwrap()).unwrap();
            assert_eq!(hub.close_credential(&caller.credential.unwrap()), 0, "nobody is there yet");
        }
        let guest = Guest { credential: caller.credential, ..Guest::new(Scope::platform(MALL), caller.party) };
        seats.borrow_mut().push(hub.join(guest));
        HttpResponse::SwitchingProtocols().finish()
    }

    #[actix_web::test]
    async fn who_logs_out_while_a_socket_is_opened_keeps_no_socket() {
        let folder = tempfile::tempdir().unwrap();
        let books = Books::open(&folder.path().join("mall.db")).unwrap();
        let (hub, seats) = (Data::new(Hub::new()), Data::new(RefCell::new(Vec::<(Seat, Inbox)>::new())));
        let mall = App::new().app_data(Data::new(books.clone())).app_data(hub.clone()).app_data(seats.clone());
        let mall = init_service(mall.route("/ws", web::get().to(sit_down)).wrap(from_fn(recognise))).await;

        for (when, open) in [("", 1), ("&late", 0)] {
            let (token, _) = books.sign_in("alice", crate::PASSWORD).unwrap().unwrap();
            let asked = TestRequest::get().uri(&format!("/ws?token={token}{when}")).to_request();

            assert_eq!(call_service(&mall, asked).await.status(), 101);

            assert_eq!(hub.close_credential(&secret::credential(&token)), open, "{when}");
        }
        let (_seat, mut late) = seats.borrow_mut().pop().unwrap();
        assert!(late.next().await.is_none());
    }
}
