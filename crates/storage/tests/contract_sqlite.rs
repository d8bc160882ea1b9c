//! SQLite keeps every promise of a store.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Fresh, Site};

kefu_domain::store_contract!(Fresh::at(Site::sqlite()));
