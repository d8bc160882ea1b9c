//! MariaDB keeps every promise of a store, and MySQL where `KEFU_TEST_MYSQL_URL` names one.

mod support;

use support::{Fresh, Site};

kefu_domain::store_contract!(mariadb, Fresh::at(Site::mariadb()));

#[cfg(kefu_test_mysql)]
kefu_domain::store_contract!(mysql, Fresh::at(Site::mysql()));
