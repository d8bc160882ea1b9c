//! The mall's own routes. They answer in the mall's own way: statuses, and errors as `{"error"}`.

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Json, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use kefu::domain::{Content, Kind, Member, Party, Recipient, Scope, ShopId};
use kefu::{Desk, Post};
use kefu_push::{Hub, SendObject};
use kefu_storage::Database;
use kefu_web::Caller;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::books::{Books, BooksError, Product, Purchase};
use crate::directories::profile;
use crate::doors::{Clerk, MALL, Shopper};

/// What the mall says no with.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Nobody known.
    #[error("sign in first")]
    Stranger,
    /// Somebody known, at the wrong door.
    #[error("this is not for you")]
    NotForYou,
    /// Nothing there.
    #[error("there is no such thing")]
    Nothing,
    /// The books.
    #[error(transparent)]
    Books(#[from] BooksError),
    /// The desk.
    #[error("the desk did not take it")]
    Desk(#[from] kefu::Error),
}

impl ResponseError for Refused {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Stranger => StatusCode::UNAUTHORIZED,
            Self::NotForYou => StatusCode::FORBIDDEN,
            Self::Nothing => StatusCode::NOT_FOUND,
            Self::Desk(kefu::Error::Refused(_)) => StatusCode::CONFLICT,
            Self::Books(_) | Self::Desk(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code()).json(json!({ "error": self.to_string() }))
    }
}

type Page<T> = Result<Json<T>, Refused>;

/// For everybody.
pub(crate) fn public(config: &mut ServiceConfig) {
    config.route("/login", web::post().to(login)).route("/logout", web::post().to(logout));
}

/// For shoppers.
pub(crate) fn shop(config: &mut ServiceConfig) {
    config
        .route("/products", web::get().to(products))
        .route("/products/{id}/ask", web::post().to(ask))
        .route("/orders", web::post().to(order))
        .route("/orders", web::get().to(orders))
        .route("/me", web::delete().to(leave));
}

/// For clerks.
pub(crate) fn office(config: &mut ServiceConfig) {
    config.route("/orders/{id}/ship", web::post().to(ship));
}

#[derive(Deserialize)]
struct Login {
    name: String,
    password: String,
}

async fn login(books: Data<Books>, desk_books: Data<Database>, login: Json<Login>) -> Page<Value> {
    blocking(move || {
        let found = books.sign_in(&login.name, &login.password)?;
        let (token, person) = found.ok_or(Refused::Stranger)?;
        let (id, works) = (person.id, person.works);
        if !works {
            // So that the desk's list can be searched by this name: a directory only tells names of ids.
            desk_books.remember_profile(MALL, 1, id, &profile(person)).map_err(kefu::Error::Store)?;
        }
        Ok(Json(json!({ "token": token, "id": id, "works": works })))
    })
    .await
}

/// Ends the login that was shown, and the sockets that came with it.
async fn logout(books: Data<Books>, hub: Data<Hub>, request: HttpRequest) -> Page<Value> {
    let caller = Caller::of(&request).map_err(|_| Refused::Stranger)?;
    let Some(credential) = caller.credential else { return Err(Refused::Stranger) };
    blocking(move || Ok(books.sign_out(credential)?)).await?;
    Ok(Json(json!({ "sockets": hub.close_credential(&credential) })))
}

async fn products(books: Data<Books>) -> Page<Vec<Product>> {
    blocking(move || Ok(Json(books.products()?))).await
}

#[derive(Deserialize)]
struct Order {
    product: i64,
    count: i64,
}

async fn order(books: Data<Books>, Shopper(me, _): Shopper, order: Json<Order>) -> Page<Purchase> {
    blocking(move || books.buy(me.0, order.product, order.count)?.map(Json).ok_or(Refused::Nothing)).await
}

async fn orders(books: Data<Books>, Shopper(me, _): Shopper) -> Page<Vec<Purchase>> {
    blocking(move || Ok(Json(books.purchases(me.0)?))).await
}

/// Asks the shop of a product about it: the mall itself puts the card into the shopper's conversation.
async fn ask(books: Data<Books>, desk: Data<Desk>, Shopper(id, profile): Shopper, product: Path<i64>) -> Page<Value> {
    let product = blocking(move || books.product(*product)?.ok_or(Refused::Nothing)).await?;
    let card = json!({
        "spuId": product.id, "spuName": product.title, "picUrl": product.picture,
        "price": product.price, "salesCount": 0, "stock": product.stock,
    });
    let content = Content::new(Kind::Product, &card.to_string());
    let content = content.map_err(|error| kefu::Error::Refused(error.into()))?;

    let me = Member { scope: Scope { tenant: MALL, shop: ShopId(product.merchant) }, id };
    let sent = desk.member(me, profile).send(Post::new(content)).await?;

    Ok(Json(json!({ "message": sent.message.id.0, "shop": product.merchant })))
}

/// Closes the account, and the sockets with it.
async fn leave(books: Data<Books>, hub: Data<Hub>, Shopper(me, _): Shopper) -> Page<Value> {
    blocking(move || Ok(books.close_account(me.0)?)).await?;
    Ok(Json(json!({ "sockets": hub.close_party(MALL, Party::Member(me)) })))
}

/// Sends an order off and says so on the shopper's socket, in a frame of the mall's own.
async fn ship(books: Data<Books>, hub: Data<Hub>, _clerk: Clerk, id: Path<i64>) -> Page<Value> {
    let sent = blocking(move || books.ship(*id)?.ok_or(Refused::Nothing)).await?;
    let to = Recipient::Member(Scope::platform(MALL), kefu::domain::MemberId(sent.person));
    // Nobody may be listening, and the order is on its way all the same.
    let heard = hub.send_object(&to, "order-shipped", &sent).unwrap_or(0);
    Ok(Json(json!({ "heard": heard })))
}

/// Books block; the pages do not.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Refused> + Send + 'static) -> Result<T, Refused> {
    match web::block(work).await {
        Ok(done) => done,
        Err(lost) => Err(BooksError::because(lost).into()),
    }
}
