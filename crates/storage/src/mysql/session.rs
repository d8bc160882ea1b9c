//! How a session with the server is settled before anything is asked of it.

use diesel::QueryableByName;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use kefu_domain::BoxError;

use super::dialect::Conn;
use crate::StorageOffset;
use crate::pool::Connector;

/// Opens sessions for the desk's work.
pub(crate) struct Sessions {
    pub(crate) url: String,
    pub(crate) offset: StorageOffset,
}

impl Connector for Sessions {
    type Conn = Conn;

    fn connect(&self) -> Result<(Conn, i64), BoxError> {
        let mut conn = bare(&self.url)?;
        // `M!` comments are read by MariaDB alone; MySQL knows neither setting. The clients set the time zone
        // to UTC, which would put column defaults hours off for everybody else who reads these tables.
        conn.batch_execute(&format!(
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED;
             SET SESSION time_zone = '{}', innodb_lock_wait_timeout = 2
                 /*M!100301 , max_statement_time = 5, idle_transaction_timeout = 10 */",
            self.offset
        ))?;
        let step: Step = diesel::sql_query("SELECT @@auto_increment_increment AS step").get_result(&mut conn)?;
        Ok((conn, step.step))
    }
}

/// A connection without limits on time, for migrations.
///
/// Messages in English, since errors are told apart by their texts; strict, since data must be refused rather
/// than cut.
pub(crate) fn bare(url: &str) -> Result<Conn, BoxError> {
    #[cfg(not(feature = "mysql-c"))]
    let mut conn = super::connect::establish(url)?;
    #[cfg(feature = "mysql-c")]
    let mut conn = <Conn as diesel::Connection>::establish(url)?;
    conn.batch_execute(
        "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci;
         SET SESSION lc_messages = 'en_US', sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'
             /*M!100301 , max_statement_time = 0 */",
    )?;
    Ok(conn)
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = BigInt)]
    step: i64,
}
