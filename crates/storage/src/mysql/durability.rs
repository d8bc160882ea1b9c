//! The server's settings that decide what an acknowledgement is worth.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::dialect::Conn;
use crate::Durability;

/// The settings that are read, in the order of the report.
const NAMES: [&str; 6] =
    ["innodb_flush_log_at_trx_commit", "log_bin", "sync_binlog", "binlog_format", "wsrep_on", "innodb_doublewrite"];

#[derive(QueryableByName)]
struct Variable {
    #[diesel(sql_type = Text, column_name = "Variable_name")]
    name: String,
    #[diesel(sql_type = Text, column_name = "Value")]
    value: String,
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = Text)]
    version: String,
}

pub(crate) fn durability(conn: &mut Conn, version: &str) -> QueryResult<Durability> {
    let settings = settings(conn)?;
    Ok(Durability { version: version.to_owned(), warnings: warnings(&settings), settings })
}

fn settings(conn: &mut Conn) -> QueryResult<Vec<(&'static str, String)>> {
    let names = NAMES.map(|name| format!("'{name}'")).join(", ");
    let found: Vec<Variable> =
        diesel::sql_query(format!("SHOW VARIABLES WHERE Variable_name IN ({names})")).load(conn)?;
    let value = |name| found.iter().find(|variable| variable.name.eq_ignore_ascii_case(name));
    // A server without Galera has no wsrep_on.
    Ok(NAMES.into_iter().filter_map(|name| Some((name, value(name)?.value.clone()))).collect())
}

fn warnings(settings: &[(&'static str, String)]) -> Vec<String> {
    let is = |name: &str, wanted: &str| {
        settings.iter().any(|(known, value)| *known == name && value.eq_ignore_ascii_case(wanted))
    };
    let mut warnings = Vec::new();
    let mut warn = |sentence: &str| warnings.push(sentence.to_owned());
    if !is("innodb_flush_log_at_trx_commit", "1") {
        warn("innodb_flush_log_at_trx_commit is not 1: a crash loses acknowledged messages");
    }
    if is("log_bin", "ON") && !is("sync_binlog", "1") {
        warn("the binlog is on and sync_binlog is not 1: a crash parts the server from its replicas");
    }
    if is("log_bin", "ON") && is("binlog_format", "STATEMENT") {
        warn("binlog_format is STATEMENT: the desk cannot write");
    }
    if is("wsrep_on", "ON") {
        warn("this is a Galera cluster: more than one primary may lose acknowledged messages");
    }
    if is("innodb_doublewrite", "OFF") {
        warn("innodb_doublewrite is off: a torn page after a crash loses the table");
    }
    warnings
}

/// Under READ COMMITTED the server refuses every write when its binlog keeps statements.
pub(crate) fn writes_statements(conn: &mut Conn) -> QueryResult<bool> {
    Ok(warnings(&settings(conn)?).iter().any(|sentence| sentence.contains("STATEMENT")))
}

/// `MariaDB 10.11.19` or `MySQL 8.0.36`.
pub(crate) fn version(conn: &mut Conn) -> QueryResult<String> {
    let found: Version = diesel::sql_query("SELECT VERSION() AS version").get_result(conn)?;
    Ok(named(&found.version))
}

fn named(version: &str) -> String {
    let server = if version.contains("MariaDB") { "MariaDB" } else { "MySQL" };
    format!("{server} {}", version.split('-').next().unwrap_or(version))
}

/// Whether it lacks SKIP LOCKED, which came with MariaDB 10.6 and MySQL 8.0.
pub(crate) fn is_too_old(version: &str) -> bool {
    let (server, numbers) = version.split_once(' ').unwrap_or((version, ""));
    let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().unwrap_or(0));
    let found = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    found < if server == "MariaDB" { (10, 6) } else { (8, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(version: &str, name: &str, too_old: bool) {
        let named = named(version);
        assert_eq!((named.as_str(), is_too_old(&named)), (name, too_old));
    }

    #[test]
    fn a_server_without_skip_locked_is_too_old() {
        check("10.11.19-MariaDB-0+deb12u1", "MariaDB 10.11.19", false);
        check("10.6.0-MariaDB", "MariaDB 10.6.0", false);
        check("10.5.29-MariaDB-log", "MariaDB 10.5.29", true);
        check("11.4.2-MariaDB", "MariaDB 11.4.2", false);
        check("8.0.36", "MySQL 8.0.36", false);
        check("9.1.0", "MySQL 9.1.0", false);
        check("5.7.44-log", "MySQL 5.7.44", true);
        check("?", "MySQL ?", true);
    }

    #[test]
    fn each_way_to_lose_a_message_is_one_sentence() {
        let safe = [("innodb_flush_log_at_trx_commit", "1"), ("log_bin", "ON"), ("sync_binlog", "1")];
        let with = |name: &'static str, value: &str| {
            let mut settings: Vec<_> = safe.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
            settings.retain(|(known, _)| *known != name);
            settings.push((name, value.to_owned()));
            warnings(&settings)
        };
        assert_eq!(with("binlog_format", "ROW"), Vec::<String>::new());
        assert_eq!(with("innodb_flush_log_at_trx_commit", "2").len(), 1);
        assert_eq!(with("sync_binlog", "0").len(), 1);
        assert_eq!(with("binlog_format", "STATEMENT").len(), 1);
        assert_eq!(with("wsrep_on", "ON").len(), 1);
        assert_eq!(with("innodb_doublewrite", "OFF").len(), 1);
    }
}
