//! The database as it is, read with plain SQL past the code under test.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;

use crate::backend::address;
use crate::canary::{Home, take_off};
use crate::off_the_runtime;

/// A connection to MariaDB that blocks.
pub(crate) type Maria = AsyncConnectionWrapper<AsyncMysqlConnection>;

/// Reads one database. Every call opens a connection of its own, so it works after any fault.
#[derive(Debug, Clone)]
pub struct Books {
    at: At,
}

#[derive(Debug, Clone)]
enum At {
    File(PathBuf),
    Maria(String),
}

/// A message as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct MessageRow {
    /// Its id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its conversation.
    #[diesel(sql_type = BigInt)]
    pub conversation: i64,
    /// Its number; 0 where there is none.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// 1 member, 2 admin.
    #[diesel(sql_type = BigInt)]
    pub sender_type: i64,
    /// Who wrote it.
    #[diesel(sql_type = BigInt)]
    pub sender: i64,
    /// The sender's key.
    #[diesel(sql_type = Nullable<Text>)]
    pub key: Option<String>,
    /// Its contentType.
    #[diesel(sql_type = BigInt)]
    pub kind: i64,
    /// The content.
    #[diesel(sql_type = Text)]
    pub content: String,
    /// The change that last touched it; 0 where there is none.
    #[diesel(sql_type = BigInt)]
    pub change: i64,
    /// The message that it quotes.
    #[diesel(sql_type = Nullable<BigInt>)]
    pub quote: Option<i64>,
    /// Whether it was taken back, 0 or 1.
    #[diesel(sql_type = BigInt)]
    pub revoked: i64,
    /// Whether the member has deleted it for their side, 0 or 1.
    #[diesel(sql_type = BigInt)]
    pub member_deleted: i64,
    /// Whether the desk has deleted it for its side, 0 or 1.
    #[diesel(sql_type = BigInt)]
    pub desk_deleted: i64,
    /// When, in milliseconds since the epoch.
    #[diesel(sql_type = BigInt)]
    pub time: i64,
    /// Whether the other side has read it, 0 or 1.
    #[diesel(sql_type = BigInt)]
    pub read: i64,
}

/// A conversation as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct ConversationRow {
    /// Its id.
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    /// Its member.
    #[diesel(sql_type = BigInt)]
    pub member: i64,
    /// The newest number.
    #[diesel(sql_type = BigInt)]
    pub head: i64,
    /// The newest change.
    #[diesel(sql_type = BigInt)]
    pub change: i64,
    /// How far the member has read.
    #[diesel(sql_type = BigInt)]
    pub member_read: i64,
    /// How far the desk has read.
    #[diesel(sql_type = BigInt)]
    pub desk_read: i64,
    /// What the desk has not read, as the conversation has it.
    #[diesel(sql_type = BigInt)]
    pub desk_unread: i64,
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(embed)]
    home: Home,
    #[diesel(sql_type = Text)]
    content: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

impl Books {
    /// The books at an address of the settings.
    #[must_use]
    pub fn at(url: &str) -> Self {
        let at = match url.strip_prefix("sqlite:") {
            Some(path) => At::File(path.into()),
            None => At::Maria(address(url)),
        };
        Self { at }
    }

    /// The messages of a conversation, by number.
    #[must_use]
    pub fn messages(&self, conversation: i64) -> Vec<MessageRow> {
        self.message_rows(&format!("WHERE conversation_id = {conversation} ORDER BY seq, id"))
    }

    /// All messages, by conversation and number.
    #[must_use]
    pub fn all_messages(&self) -> Vec<MessageRow> {
        self.message_rows("ORDER BY conversation_id, seq, id")
    }

    /// All conversations, by id.
    #[must_use]
    pub fn conversations(&self) -> Vec<ConversationRow> {
        self.rows(
            "SELECT id, user_id AS member, head_seq AS head, change_no AS `change`, member_read_seq AS member_read, \
             admin_read_seq AS desk_read, CAST(admin_unread_message_count AS SIGNED) AS desk_unread \
             FROM promotion_kefu_conversation ORDER BY id",
        )
    }

    /// The member's conversation.
    #[must_use]
    pub fn conversation_of(&self, member: i64) -> Option<ConversationRow> {
        self.conversations().into_iter().find(|row| row.member == member)
    }

    /// How many rows a table has.
    #[must_use]
    pub fn count(&self, table: &str) -> i64 {
        self.number(&format!("SELECT COUNT(*) AS number FROM {table}"))
    }

    /// The one number of a query, which names it `number`.
    #[must_use]
    pub fn number(&self, query: &str) -> i64 {
        self.rows::<Number>(query).first().expect("one row").number
    }

    /// Runs a statement that changes something.
    pub fn run(&self, statement: &str) {
        let statement = self.spoken(statement);
        off_the_runtime(|| match &self.at {
            At::File(path) => sqlite(path).batch_execute(&statement).expect("SQLite does as told"),
            At::Maria(url) => maria(url).batch_execute(&statement).expect("MariaDB does as told"),
        });
    }

    /// Whose conversations there are; `None` while the database does not answer.
    #[must_use]
    pub fn homes(&self) -> Option<Vec<Home>> {
        self.try_rows(
            "SELECT id, tenant_id AS tenant, shop_id AS shop, user_id AS member FROM promotion_kefu_conversation",
        )
    }

    /// The shops that an admin serves by grant, or has served; `None` while the database does not answer.
    pub(crate) fn granted(&self, tenant: i64, admin: i64) -> Option<Vec<i64>> {
        let rows: Vec<Number> = self.try_rows(&format!(
            "SELECT shop_id AS number FROM kefu_shop_grant WHERE tenant_id = {tenant} AND admin_id = {admin}"
        ))?;
        Some(rows.into_iter().map(|row| row.number).collect())
    }

    /// What is stored of each message and of each conversation's last one, with its ring on, and where.
    pub(crate) fn stored(&self) -> Vec<(Home, String)> {
        let of = "c.id AS id, c.tenant_id AS tenant, c.shop_id AS shop, c.user_id AS member";
        let rows: Vec<Stored> = self.rows(&format!(
            "SELECT {of}, m.content AS content FROM promotion_kefu_message m \
             JOIN promotion_kefu_conversation c ON c.id = m.conversation_id \
             UNION ALL SELECT {of}, COALESCE(c.last_message_content, '') FROM promotion_kefu_conversation c"
        ));
        rows.into_iter().map(|row| (row.home, row.content)).collect()
    }

    fn message_rows(&self, rest: &str) -> Vec<MessageRow> {
        let time = match &self.at {
            At::File(_) => "create_time",
            At::Maria(_) => "CAST(UNIX_TIMESTAMP(create_time) * 1000 AS SIGNED)",
        };
        let mut rows: Vec<MessageRow> = self.rows(&format!(
            "SELECT id, conversation_id AS conversation, COALESCE(seq, 0) AS seq, \
             CAST(sender_type AS SIGNED) AS sender_type, sender_id AS sender, client_msg_id AS `key`, \
             CAST(content_type AS SIGNED) AS kind, content, COALESCE(change_no, 0) AS `change`, quote_id AS quote, \
             CASE WHEN revoked_time IS NULL THEN 0 ELSE 1 END AS revoked, \
             CAST(member_deleted AS SIGNED) AS member_deleted, CAST(admin_deleted AS SIGNED) AS desk_deleted, \
             {time} AS time, CAST(read_status AS SIGNED) AS `read` FROM promotion_kefu_message {rest}"
        ));
        for row in &mut rows {
            row.content = String::from_utf8_lossy(&take_off(row.content.as_bytes())).into_owned();
        }
        rows
    }

    /// The rows of a query; `None` while the database does not answer.
    fn try_rows<R>(&self, query: &str) -> Option<Vec<R>>
    where
        R: Send + 'static,
        R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::mysql::Mysql>,
    {
        let query = self.spoken(query);
        off_the_runtime(|| match &self.at {
            At::File(path) => {
                sql_query(query).load(&mut SqliteConnection::establish(&path.to_string_lossy()).ok()?).ok()
            }
            At::Maria(url) => sql_query(query).load(&mut Maria::establish(url).ok()?).ok(),
        })
    }

    fn rows<R>(&self, query: &str) -> Vec<R>
    where
        R: Send + 'static,
        R: QueryableByName<diesel::sqlite::Sqlite> + QueryableByName<diesel::mysql::Mysql>,
    {
        let query = self.spoken(query);
        off_the_runtime(|| match &self.at {
            At::File(path) => sql_query(query).load(&mut sqlite(path)).expect("SQLite answers"),
            At::Maria(url) => sql_query(query).load(&mut maria(url)).expect("MariaDB answers"),
        })
    }

    /// The same statement in the database's own words.
    fn spoken(&self, statement: &str) -> String {
        match &self.at {
            At::File(_) => statement.replace("AS SIGNED", "AS INTEGER"),
            At::Maria(_) => statement.to_owned(),
        }
    }
}

fn sqlite(path: &std::path::Path) -> SqliteConnection {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).expect("the file opens");
    conn.batch_execute("PRAGMA busy_timeout = 20000").expect("a patient connection");
    conn
}

fn maria(url: &str) -> Maria {
    let mut conn = Maria::establish(url).expect("MariaDB lets us in");
    // The offset in which the tables keep their times.
    conn.batch_execute("SET time_zone = '+08:00'").expect("a session in the storage offset");
    conn
}
