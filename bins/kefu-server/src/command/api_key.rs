//! `apikey`: keys with which a mall's server asks for its members' tokens.

use std::io::Write;

use kefu_domain::TenantId;

use super::{Failure, open_as_it_is};
use crate::cli::ApiKeyCommand;
use crate::config::Settings;
use crate::{entrance, serve};

pub(super) fn execute(settings: &Settings, command: ApiKeyCommand, out: &mut dyn Write) -> Result<(), Failure> {
    // Keys can be added before the first start.
    let adds = matches!(command, ApiKeyCommand::Add { .. });
    let database = if adds { serve::open(settings)? } else { open_as_it_is(settings)? };
    match command {
        ApiKeyCommand::Add { name, tenant } => {
            if name.trim().is_empty() || name.chars().count() > 64 || name.contains(char::is_control) {
                return Err("a key's name has 1 to 64 characters on one line".into());
            }
            let tenant = TenantId(tenant);
            if database.tenant(tenant)?.is_none() {
                return Err(format!("tenant {tenant} does not exist; add it with `kefu-server tenant add`").into());
            }
            let key = entrance::new_key()?;
            if !database.add_api_key(&entrance::hash(&key), tenant, &name)? {
                return Err(
                    format!("tenant {tenant} has a key of that name already; remove it, or choose another").into()
                );
            }
            writeln!(out, "{key}")?;
        }
        ApiKeyCommand::List { tenant } => {
            for key in database.api_keys(TenantId(tenant))? {
                let since = chrono::DateTime::from_timestamp_millis(key.created.0);
                let since = since.map(|since| since.format("%Y-%m-%dT%H:%M:%SZ").to_string()).unwrap_or_default();
                writeln!(out, "{}\t{since}", key.name)?;
            }
        }
        ApiKeyCommand::Remove { name, tenant } => {
            if !database.remove_api_key(TenantId(tenant), &name)? {
                return Err(format!("tenant {tenant} has no key {name}").into());
            }
            writeln!(out, "removed {name} from tenant {tenant}")?;
        }
    }
    Ok(())
}
