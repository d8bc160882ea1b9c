//! What somebody shows to be let in again: access and refresh tokens of the accounts kept here,
//! and of members for whom their mall asked.
//!
//! Only hashes are kept, so a stolen database opens no door. The times are the database's: a token is good
//! while [`Database::now`] is before `expires` and `revoked` is empty.

use kefu_domain::{Party, StoreError, TenantId, Timestamp};

use crate::Database;
use crate::database::on_either;

/// The hash of a token, as the caller made it.
pub type TokenHash = [u8; 32];

/// The two kinds of tokens. Both are accepted as credentials; a refresh token also buys access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// Lives for minutes.
    Access,
    /// Lives for weeks; stays the same when access tokens are renewed.
    Refresh,
}

impl TokenKind {
    pub(crate) const fn code(self) -> i32 {
        match self {
            Self::Access => 1,
            Self::Refresh => 2,
        }
    }

    pub(crate) const fn of(code: i32) -> Self {
        match code {
            1 => Self::Access,
            _ => Self::Refresh,
        }
    }
}

/// A token that was given out.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Its hash.
    pub hash: TokenHash,
    /// What kind.
    pub kind: TokenKind,
    /// The hash of the refresh token that it belongs to; a refresh token belongs to itself.
    pub refresh: TokenHash,
    /// Whose.
    pub owner: Party,
    /// The owner's tenant.
    pub tenant: TenantId,
    /// When it ends.
    pub expires: Timestamp,
    /// When it was taken back.
    pub revoked: Option<Timestamp>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Token")
            .field("kind", &self.kind)
            .field("owner", &self.owner)
            .field("expires", &self.expires)
            .field("revoked", &self.revoked)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// Whether it is good at this time of the database.
    #[must_use]
    pub fn is_good_at(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && now < self.expires
    }
}

/// A pair of tokens to be given out to an account, or to a member.
#[derive(Clone)]
pub struct NewToken {
    /// The hash of the access token.
    pub access: TokenHash,
    /// The hash of the refresh token.
    pub refresh: TokenHash,
    /// Whose.
    pub owner: Party,
    /// The owner's tenant.
    pub tenant: TenantId,
    /// How long the access token lives, in milliseconds from the database's now.
    pub access_lives_ms: i64,
    /// How long the refresh token lives, in milliseconds from the database's now.
    pub refresh_lives_ms: i64,
}

/// What came of an attempt to renew an access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Renewal {
    /// There is no such refresh token, or it was revoked.
    Unknown,
    /// It has expired.
    Expired,
    /// The new access token.
    Renewed(Token),
}

impl Database {
    /// Gives out an access token and its refresh token, together or not at all; returns them in that order.
    pub fn add_tokens(&self, new: &NewToken) -> Result<(Token, Token), StoreError> {
        on_either!(self, db => db.add_tokens(new))
    }

    /// The token with that hash, good or not.
    pub fn token(&self, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
        on_either!(self, db => db.token(hash))
    }

    /// Gives out another access token for a good refresh token, which stays the same, and revokes the previous
    /// ones, all at once. Of two attempts at the same time the later one wins.
    pub fn renew_access(
        &self,
        refresh: &TokenHash,
        access: &TokenHash,
        access_lives_ms: i64,
    ) -> Result<Renewal, StoreError> {
        on_either!(self, db => db.renew_access(refresh, access, access_lives_ms))
    }

    /// Revokes a refresh token and all access tokens that belong to it; returns the hashes that were good until now.
    pub fn revoke_tokens(&self, refresh: &TokenHash) -> Result<Vec<TokenHash>, StoreError> {
        on_either!(self, db => db.revoke_tokens(refresh))
    }

    /// Revokes all tokens of somebody; returns the hashes that were not revoked before.
    pub fn revoke_tokens_of(&self, tenant: TenantId, owner: Party) -> Result<Vec<TokenHash>, StoreError> {
        on_either!(self, db => db.revoke_tokens_of(tenant, owner))
    }

    /// The tokens that were revoked at this time of the database or later.
    ///
    /// A revocation becomes visible a moment after its own time. Whoever polls asks from some seconds before
    /// the previous poll.
    pub fn revoked_since(&self, since: Timestamp) -> Result<Vec<TokenHash>, StoreError> {
        on_either!(self, db => db.revoked_since(since))
    }

    /// Forgets the tokens that expired before this time; says how many.
    pub fn forget_tokens(&self, expired_before: Timestamp) -> Result<usize, StoreError> {
        on_either!(self, db => db.forget_tokens(expired_before))
    }
}
