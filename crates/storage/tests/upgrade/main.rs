//! A mall's MariaDB is taken over in place: nothing of it is lost, whatever interrupts it and however often it is
//! begun.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../support/mod.rs"]
mod support;

mod fates;
mod faults;
mod mall;
mod merging;
mod numbering;
mod plan;
mod step_back;
mod zone;
