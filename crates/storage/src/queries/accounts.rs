//! Accounts.

use diesel::prelude::*;
use kefu_domain::{AdminId, Party, StoreError, TenantId};

use super::super::dialect::{Conn, Sql};
use super::transact::unless_taken;
use super::{Db, clock, shops, tokens};
use crate::own_rows::AccountRow;
use crate::schema::kefu_account as account;
use crate::{Account, AccountStatus, NewAccount};

type Accounts = account::BoxedQuery<'static, Sql>;

impl Db {
    pub(crate) fn add_account(&self, new: &NewAccount) -> Result<Option<AdminId>, StoreError> {
        let id: Option<i64> = self.transact(|conn| {
            let inserted = diesel::insert_into(account::table)
                .values((
                    account::tenant_id.eq(new.tenant.0),
                    account::username.eq(&new.username),
                    account::password_hash.eq(&new.password_hash),
                    account::nickname.eq(&new.nickname),
                    account::avatar.eq(&new.avatar),
                    account::roles.eq(new.roles.join(",")),
                    account::status.eq(AccountStatus::Enabled.code()),
                ))
                .execute(conn);
            if unless_taken(inserted)?.is_none() {
                return Ok(None);
            }
            let id = named(new.tenant, &new.username).select(account::id).first(conn)?;
            shops::begin_with(conn, AdminId(id), new.tenant, &new.shops)?;
            Ok(Some(id))
        })?;
        Ok(id.map(AdminId))
    }

    pub(crate) fn account_by_name(&self, tenant: TenantId, username: &str) -> Result<Option<Account>, StoreError> {
        self.one_account(|| named(tenant, username))
    }

    pub(crate) fn account(&self, id: AdminId) -> Result<Option<Account>, StoreError> {
        self.one_account(|| account::table.filter(account::id.eq(id.0)).into_boxed())
    }

    pub(crate) fn accounts(&self, tenant: TenantId) -> Result<Vec<Account>, StoreError> {
        let rows: Vec<AccountRow> = self.read(|conn| {
            account::table
                .filter(account::tenant_id.eq(tenant.0))
                .order(account::id)
                .select(AccountRow::as_select())
                .load(conn)
        })?;
        Ok(rows.into_iter().map(Account::from).collect())
    }

    fn one_account(&self, which: impl Fn() -> Accounts) -> Result<Option<Account>, StoreError> {
        let row = self.read(|conn| which().select(AccountRow::as_select()).first(conn).optional())?;
        Ok(row.map(Account::from))
    }

    pub(crate) fn set_account_status(&self, id: AdminId, status: AccountStatus) -> Result<bool, StoreError> {
        self.transact(|conn| {
            let found =
                diesel::update(account::table.find(id.0)).set(account::status.eq(status.code())).execute(conn)?;
            if status == AccountStatus::Disabled {
                self.lock_out(conn, id)?;
            }
            Ok(found > 0)
        })
    }

    pub(crate) fn set_password(&self, id: AdminId, password_hash: &str) -> Result<bool, StoreError> {
        self.transact(|conn| {
            let found = diesel::update(account::table.find(id.0))
                .set(account::password_hash.eq(password_hash))
                .execute(conn)?;
            self.lock_out(conn, id)?;
            Ok(found > 0)
        })
    }

    pub(crate) fn set_roles(&self, id: AdminId, roles: &[String]) -> Result<bool, StoreError> {
        let roles = roles.join(",");
        let set = account::roles.eq(roles.as_str());
        self.write(|conn| diesel::update(account::table.find(id.0)).set(set).execute(conn)).map(|found| found > 0)
    }

    pub(crate) fn set_account_profile(
        &self,
        id: AdminId,
        nickname: &str,
        avatar: Option<&str>,
    ) -> Result<bool, StoreError> {
        let profile = (account::nickname.eq(nickname), account::avatar.eq(avatar));
        self.write(|conn| diesel::update(account::table.find(id.0)).set(profile).execute(conn)).map(|found| found > 0)
    }

    fn lock_out(&self, conn: &mut Conn, id: AdminId) -> QueryResult<()> {
        let now = self.offset.instant(clock(conn)?);
        tokens::revoke(conn, || tokens::of_party(Party::Admin(id)), now).map(|_| ())
    }
}

fn named(tenant: TenantId, username: &str) -> Accounts {
    account::table
        .filter(account::tenant_id.eq(tenant.0))
        .filter(account::username.eq(username.to_owned()))
        .into_boxed()
}
