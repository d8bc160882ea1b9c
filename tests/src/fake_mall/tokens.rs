//! The mall's tokens, and which of them open what.

use std::collections::HashMap;

use super::people::Who;
use super::wire::{Refusal, refused};
use crate::backend::fresh_seed;

/// The client that both front ends sign in as.
pub const MALL_CLIENT: &str = "default";

pub(super) const ACCESS_LIVES_MS: i64 = 1_800_000;
pub(super) const REFRESH_LIVES_MS: i64 = 30 * 86_400_000;

/// What somebody who signed in has in hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MallTokens {
    /// For half an hour.
    pub access: String,
    /// For thirty days; the mall lets it pass for an access token too, and the pages open their sockets with it.
    pub refresh: String,
}

/// A row of one of the two token tables; a refresh token's row names itself as its access token.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) id: i64,
    pub(super) who: Who,
    pub(super) tenant: i64,
    pub(super) access: String,
    pub(super) refresh: String,
    pub(super) expires: i64,
}

/// Something that the copies of the mall's tokens have to learn.
#[derive(Debug, Clone)]
pub(super) enum Change {
    Refreshable(Token),
    Issued(Token),
    /// A refresh token was used as a bearer: Java keeps it beside the access tokens from then on.
    Cached(Token),
    /// The end of an access or refresh token was moved.
    Moved(Token),
    Gone(Token),
}

#[derive(Debug, Default)]
pub(super) struct Purse {
    access: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    last: i64,
    pub(super) changes: Vec<Change>,
}

impl Purse {
    pub(super) fn count_from(&mut self, last: i64) {
        self.last = last;
    }

    pub(super) fn issue(&mut self, who: Who, tenant: i64, now: i64) -> Token {
        let refresh = fresh_token();
        let row = self.row(who, tenant, refresh.clone(), refresh.clone(), now + REFRESH_LIVES_MS);
        self.refresh.insert(refresh.clone(), row.clone());
        self.changes.push(Change::Refreshable(row));
        self.open(who, tenant, refresh, now)
    }

    fn open(&mut self, who: Who, tenant: i64, refresh: String, now: i64) -> Token {
        let row = self.row(who, tenant, fresh_token(), refresh, now + ACCESS_LIVES_MS);
        self.access.insert(row.access.clone(), row.clone());
        self.changes.push(Change::Issued(row.clone()));
        row
    }

    fn row(&mut self, who: Who, tenant: i64, access: String, refresh: String, expires: i64) -> Token {
        self.last += 1;
        Token { id: self.last, who, tenant, access, refresh, expires }
    }

    /// The token that was presented, also one that has ended. A refresh token is found only while it lives.
    pub(super) fn find(&mut self, presented: &str, now: i64) -> Option<Token> {
        if let Some(row) = self.access.get(presented) {
            return Some(row.clone());
        }
        let row = self.refresh.get(presented).filter(|row| row.expires > now)?.clone();
        self.changes.push(Change::Cached(row.clone()));
        Some(row)
    }

    /// A new access token; those that the refresh token gave out before are gone.
    pub(super) fn refresh(&mut self, presented: &str, tenant: i64, now: i64) -> Result<Token, Refusal> {
        let row = self.refresh.get(presented).filter(|row| row.tenant == tenant).cloned();
        let row = row.ok_or(refused(400, "无效的刷新令牌"))?;
        self.drop_access_of(presented);
        if row.expires <= now {
            self.refresh.remove(presented);
            self.changes.push(Change::Gone(row));
            return Err(refused(401, "刷新令牌已过期"));
        }
        Ok(self.open(row.who, row.tenant, presented.to_owned(), now))
    }

    /// What signing out does: the access token goes, and its refresh token with it.
    pub(super) fn sign_out(&mut self, presented: &str) {
        let Some(row) = self.access.remove(presented) else { return };
        self.changes.push(Change::Gone(row.clone()));
        if let Some(row) = self.refresh.remove(&row.refresh) {
            self.changes.push(Change::Gone(row));
        }
    }

    /// This one token goes.
    pub(super) fn revoke(&mut self, presented: &str) -> bool {
        let gone = self.access.remove(presented).or_else(|| self.refresh.remove(presented));
        let known = gone.is_some();
        self.changes.extend(gone.map(Change::Gone));
        known
    }

    /// This one token ends then.
    pub(super) fn end_at(&mut self, presented: &str, expires: i64) -> bool {
        let row = self.access.get_mut(presented).or_else(|| self.refresh.get_mut(presented));
        let Some(row) = row else { return false };
        row.expires = expires;
        self.changes.push(Change::Moved(row.clone()));
        true
    }

    fn drop_access_of(&mut self, refresh: &str) {
        let gone: Vec<Token> = self.access.extract_if(|_, row| row.refresh == refresh).map(|(_, row)| row).collect();
        self.changes.extend(gone.into_iter().map(Change::Gone));
    }
}

/// Thirty-two hexadecimal digits, as Java's `IdUtil.fastSimpleUUID` makes them.
fn fresh_token() -> String {
    format!("{:016x}{:016x}", fresh_seed(), fresh_seed())
}
