//! SQLite keeps every promise of a store.

mod support;

use support::{Fresh, Site};

kefu_domain::store_contract!(Fresh::at(Site::sqlite()));
