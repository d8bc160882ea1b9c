//! How a connection to the file is settled before anything is asked of it.

use std::path::{Path, PathBuf};

use diesel::Connection;
use diesel::connection::SimpleConnection;
use kefu_domain::BoxError;

use super::dialect::Conn;
use crate::pool::Connector;

/// Opens connections for the desk's work.
pub(crate) struct Sessions {
    pub(crate) file: PathBuf,
    pub(crate) writes: bool,
}

impl Connector for Sessions {
    type Conn = Conn;

    fn connect(&self) -> Result<(Conn, i64), BoxError> {
        let mut conn = bare(&self.file)?;
        // Another process holds the write lock for a moment at most, the command line's; whoever finds it held
        // for longer is told so and comes again.
        conn.batch_execute("PRAGMA busy_timeout = 1000")?;
        if self.writes {
            // Checkpoints write pages all over the file: rare and large ones cost the least, at the price of a
            // write-ahead log of 80 MB.
            conn.batch_execute("PRAGMA wal_autocheckpoint = 20000; PRAGMA cache_size = -65536")?;
        } else {
            conn.batch_execute("PRAGMA query_only = ON; PRAGMA cache_size = -16384")?;
        }
        Ok((conn, 1))
    }
}

/// A connection that waits long for others, for migrations. FULL: an acknowledged commit is on the disk.
pub(crate) fn bare(file: &Path) -> Result<Conn, BoxError> {
    let name = file.to_str().ok_or("the name of the file is not UTF-8")?;
    let mut conn = Conn::establish(name)?;
    conn.batch_execute("PRAGMA busy_timeout = 30000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = OFF")?;
    Ok(conn)
}
