//! `shop`: which there are, and who serves them.

use std::io::Write;

use kefu_domain::{AdminId, Scope, ShopId, Shops, TenantId};
use kefu_storage::{Database, ShopStatus};

use super::{Failure, open_as_it_is};
use crate::cli::{GrantArguments, ShopArguments, ShopCommand};
use crate::config::Settings;
use crate::serve;
use crate::standalone::shops;

pub(super) fn execute(settings: &Settings, command: ShopCommand, out: &mut dyn Write) -> Result<(), Failure> {
    // Shops can be added before the first start.
    let adds = matches!(command, ShopCommand::Add { .. });
    let database = if adds { serve::open(settings)? } else { open_as_it_is(settings)? };
    match command {
        ShopCommand::Add { name, tenant, id } => add(&database, &name, TenantId(tenant), id.map(ShopId), out),
        ShopCommand::List { tenant } => list(&database, TenantId(tenant), out),
        ShopCommand::Close(which) => set(&database, &which, ShopStatus::Closed, "closed", out),
        ShopCommand::Open(which) => set(&database, &which, ShopStatus::Open, "open", out),
        ShopCommand::Grant(which) => {
            let (admin, scope) = find(&database, &which)?;
            database.grant_shop(admin, scope)?;
            says_what_is_served(settings, &database, &which, admin, out)
        }
        ShopCommand::Revoke(which) => {
            let (admin, scope) = find(&database, &which)?;
            if database.revoke_shop(admin, scope)?.is_none() {
                return Err(format!("{} does not serve shop {}; nothing was changed", which.admin, scope.shop).into());
            }
            says_what_is_served(settings, &database, &which, admin, out)
        }
    }
}

fn add(
    database: &Database,
    name: &str,
    tenant: TenantId,
    id: Option<ShopId>,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    shops::check_name(name)?;
    id.map_or(Ok(()), shops::check_id)?;
    if database.tenant(tenant)?.is_none() {
        return Err(format!("tenant {tenant} does not exist; add it with `kefu-server tenant add`").into());
    }
    let why_not = match id {
        Some(_) => "the tenant has a shop of that number already",
        None => "the tenant's highest number is the last that there is; choose a free one with --id",
    };
    let id = shops::open(database, tenant, id, name)?.ok_or(why_not)?;
    Ok(writeln!(out, "added shop {id} ({name}) to tenant {tenant}")?)
}

/// Own accounts by their names, others by their numbers.
fn list(database: &Database, tenant: TenantId, out: &mut dyn Write) -> Result<(), Failure> {
    let accounts = database.accounts(tenant)?;
    let called = |admin: AdminId| {
        let own = accounts.iter().find(|account| account.id == admin);
        own.map_or_else(|| admin.to_string(), |account| account.username.clone())
    };
    let mut line = |scope: Scope, name: &str, state: &str, served_by: Vec<AdminId>| {
        let names: Vec<_> = served_by.into_iter().map(called).collect();
        writeln!(out, "{}\t{name}\t{state}\t{}", scope.shop, names.join(","))
    };
    let platform = Scope::platform(tenant);
    let mut at_the_platform = database.admins_of(platform)?;
    for account in &accounts {
        let by_default = database.shops_of(tenant, account.id)?.contains(&ShopId::PLATFORM);
        if by_default && !at_the_platform.contains(&account.id) {
            at_the_platform.push(account.id);
        }
    }
    line(platform, "(platform)", "open", at_the_platform)?;
    for shop in database.shops(tenant)? {
        let state = if shop.status == ShopStatus::Open { "open" } else { "closed" };
        line(shop.scope, &shop.name, state, database.admins_of(shop.scope)?)?;
    }
    Ok(())
}

fn set(
    database: &Database,
    which: &ShopArguments,
    status: ShopStatus,
    word: &str,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    if which.id == ShopId::PLATFORM.0 {
        return Err("shop 0 is the platform, which is always open".into());
    }
    let scope = Scope { tenant: TenantId(which.tenant), shop: ShopId(which.id) };
    if !database.set_shop_status(scope, status)? {
        return Err(no_such_shop(scope));
    }
    Ok(writeln!(out, "shop {} is {word}", which.id)?)
}

/// Who is meant, and which shop.
fn find(database: &Database, which: &GrantArguments) -> Result<(AdminId, Scope), Failure> {
    let scope = Scope { tenant: TenantId(which.tenant), shop: ShopId(which.id) };
    must_exist(database, scope)?;
    if let Some(account) = database.account_by_name(scope.tenant, &which.admin)? {
        return Ok((account.id, scope));
    }
    let number = which.admin.parse().ok().map(AdminId);
    match number {
        Some(admin) if shops::may_be_admin(database, scope.tenant, admin)? => Ok((admin, scope)),
        _ => {
            Err(format!("tenant {} has no agent {}, and it is no number of the mall's", scope.tenant, which.admin)
                .into())
        }
    }
}

/// An error where there is no such shop, open or closed.
pub(super) fn must_exist(database: &Database, scope: Scope) -> Result<(), Failure> {
    if shops::exists(database, scope)? { Ok(()) } else { Err(no_such_shop(scope)) }
}

fn no_such_shop(scope: Scope) -> Failure {
    format!("tenant {} has no shop {}; add it with `kefu-server shop add`", scope.tenant, scope.shop).into()
}

fn says_what_is_served(
    settings: &Settings,
    database: &Database,
    which: &GrantArguments,
    admin: AdminId,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let now = database.shops_of(TenantId(which.tenant), admin)?;
    let served = if now.is_empty() { "no shop".to_owned() } else { numbers(&now) };
    if shops::is_strange(admin) && settings.mall.tokens.is_empty() {
        writeln!(
            out,
            "noted: {} is no account of ours and mall.tokens is empty, so this does nothing for them: whoever comes with \
             a signed token serves the shops of its claim",
            which.admin
        )?;
    }
    Ok(writeln!(out, "{} now serves {served}", which.admin)?)
}

/// `0,5`
pub(super) fn numbers(shops: &Shops) -> String {
    shops.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}
