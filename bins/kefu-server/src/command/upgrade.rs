//! `upgrade`: the tables brought up to date, and a mall's rows taken over; or said beforehand.

use std::io::Write;

use kefu_storage::{Database, UpgradePlan};

use super::Failure;
use crate::config::Settings;
use crate::observe::log;
use crate::serve;

/// Merges that are listed one by one; the rest is a number.
const LISTED: usize = 100;

pub(super) fn execute(mut settings: Settings, dry_run: bool, out: &mut dyn Write) -> Result<(), Failure> {
    if dry_run {
        let plan = Database::upgrade_plan(settings.database.url.reveal(), &serve::options(&settings))?;
        return match plan {
            Some(plan) => say(&plan, &settings.database.zone, out),
            None => {
                Ok(writeln!(out, "SQLite: no mall has one, so there is nothing to take over; nothing was changed")?)
            }
        };
    }
    // The progress.
    let _log = log::start(&settings.log);
    settings.database.migrate = true;
    let database = serve::open(&settings)?;
    Ok(writeln!(out, "{}: the tables are up to date", database.version())?)
}

fn say(plan: &UpgradePlan, zone: &str, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "times are read in {zone}, {} from UTC", plan.offset)?;
    writeln!(out, "\nsteps of the tables that have not run: {}", plan.steps.len())?;
    for step in &plan.steps {
        writeln!(out, "  {step}")?;
    }
    writeln!(out, "\nconversations, by tenant:")?;
    for (tenant, conversations) in &plan.tenants {
        writeln!(out, "  tenant {tenant}: {conversations}")?;
    }
    writeln!(out, "conversations to merge into the same member's oldest: {}", plan.merges.len())?;
    for merge in plan.merges.iter().take(LISTED) {
        let whole = if merge.moves { "" } else { " (deleted: set aside, its messages stay unseen)" };
        writeln!(out, "  {} into {}{whole}", merge.old, merge.into)?;
    }
    if plan.merges.len() > LISTED {
        writeln!(out, "  and {} more", plan.merges.len() - LISTED)?;
    }
    writeln!(out, "conversations that are logically deleted, and stay so: {}", plan.deleted_conversations)?;
    writeln!(out, "\nmessages to number: {}", plan.unnumbered)?;
    writeln!(out, "messages that are logically deleted, and stay so: {}", plan.deleted_messages)?;
    writeln!(out, "messages whose conversation does not exist, and that nobody is shown: {}", plan.orphans)?;
    writeln!(out, "contents that would break a page, kept and shown as harmless text: {}", plan.unsafe_contents)?;
    writeln!(out, "\nnothing was changed")?;
    Ok(())
}
