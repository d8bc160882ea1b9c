//! `epoch`: which life of the database this is.

use std::io::Write;

use super::{Failure, open_as_it_is};
use crate::config::Settings;

/// Prints the epoch; a new one first, where one is wanted.
pub(super) fn execute(settings: &Settings, renew: bool, out: &mut dyn Write) -> Result<(), Failure> {
    let database = open_as_it_is(settings)?;
    if renew {
        let epoch = database.renew_epoch()?;
        return Ok(writeln!(out, "{epoch}")?);
    }
    Ok(writeln!(out, "{}", database.epoch())?)
}
