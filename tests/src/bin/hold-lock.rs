//! Takes an SQLite file's write lock and keeps it until it is killed: another process that is in the way.

use std::io::Write;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let file = std::env::args().nth(1).ok_or("usage: hold-lock FILE")?;
    let mut conn = SqliteConnection::establish(&file)?;
    conn.batch_execute("PRAGMA busy_timeout = 20000; BEGIN IMMEDIATE")?;
    writeln!(std::io::stdout(), "held")?;
    loop {
        std::thread::park();
    }
}
