//! Passes for visitors.

use std::time::Duration;

use actix_web::web::Data;
use actix_web::{HttpMessage as _, HttpRequest};
use kefu_domain::StoreError;
use kefu_push::MallId;
use kefu_web::ApiError;
use kefu_web::serving::Reply;
use serde::Serialize;

use super::{Entrance, address_of};
use crate::clock;
use crate::guard::ClaimedTenant;
use crate::identity::{Guests, Token};
use crate::questions::ask;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// What a visitor is given.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Given {
    user_id: MallId,
    nickname: Option<String>,
    access_token: String,
    expires_time: i64,
}

/// `POST /app-api/kefu/guest`: somebody new, or the same visitor again where their pass is still good. Who it is, is
/// never the request's to say.
pub(crate) async fn enter(state: Data<Entrance>, request: HttpRequest) -> Result<Reply<Given>, ApiError> {
    let Some(guests) = state.parts.guests.clone() else {
        return Err(ApiError::NotFound(request.path().to_owned()));
    };
    let claimed = request.extensions().get::<ClaimedTenant>().copied();
    let ClaimedTenant(tenant) = claimed.ok_or(ApiError::Unauthenticated)?;
    let now = clock::now();
    let shown = Token::of_request(request.headers(), request.query_string());
    let known = shown.and_then(|token| guests.of_token(&token, now)).filter(|visitor| visitor.tenant == tenant);
    let visitor = match known {
        Some(visitor) => visitor,
        None => {
            state.newcomers.take(&address_of(&request))?;
            Guests::newcomer(tenant).map_err(|error| unavailable(&error))?
        }
    };
    let pass = guests.sign(&visitor, now).map_err(|error| unavailable(&error))?;
    let (party, profile) = ask(ANSWER_WITHIN, move || guests.member(&visitor, now)).await?;
    Ok(Reply::new(Given {
        user_id: MallId(party.id()),
        nickname: profile.nickname,
        access_token: pass.token,
        expires_time: pass.expires_ms,
    }))
}

fn unavailable(error: &dyn std::error::Error) -> ApiError {
    ApiError::Desk(kefu::Error::Store(StoreError::Unavailable(error.to_string().into())))
}
