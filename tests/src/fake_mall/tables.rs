//! The mall's people, roles and tokens in its tables, as Java writes them.

use chrono_tz::Tz;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};

use super::Broken;
use super::menus::{Menu, menus, role_code};
use super::office::Office;
use super::people::{MallAdmin, MallMember};
use super::tokens::{Change, MALL_CLIENT, Token};
use crate::backend::address;
use crate::books::Maria;
use crate::off_the_runtime;

const TABLES: &str = include_str!("tables.sql");

/// Each admin has a role of its own from here on, except that every super admin has the mall's role 1.
const ROLES_FROM: i64 = 100_000;
const SUPER_ADMIN: i64 = 1;

/// The mall's database.
#[derive(Debug)]
pub(super) struct Tables {
    url: String,
    zone: Tz,
}

impl Tables {
    /// Makes the tables where they are missing.
    pub(super) fn at(url: &str, zone: Tz) -> Result<Self, Broken> {
        let tables = Self { url: address(url), zone };
        tables.run(TABLES)?;
        Ok(tables)
    }

    /// The highest number of a token that is there already.
    pub(super) fn last_token(&self) -> Result<i64, Broken> {
        off_the_runtime(|| {
            let last = sql_query(
                "SELECT GREATEST((SELECT COALESCE(MAX(id), 0) FROM system_oauth2_access_token), \
                 (SELECT COALESCE(MAX(id), 0) FROM system_oauth2_refresh_token)) AS id",
            );
            let last: Last = last.get_result(&mut Maria::establish(&self.url)?)?;
            Ok(last.id)
        })
    }

    /// What the wall clock of the mall's server shows.
    pub(super) fn wall(&self, ms: i64) -> String {
        let instant = chrono::DateTime::from_timestamp_millis(ms).expect("an instant of this age");
        instant.with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S").to_string()
    }

    pub(super) fn run(&self, statements: &str) -> Result<(), Broken> {
        off_the_runtime(|| {
            let mut conn = Maria::establish(&self.url)?;
            conn.batch_execute(statements)?;
            Ok(())
        })
    }

    pub(super) fn write(&self, office: &Office, changes: &[Change], now: i64) -> Result<(), Broken> {
        let statements: Vec<String> = changes.iter().filter_map(|change| self.token(office, change, now)).collect();
        if statements.is_empty() { Ok(()) } else { self.run(&statements.join(";\n")) }
    }

    fn token(&self, office: &Office, change: &Change, now: i64) -> Option<String> {
        Some(match change {
            Change::Refreshable(token) => format!(
                "INSERT INTO system_oauth2_refresh_token \
                 (refresh_token, {COLUMNS}) VALUES ('{}', {})",
                token.refresh,
                self.row(token, now)
            ),
            Change::Issued(token) => format!(
                "INSERT INTO system_oauth2_access_token \
                 (access_token, refresh_token, user_info, {COLUMNS}) VALUES ('{}', '{}', {}, {})",
                token.access,
                token.refresh,
                quoted(&office.user_info(token.who).to_string()),
                self.row(token, now)
            ),
            Change::Cached(_) => return None,
            Change::Moved(token) => {
                format!(
                    "UPDATE {} SET expires_time = '{}' WHERE {}",
                    table(token),
                    self.wall(token.expires),
                    this(token)
                )
            }
            Change::Gone(token) => format!("UPDATE {} SET deleted = b'1' WHERE {}", table(token), this(token)),
        })
    }

    fn row(&self, token: &Token, now: i64) -> String {
        let Token { id, who, tenant, expires, .. } = token;
        let (expires, now) = (self.wall(*expires), self.wall(now));
        let (user, kind) = (who.id(), who.user_type());
        format!("{id}, {user}, {kind}, '{MALL_CLIENT}', '{expires}', '{now}', '{now}', {tenant}")
    }

    /// An admin with its role, and the role's menus.
    pub(super) fn admin(&self, office: &Office, admin: &MallAdmin) -> Result<(), Broken> {
        let MallAdmin { id, tenant, username, nickname, avatar, super_admin, disabled, .. } = admin;
        let role = if *super_admin { SUPER_ADMIN } else { ROLES_FROM + id };
        let menus = menus(office.admins.values());
        let mine =
            menus.iter().filter(|menu| !super_admin && (menu.permission.is_empty() || admin.may(&menu.permission)));
        let mut statements = vec![
            format!(
                "REPLACE INTO system_users (id, username, nickname, avatar, dept_id, status, tenant_id) \
                 VALUES ({id}, {}, {}, {}, 103, {}, {tenant})",
                quoted(username),
                quoted(nickname),
                quoted(avatar),
                i32::from(*disabled)
            ),
            format!(
                "REPLACE INTO system_role (id, name, code, sort, status, type, tenant_id) \
                 VALUES ({role}, {name}, {name}, 1, 0, {}, {tenant})",
                if *super_admin { 1 } else { 2 },
                name = quoted(&role_code(admin)),
            ),
            format!("UPDATE system_user_role SET deleted = b'1' WHERE user_id = {id}"),
            format!("INSERT INTO system_user_role (user_id, role_id, tenant_id) VALUES ({id}, {role}, {tenant})"),
            format!("UPDATE system_role_menu SET deleted = b'1' WHERE role_id = {role}"),
        ];
        statements.extend(menus.iter().map(menu_row));
        statements.extend(mine.map(|menu| {
            format!("INSERT INTO system_role_menu (role_id, menu_id, tenant_id) VALUES ({role}, {}, {tenant})", menu.id)
        }));
        self.run(&statements.join(";\n"))
    }

    pub(super) fn member(&self, member: &MallMember) -> Result<(), Broken> {
        let MallMember { id, tenant, mobile, nickname, avatar, disabled } = member;
        self.run(&format!(
            "REPLACE INTO member_user (id, mobile, nickname, avatar, status, register_ip, tenant_id) \
             VALUES ({id}, {}, {}, {}, {}, '127.0.0.1', {tenant})",
            quoted(mobile),
            quoted(nickname),
            quoted(avatar),
            i32::from(*disabled)
        ))
    }
}

#[derive(QueryableByName)]
struct Last {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// What both kinds of tokens have in their tables.
const COLUMNS: &str = "id, user_id, user_type, client_id, expires_time, create_time, update_time, tenant_id";

fn table(token: &Token) -> &'static str {
    if token.access == token.refresh { "system_oauth2_refresh_token" } else { "system_oauth2_access_token" }
}

fn this(token: &Token) -> String {
    format!("id = {}", token.id)
}

fn menu_row(menu: &Menu) -> String {
    let Menu { id, parent, name, permission, kind } = menu;
    format!(
        "REPLACE INTO system_menu (id, name, permission, type, parent_id) VALUES ({id}, {}, {}, {kind}, {parent})",
        quoted(name),
        quoted(permission)
    )
}

/// A text as a statement holds it.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
