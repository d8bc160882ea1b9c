//! `tenant`: who is served.

use std::io::Write;

use kefu_domain::TenantId;
use kefu_storage::{NewTenant, TenantStatus};

use super::{Failure, open_as_it_is};
use crate::cli::TenantCommand;
use crate::config::Settings;
use crate::serve;

pub(super) fn execute(settings: &Settings, command: TenantCommand, out: &mut dyn Write) -> Result<(), Failure> {
    // Tenants can be added before the first start.
    let adds = matches!(command, TenantCommand::Add { .. });
    let database = if adds { serve::open(settings)? } else { open_as_it_is(settings)? };
    match command {
        TenantCommand::Add { name, id } => {
            if name.trim().is_empty() || name.chars().count() > 64 || name.contains(char::is_control) {
                return Err("a tenant's name has 1 to 64 characters on one line".into());
            }
            if id.is_some_and(|id| id < 0) {
                return Err("a tenant's number is at least 0".into());
            }
            let tenant = NewTenant { id: id.map(TenantId), name: name.clone(), expires: None };
            let id = database.add_tenant(&tenant)?.ok_or("there is a tenant of that number or name already")?;
            writeln!(out, "added tenant {id} ({name})")?;
        }
        TenantCommand::List => {
            for tenant in database.tenants()? {
                let state = if tenant.status == TenantStatus::Enabled { "enabled" } else { "disabled" };
                writeln!(out, "{}\t{}\t{state}", tenant.id, tenant.name)?;
            }
        }
    }
    Ok(())
}
