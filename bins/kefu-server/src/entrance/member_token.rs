//! Tokens for members, for whom the mall's own server asks.

use std::time::Duration;

use actix_web::web::{Data, Payload};
use actix_web::{FromRequest as _, HttpRequest};
use kefu_domain::TenantId;
use kefu_web::ApiError;
use kefu_web::serving::{Body, Reply};

use super::Entrance;
use crate::clock;
use crate::guard::Gate;
use crate::identity::{Called, profile_of};
use crate::questions::ask;
use crate::standalone::login::Pair;

const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// The mall's user type of members: a key makes nobody else.
const MEMBER: i32 = 1;
/// A token that ends sooner has ended before it arrives.
const SHORTEST_SECONDS: i64 = 60;

/// `POST /open-api/member-token`
pub(crate) async fn issue(
    state: Data<Entrance>,
    gate: Data<Gate>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply<Pair>, ApiError> {
    let (tenant, body) = enter(&state, &gate, &request, payload).await?;
    let called = member_of(&body)?;
    let text = |name: &str| body.text(name);
    let profile = profile_of(text("nickname")?.as_deref(), text("avatar")?.as_deref());
    let tokens = state.parts.tokens.clone();
    let seconds = body.id("seconds")?;
    if seconds.is_some_and(|seconds| !(SHORTEST_SECONDS..=tokens.longest_seconds()).contains(&seconds)) {
        let longest = tokens.longest_seconds();
        return Err(ApiError::Invalid(format!("seconds 须在 {SHORTEST_SECONDS} 到 {longest} 之间").into()));
    }
    let (numbers, remembering) = (state.parts.numbers.clone(), state.parts.remembering.clone());
    let (owner, issued) = ask(ANSWER_WITHIN, move || {
        let owner = numbers.ask(tenant, MEMBER, &called)?;
        remembering.note(tenant, owner, &profile, clock::now());
        let issued = match seconds {
            Some(seconds) => tokens.issue_for(tenant, owner, seconds.saturating_mul(1_000))?,
            None => tokens.issue(tenant, owner)?,
        };
        Ok((owner, issued))
    })
    .await?;
    Ok(Reply::new(Pair::of(owner, issued)))
}

/// `POST /open-api/member-token/revoke`: all tokens that were given out for a member end, and so do their sockets.
pub(crate) async fn revoke(
    state: Data<Entrance>,
    gate: Data<Gate>,
    request: HttpRequest,
    payload: Payload,
) -> Result<Reply<bool>, ApiError> {
    let (tenant, body) = enter(&state, &gate, &request, payload).await?;
    let called = member_of(&body)?;
    let (numbers, tokens) = (state.parts.numbers.clone(), state.parts.tokens.clone());
    let revoked = ask(ANSWER_WITHIN, move || {
        let owner = numbers.ask(tenant, MEMBER, &called)?;
        tokens.revoke_all(tenant, owner)
    })
    .await?;
    for hash in &revoked {
        state.parts.hub.close_credential(&crate::identity::credential_of(hash));
    }
    Ok(Reply::new(true))
}

/// The key first, then the tenant, then what is wanted.
async fn enter(
    state: &Entrance,
    gate: &Gate,
    request: &HttpRequest,
    payload: Payload,
) -> Result<(TenantId, Body), ApiError> {
    let tenant = state.admit(request).await?;
    gate.admit(tenant).await?;
    let body = Body::from_request(request, &mut payload.into_inner()).await?;
    Ok((tenant, body))
}

/// Whom the mall means: by a number or by a name, and not by both.
fn member_of(body: &Body) -> Result<Called, ApiError> {
    let called = match (body.id("userId")?, body.text("subject")?) {
        (Some(number), None) => Called::number(number),
        (None, Some(name)) => Called::text(&name),
        (Some(_), Some(_)) => return Err(ApiError::Invalid("userId 与 subject 只能传一个".into())),
        (None, None) => return Err(ApiError::Invalid("userId 与 subject 须传一个".into())),
    };
    called.ok_or(ApiError::Invalid(
        "userId 须为 1 到 9007199254740991；subject 须为 1 到 128 个字符，首尾不含空白".into(),
    ))
}
