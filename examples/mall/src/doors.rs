//! The mall's middleware: who is calling, and a number for every request.

use std::future::{Ready, ready};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kefu::domain::{AdminId, MemberId, Party, Permission, Profile, ShopId, TenantId};
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
pub(crate) async fn recognise(
    books: Data<Books>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> actix_web::Result<ServiceResponse<impl MessageBody>> {
    if let Some(token) = token(&request) {
        let found = web::block(move || caller(&books, &token)).await?.map_err(Refused::from)?;
        if let Some(caller) = found {
            request.extensions_mut().insert(caller);
        }
    }
    next.call(request).await
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
