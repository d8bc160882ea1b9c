//! MariaDB keeps every promise of a store, and MySQL where `KEFU_TEST_MYSQL_URL` names one.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use support::{Fresh, Site};

kefu_domain::store_contract!(mariadb, Fresh::at(Site::mariadb()));

#[cfg(kefu_test_mysql)]
kefu_domain::store_contract!(mysql, Fresh::at(Site::mysql()));
