//! What is asked of a yudao mall's own tables.
//!
//! Their collations take `A` for `a`, so whatever is a secret is compared here once more. Where tenants are switched
//! off, both the tokens and the rows are of tenant 0.

use std::collections::HashMap;
use std::time::Duration;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use kefu_domain::{AdminId, MemberId, Party, Permission, StoreError, TenantId};

use super::dialect::{Conn, Sessions};
use crate::pool::Readers;
use crate::{MallPerson, MallToken, StorageOffset};

/// Well below the hours after which servers, and the minutes after which firewalls, forget idle connections.
const LIFETIME: Duration = Duration::from_secs(600);
/// Ids in one statement, at most.
const IDS: usize = 500;
/// The mall's `CommonStatusEnum.ENABLE`.
const ENABLED: i32 = 0;
const SUPER_ADMIN: &str = "super_admin";

diesel::table! {
    /// Access tokens.
    system_oauth2_access_token (id) {
        id -> BigInt,
        user_id -> BigInt,
        user_type -> Integer,
        access_token -> Text,
        expires_time -> Datetime,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Refresh tokens, which the mall lets pass for access tokens.
    system_oauth2_refresh_token (id) {
        id -> BigInt,
        user_id -> BigInt,
        user_type -> Integer,
        refresh_token -> Text,
        expires_time -> Datetime,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Accounts of the back office.
    system_users (id) {
        id -> BigInt,
        nickname -> Nullable<Text>,
        avatar -> Nullable<Text>,
        status -> Integer,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Accounts of shoppers.
    member_user (id) {
        id -> BigInt,
        nickname -> Nullable<Text>,
        avatar -> Nullable<Text>,
        status -> Integer,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Who has which role.
    system_user_role (id) {
        id -> BigInt,
        user_id -> BigInt,
        role_id -> BigInt,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Roles.
    system_role (id) {
        id -> BigInt,
        code -> Text,
        status -> Integer,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Which role has which menus.
    system_role_menu (id) {
        id -> BigInt,
        role_id -> BigInt,
        menu_id -> BigInt,
        deleted -> Bool,
        tenant_id -> BigInt,
    }
}

diesel::table! {
    /// Menus, on which permissions hang; all tenants have the same.
    system_menu (id) {
        id -> BigInt,
        permission -> Text,
        status -> Integer,
        deleted -> Bool,
    }
}

use member_user as member;
use system_menu as menu;
use system_oauth2_access_token as access;
use system_oauth2_refresh_token as refresh;
use system_role as role;
use system_role_menu as role_menu;
use system_user_role as user_role;
use system_users as user;

type TokenRow = (i64, i32, i64, NaiveDateTime, String);
type PersonRow = (i64, Option<String>, Option<String>, i32);

/// Connections to a mall's database.
pub(crate) struct Mall(Readers<Sessions>);

impl Mall {
    pub(crate) fn at(url: String, connections: u32) -> Self {
        // The zone of the session does not matter: nothing is asked of the database's clock.
        let sessions = Sessions { url, offset: StorageOffset::default() };
        Self(Readers::new(sessions, connections, Some(LIFETIME)))
    }

    /// Reads; once more on another connection when the first one turns out to have been cut while it lay idle.
    fn read<T>(&self, ask: impl Fn(&mut Conn) -> QueryResult<T>) -> Result<T, StoreError> {
        let mut link = self.0.read()?;
        match link.run(&ask) {
            Err(StoreError::Unavailable(_)) if link.is_condemned() => {
                drop(link);
                self.0.read()?.run(ask)
            }
            other => other,
        }
    }

    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.token("")?;
        self.permissions(TenantId(0), AdminId(0))?;
        self.admin(TenantId(0), AdminId(0))?;
        self.members(TenantId(0), &[MemberId(0)]).map(|_| ())
    }

    /// Access tokens first, as the mall does.
    pub(crate) fn token(&self, token: &str) -> Result<Option<MallToken>, StoreError> {
        let rows: Vec<TokenRow> = self.read(|conn| {
            let mut rows: Vec<TokenRow> = access::table
                .filter(access::access_token.eq(token))
                .filter(access::deleted.eq(false))
                .order(access::id.desc())
                .select((
                    access::user_id,
                    access::user_type,
                    access::tenant_id,
                    access::expires_time,
                    access::access_token,
                ))
                .load(conn)?;
            let others: Vec<TokenRow> = refresh::table
                .filter(refresh::refresh_token.eq(token))
                .filter(refresh::deleted.eq(false))
                .order(refresh::id.desc())
                .select((
                    refresh::user_id,
                    refresh::user_type,
                    refresh::tenant_id,
                    refresh::expires_time,
                    refresh::refresh_token,
                ))
                .load(conn)?;
            rows.extend(others);
            Ok(rows)
        })?;
        let mine = rows.into_iter().find(|(.., text)| text == token);
        Ok(mine.map(|(id, user_type, tenant, ends, _)| MallToken {
            owner: Party::of(user_type, id),
            tenant: TenantId(tenant),
            ends,
        }))
    }

    pub(crate) fn admin(&self, tenant: TenantId, id: AdminId) -> Result<Option<MallPerson>, StoreError> {
        let row: Option<PersonRow> = self.read(|conn| {
            user::table
                .filter(user::id.eq(id.0))
                .filter(user::tenant_id.eq(tenant.0))
                .filter(user::deleted.eq(false))
                .select((user::id, user::nickname, user::avatar, user::status))
                .first(conn)
                .optional()
        })?;
        Ok(row.map(|row| person(row).1))
    }

    pub(crate) fn members(
        &self,
        tenant: TenantId,
        ids: &[MemberId],
    ) -> Result<HashMap<MemberId, MallPerson>, StoreError> {
        let ids: Vec<_> = ids.iter().map(|id| id.0).collect();
        let mut people = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(IDS) {
            let rows: Vec<PersonRow> = self.read(|conn| {
                member::table
                    .filter(member::id.eq_any(ids))
                    .filter(member::tenant_id.eq(tenant.0))
                    .filter(member::deleted.eq(false))
                    .select((member::id, member::nickname, member::avatar, member::status))
                    .load(conn)
            })?;
            people.extend(rows.into_iter().map(|row| {
                let (id, person) = person(row);
                (MemberId(id), person)
            }));
        }
        Ok(people)
    }

    pub(crate) fn permissions(&self, tenant: TenantId, id: AdminId) -> Result<Vec<Permission>, StoreError> {
        let names = self.read(|conn| granted(conn, tenant.0, id.0))?;
        Ok(Permission::ALL
            .into_iter()
            .filter(|permission| names.iter().any(|name| name == permission.as_str()))
            .collect())
    }
}

/// The names of our permissions that an admin has.
fn granted(conn: &mut Conn, tenant: i64, id: i64) -> QueryResult<Vec<String>> {
    let ours = Permission::ALL.map(|permission| permission.as_str());
    let given: Vec<i64> = user_role::table
        .filter(user_role::user_id.eq(id))
        .filter(user_role::tenant_id.eq(tenant))
        .filter(user_role::deleted.eq(false))
        .select(user_role::role_id)
        .load(conn)?;
    let roles: Vec<(i64, String)> = role::table
        .filter(role::id.eq_any(given))
        .filter(role::tenant_id.eq(tenant))
        .filter(role::status.eq(ENABLED))
        .filter(role::deleted.eq(false))
        .select((role::id, role::code))
        .load(conn)?;
    if roles.iter().any(|(_, code)| code == SUPER_ADMIN) {
        return Ok(ours.map(str::to_owned).into());
    }
    let menus: Vec<(i64, String)> = menu::table
        .filter(menu::permission.eq_any(ours))
        .filter(menu::status.eq(ENABLED))
        .filter(menu::deleted.eq(false))
        .select((menu::id, menu::permission))
        .load(conn)?;
    let open: Vec<i64> = role_menu::table
        .filter(role_menu::role_id.eq_any(roles.iter().map(|(id, _)| *id)))
        .filter(role_menu::menu_id.eq_any(menus.iter().map(|(id, _)| *id)))
        .filter(role_menu::deleted.eq(false))
        .select(role_menu::menu_id)
        .load(conn)?;
    Ok(menus.into_iter().filter(|(id, _)| open.contains(id)).map(|(_, name)| name).collect())
}

fn person((id, nickname, avatar, status): PersonRow) -> (i64, MallPerson) {
    (id, MallPerson { nickname, avatar, enabled: status == ENABLED })
}
