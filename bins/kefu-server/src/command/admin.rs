//! `admin`: the accounts of agents.

use std::io::{BufRead as _, IsTerminal as _, Write};

use kefu_domain::{Scope, ShopId, Shops, TenantId};
use kefu_storage::{Account, AccountStatus, Database, NewAccount};

use super::shop::{must_exist, numbers};
use super::{Failure, open_as_it_is};
use crate::cli::{AccountArguments, AdminCommand, PasswordArguments};
use crate::config::Settings;
use crate::serve;
use crate::standalone::password;

pub(super) fn execute(settings: &Settings, command: AdminCommand, out: &mut dyn Write) -> Result<(), Failure> {
    // Accounts can be added before the first start.
    let adds = matches!(command, AdminCommand::Add { .. });
    let database = if adds { serve::open(settings)? } else { open_as_it_is(settings)? };
    match command {
        AdminCommand::Add { username, tenant, role, shop, nickname, avatar, password } => {
            password::check_username(&username)?;
            let tenant = TenantId(tenant);
            if database.tenant(tenant)?.is_none() {
                return Err(format!("tenant {tenant} does not exist; add it with `kefu-server tenant add`").into());
            }
            let shops: Shops = match &shop[..] {
                [] => Shops::platform(),
                named => named.iter().copied().map(ShopId).collect(),
            };
            for &shop in shops.iter() {
                must_exist(&database, Scope { tenant, shop })?;
            }
            let account = NewAccount {
                tenant,
                password_hash: hash(&password)?,
                nickname: nickname.unwrap_or_else(|| username.clone()),
                avatar,
                roles: role.iter().map(|role| role.as_str().to_owned()).collect(),
                shops,
                username,
            };
            let id = database.add_account(&account)?.ok_or("the tenant has an agent of that name already")?;
            writeln!(out, "added {} (id {id}) to tenant {tenant}", account.username)?;
        }
        AdminCommand::List { tenant } => {
            for account in database.accounts(TenantId(tenant))? {
                let state = if account.status == AccountStatus::Enabled { "enabled" } else { "disabled" };
                let (roles, shops) = (account.roles.join(","), database.shops_of(account.tenant, account.id)?);
                writeln!(out, "{}\t{}\t{state}\t{roles}\t{}", account.id, account.username, numbers(&shops))?;
            }
        }
        AdminCommand::Disable(which) => set(&database, &which, AccountStatus::Disabled, "disabled", out)?,
        AdminCommand::Enable(which) => set(&database, &which, AccountStatus::Enabled, "enabled", out)?,
        AdminCommand::Passwd { account, password } => {
            let found = find(&database, &account)?;
            database.set_password(found.id, &hash(&password)?)?;
            writeln!(out, "{} has a new password; all its logins have ended", account.username)?;
        }
    }
    Ok(())
}

fn set(
    database: &Database,
    which: &AccountArguments,
    status: AccountStatus,
    word: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let account = find(database, which)?;
    database.set_account_status(account.id, status)?;
    Ok(writeln!(out, "{} is {word}", which.username)?)
}

fn find(database: &Database, which: &AccountArguments) -> Result<Account, Failure> {
    let account = database.account_by_name(TenantId(which.tenant), &which.username)?;
    account.ok_or_else(|| format!("tenant {} has no agent {}", which.tenant, which.username).into())
}

/// The hash of a password that is asked for twice, or read once where nobody can be asked.
fn hash(from: &PasswordArguments) -> Result<String, Failure> {
    let text = if from.password_stdin || !std::io::stdin().is_terminal() {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line)?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        let first = rpassword::prompt_password("Password: ")?;
        if rpassword::prompt_password("Again: ")? != first {
            return Err("the two passwords differ; nothing was changed".into());
        }
        first
    };
    password::check_password(&text)?;
    password::hash(&text).map_err(|error| format!("the password could not be hashed ({error})").into())
}
