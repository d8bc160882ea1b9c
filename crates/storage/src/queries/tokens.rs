//! Tokens.

use diesel::prelude::*;
use kefu_domain::{Party, StoreError, TenantId, Timestamp};

use super::super::dialect::{Conn, locked};
use super::{Condition, Db, clock};
use crate::own_rows::TokenRow;
use crate::schema::kefu_token as token;
use crate::{NewToken, Renewal, Token, TokenHash, TokenKind};

impl Db {
    pub(crate) fn add_tokens(&self, new: &NewToken) -> Result<(Token, Token), StoreError> {
        self.transact(|conn| {
            let now = self.offset.instant(clock(conn)?);
            let made = |kind, hash, lives_ms: i64| Token {
                hash,
                kind,
                refresh: new.refresh,
                owner: new.owner,
                tenant: new.tenant,
                expires: Timestamp(now.0.saturating_add(lives_ms)),
                revoked: None,
            };
            let access = made(TokenKind::Access, new.access, new.access_lives_ms);
            let refresh = made(TokenKind::Refresh, new.refresh, new.refresh_lives_ms);
            let rows = [TokenRow::from(&access), TokenRow::from(&refresh)];
            diesel::insert_into(token::table).values(&rows[..]).execute(conn)?;
            Ok((access, refresh))
        })
    }

    pub(crate) fn token(&self, hash: &TokenHash) -> Result<Option<Token>, StoreError> {
        let row =
            self.read(|conn| token::table.find(hash.as_slice()).select(TokenRow::as_select()).first(conn).optional())?;
        Ok(row.and_then(TokenRow::token))
    }

    pub(crate) fn renew_access(
        &self,
        refresh: &TokenHash,
        access: &TokenHash,
        access_lives_ms: i64,
    ) -> Result<Renewal, StoreError> {
        self.transact(|conn| {
            let now = self.offset.instant(clock(conn)?);
            let found = locked!(token::table.find(refresh.as_slice()).select(TokenRow::as_select()))
                .first(conn)
                .optional()?
                .and_then(TokenRow::token);
            let Some(refresh) = found.filter(|it| it.kind == TokenKind::Refresh && it.revoked.is_none()) else {
                return Ok(Renewal::Unknown);
            };
            if !refresh.is_good_at(now) {
                return Ok(Renewal::Expired);
            }
            revoke(conn, || accesses_of(&refresh.hash), now)?;
            let renewed = Token {
                hash: *access,
                kind: TokenKind::Access,
                expires: Timestamp(now.0.saturating_add(access_lives_ms)),
                ..refresh
            };
            diesel::insert_into(token::table).values(TokenRow::from(&renewed)).execute(conn)?;
            Ok(Renewal::Renewed(renewed))
        })
    }

    pub(crate) fn revoke_tokens(&self, refresh: &TokenHash) -> Result<Vec<TokenHash>, StoreError> {
        self.revoke_all(|| Box::new(token::refresh_hash.eq(refresh.to_vec())))
    }

    pub(crate) fn revoke_tokens_of(&self, tenant: TenantId, owner: Party) -> Result<Vec<TokenHash>, StoreError> {
        self.revoke_all(|| of_party_at(tenant, owner))
    }

    fn revoke_all(&self, which: impl Fn() -> Condition<token::table>) -> Result<Vec<TokenHash>, StoreError> {
        self.transact(|conn| {
            let now = self.offset.instant(clock(conn)?);
            revoke(conn, &which, now)
        })
    }

    pub(crate) fn revoked_since(&self, since: Timestamp) -> Result<Vec<TokenHash>, StoreError> {
        let hashes: Vec<Vec<u8>> =
            self.read(|conn| token::table.filter(token::revoked_ms.ge(since.0)).select(token::hash).load(conn))?;
        Ok(typed(hashes))
    }

    pub(crate) fn forget_tokens(&self, expired_before: Timestamp) -> Result<usize, StoreError> {
        self.write(|conn| diesel::delete(token::table.filter(token::expires_ms.lt(expired_before.0))).execute(conn))
    }
}

/// All tokens of somebody. A member of another tenant may have the same number.
pub(super) fn of_party(owner: Party) -> Condition<token::table> {
    Box::new(token::account_id.eq(owner.id()).and(token::user_type.eq(owner.user_type())))
}

/// All tokens of somebody at one tenant.
pub(super) fn of_party_at(tenant: TenantId, owner: Party) -> Condition<token::table> {
    Box::new(of_party(owner).and(token::tenant_id.eq(tenant.0)))
}

fn accesses_of(refresh: &TokenHash) -> Condition<token::table> {
    Box::new(token::refresh_hash.eq(refresh.to_vec()).and(token::kind.eq(TokenKind::Access.code())))
}

/// Revokes those that were not; returns their hashes.
pub(super) fn revoke(
    conn: &mut Conn,
    which: impl Fn() -> Condition<token::table>,
    now: Timestamp,
) -> QueryResult<Vec<TokenHash>> {
    let good = || token::table.filter(which()).filter(token::revoked_ms.is_null());
    let hashes: Vec<Vec<u8>> = locked!(good().select(token::hash)).load(conn)?;
    if !hashes.is_empty() {
        diesel::update(good()).set(token::revoked_ms.eq(now.0)).execute(conn)?;
    }
    Ok(typed(hashes))
}

fn typed(hashes: Vec<Vec<u8>>) -> Vec<TokenHash> {
    hashes.into_iter().filter_map(|hash| hash.try_into().ok()).collect()
}
