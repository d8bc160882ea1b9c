//! From an address to an open database.

use std::time::Duration;

use super::durability;
use super::migrating::{MIGRATIONS, migrate_on, take_over};
use super::queries::{self, Db};
use super::session::{Sessions, bare};
use super::upgrade;
use crate::pool::{Pools, Sizes};
use crate::{OpenError, Options, StorageOffset, UpgradePlan};

/// Well below the hours after which servers, and the minutes after which firewalls, forget idle connections.
const LIFETIME: Duration = Duration::from_secs(600);

/// Where the database is, for the few things that are done without a pool.
pub(crate) struct Site {
    url: String,
    offset: StorageOffset,
}

pub(crate) fn open(url: &str, options: &Options) -> Result<Db, OpenError> {
    let mut conn = bare(url).map_err(OpenError::Unreachable)?;
    let version = durability::version(&mut conn).map_err(unreachable)?;
    if durability::is_too_old(&version) {
        return Err(OpenError::TooOld(version));
    }
    if durability::writes_statements(&mut conn).map_err(unreachable)? {
        return Err(OpenError::StatementBinlog);
    }
    if options.migrate {
        migrate_on(&mut conn, options.storage_offset)?;
    }
    let meta = queries::meta(&mut conn, &MIGRATIONS, options)?;
    agree(meta.offset, options.storage_offset)?;
    if options.take_over && !options.migrate {
        take_over(&mut conn, meta.offset)?;
    }
    let sessions = || Sessions { url: url.to_owned(), offset: meta.offset };
    let sizes = Sizes {
        write: options.write_connections,
        read: options.read_connections,
        turns: false,
        lifetime: Some(LIFETIME),
    };
    let site = Site { url: url.to_owned(), offset: meta.offset };
    Ok(Db::new(site, Pools::new(sessions(), sessions(), sizes), version, meta.offset, meta))
}

/// Runs the migrations that have not run yet, and takes over what the mall's own server has written.
pub(crate) fn migrate(site: &Site) -> Result<(), OpenError> {
    let mut conn = bare(&site.url).map_err(OpenError::Unreachable)?;
    migrate_on(&mut conn, Some(site.offset))
}

/// What opening would do to the tables and their rows; only reads.
pub(crate) fn plan(url: &str, options: &Options) -> Result<UpgradePlan, OpenError> {
    let mut conn = bare(url).map_err(OpenError::Unreachable)?;
    let recorded = upgrade::recorded_offset(&mut conn)?;
    if let Some(recorded) = recorded {
        agree(recorded, options.storage_offset)?;
    }
    let offset = recorded.or(options.storage_offset).unwrap_or_default();
    upgrade::plan(&mut conn, &MIGRATIONS, offset)
}

/// Times already written cannot be read in another offset.
pub(super) fn agree(recorded: StorageOffset, wanted: Option<StorageOffset>) -> Result<(), OpenError> {
    match wanted {
        Some(wanted) if wanted != recorded => Err(OpenError::Offset { wanted, recorded }),
        _ => Ok(()),
    }
}

pub(super) fn unreachable(error: diesel::result::Error) -> OpenError {
    OpenError::Unreachable(Box::new(error))
}
