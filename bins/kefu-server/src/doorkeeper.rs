//! Who is at the other end of a socket that says so in its first frame: the same people as behind requests.
//!
//! A ticket stands for the token that it was asked for with, and that token is looked at again when somebody comes with
//! the ticket: it opens nothing that the token no longer opens. What the database keeps of a ticket is of no use to
//! whoever reads it there, since only the ticket itself, of which a hash is kept, makes it legible.

use std::any::Any;

use actix_web::web::Data;
use futures_util::future::BoxFuture;
use kefu_domain::{Party, StoreError, TenantId};
use kefu_storage::Database;
use kefu_web::{ApiError, Caller, Doorkeeper, TICKET_LIFE};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio::time::Instant;

use crate::guard::{Gate, KNOWN_WITHIN};
use crate::identity::Token;
use crate::questions::ask;
use crate::random::hex;

/// The gate, for sockets.
pub(crate) struct Door {
    gate: Data<Gate>,
    database: Database,
}

/// Whom a ticket stands for.
#[derive(Serialize, Deserialize)]
struct Bearer {
    token: String,
    user_type: i32,
    id: i64,
}

impl Door {
    pub(crate) fn new(gate: Data<Gate>, database: Database) -> Self {
        Self { gate, database }
    }

    async fn issue(&self, caller: &Caller) -> Result<String, ApiError> {
        let token = caller.keeps.as_deref().and_then(<dyn Any + Send + Sync>::downcast_ref::<Token>);
        let token = token.ok_or(ApiError::Unauthenticated)?;
        let ticket = kefu_web::ticket().ok_or(ApiError::Desk(kefu::Error::Crashed))?;
        let (tenant, hash) = (caller.tenant, Sha256::digest(&ticket).into());
        let bearer =
            Bearer { token: token.reveal().to_owned(), user_type: caller.party.user_type(), id: caller.party.id() };
        let bearer = bearer.sealed(&ticket).ok_or(ApiError::Desk(kefu::Error::Crashed))?;
        let life = i64::try_from(TICKET_LIFE.as_millis()).unwrap_or_default();
        let books = self.database.clone();
        ask(KNOWN_WITHIN, move || books.keep_ticket(hash, tenant, &bearer, books.now()?.0.saturating_add(life)))
            .await?;
        Ok(ticket)
    }

    async fn redeem(&self, ticket: &str) -> Result<Option<Caller>, ApiError> {
        let until = Instant::now() + KNOWN_WITHIN;
        let hash: [u8; 32] = Sha256::digest(ticket).into();
        let books = self.database.clone();
        let take =
            move || -> Result<Option<(TenantId, String)>, StoreError> { books.take_ticket(&hash, books.now()?.0) };
        let Some((tenant, bearer)) = ask(KNOWN_WITHIN, take).await? else { return Ok(None) };
        let Some(bearer) = Bearer::opened(&bearer, ticket) else { return Ok(None) };
        let Some(token) = Token::new(&bearer.token) else { return Ok(None) };
        let caller = self.gate.let_in(token, until).await?;
        let party = Party::of(bearer.user_type, bearer.id);
        Ok(caller.filter(|caller| (caller.tenant, caller.party) == (tenant, party)))
    }
}

impl Doorkeeper for Door {
    fn identify<'a>(&'a self, credential: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        Box::pin(async move {
            match Token::new(credential) {
                Some(token) => self.gate.let_in(token, Instant::now() + KNOWN_WITHIN).await,
                None => Ok(None),
            }
        })
    }

    fn issue_ticket<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<String, ApiError>> {
        Box::pin(self.issue(caller))
    }

    fn redeem_ticket<'a>(&'a self, ticket: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        Box::pin(self.redeem(ticket))
    }
}

impl Bearer {
    /// As text that only the ticket makes legible.
    fn sealed(&self, ticket: &str) -> Option<String> {
        let plain = serde_json::to_vec(self).ok()?;
        Some(hex(&masked(&plain, ticket)))
    }

    fn opened(sealed: &str, ticket: &str) -> Option<Self> {
        let bytes = sealed.as_bytes().chunks(2).map(|digits| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        });
        serde_json::from_slice(&masked(&bytes.collect::<Option<Vec<_>>>()?, ticket)).ok()
    }
}

/// The bytes under a mask that is used once: a ticket has 256 random bits, and stands for one bearer.
fn masked(bytes: &[u8], ticket: &str) -> Vec<u8> {
    let blocks = bytes.chunks(32).zip(0_u64..).flat_map(|(block, number)| {
        let mask = Sha256::new().chain_update(b"bearer of ").chain_update(ticket).chain_update(number.to_be_bytes());
        block.iter().zip(mask.finalize()).map(|(byte, mask)| byte ^ mask).collect::<Vec<_>>()
    });
    blocks.collect()
}

#[cfg(test)]
mod tests;
