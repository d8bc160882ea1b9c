//! The one handle that everybody outside holds.

use std::collections::HashMap;
use std::sync::Arc;

use kefu_domain::{
    AdminDirectory, AdminId, BoxError, ChangedPage, Conversation, ConversationId, ConversationPage,
    ConversationRepository, DirectoryError, Head, Member, MemberDirectory, MemberId, Message, MessagePage,
    MessageRepository, Need, Profile, Scope, ShopId, Side, Store, StoreError, TenantId, Timestamp, Transaction,
};

use crate::address::Address;
use crate::{Durability, OpenError, StorageOffset, UpgradePlan, mysql, sqlite};

/// An open database; clones share it. The last one to go closes it, which may wait for the disk.
#[derive(Clone)]
pub struct Database(Arc<Keeper>);

/// Empty only while it is dropped.
struct Keeper(Option<Open>);

pub(crate) enum Open {
    MySql(mysql::queries::Db),
    Sqlite(sqlite::queries::Db),
}

/// Runs the same call on whichever of the two databases is open.
macro_rules! on_either {
    ($database:expr, $db:ident => $call:expr) => {
        match $database.open_one() {
            crate::database::Open::MySql($db) => $call,
            crate::database::Open::Sqlite($db) => $call,
        }
    };
}
pub(crate) use on_either;

impl Drop for Keeper {
    /// On a thread of its own: the MySQL driver's connections may not be dropped inside an async task.
    fn drop(&mut self) {
        let open = self.0.take();
        let _ = std::thread::spawn(move || drop(open)).join();
    }
}

/// How to open a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Connections that write, at most; a lane holds one while it works, everybody else needs some too. SQLite
    /// has one, whatever this says.
    pub write_connections: u32,
    /// Connections that read, at most.
    pub read_connections: u32,
    /// Whether to run the migrations that have not run yet.
    pub migrate: bool,
    /// Whether to number first what the mall's own server has written since the last time, on MariaDB and MySQL:
    /// later it would get its numbers after what is written now. Migrating does so in any case.
    pub take_over: bool,
    /// In which offset MariaDB and MySQL keep wall-clock times. A database that has recorded another one is refused;
    /// without a wish it keeps what it has recorded, and a new one keeps the mall's, `+08:00`. SQLite keeps instants.
    pub storage_offset: Option<StorageOffset>,
}

impl Default for Options {
    fn default() -> Self {
        Self { write_connections: 8, read_connections: 8, migrate: true, take_over: true, storage_offset: None }
    }
}

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// MariaDB.
    MariaDb,
    /// MySQL.
    MySql,
    /// One SQLite file.
    Sqlite,
}

impl Database {
    /// Opens the database that the address names, runs the migrations that have not run yet, and takes over the rows
    /// of a mall: one conversation per member, a number for each message. See [`upgrade_plan`](Self::upgrade_plan).
    ///
    /// `mysql://` and `mariadb://` name a server and a database on it, `sqlite:` a file, which is made if it is
    /// missing. Any number of processes may do this at once; one of them migrates, the others wait for it.
    pub fn connect(address: &str, options: &Options) -> Result<Self, OpenError> {
        let address = Address::parse(address)?;
        let open = beside(|| match &address {
            Address::MySql(url) => mysql::open(url, options).map(Open::MySql),
            Address::Sqlite(path) => sqlite::open(path, options).map(Open::Sqlite),
        })?;
        Ok(Self(Arc::new(Keeper(Some(open)))))
    }

    pub(crate) fn open_one(&self) -> &Open {
        match &self.0.0 {
            Some(open) => open,
            None => unreachable!("a handle keeps its database open"),
        }
    }

    /// Which database it is.
    #[must_use]
    pub fn backend(&self) -> Backend {
        match self.open_one() {
            Open::MySql(db) if db.version().starts_with("MariaDB") => Backend::MariaDb,
            Open::MySql(_) => Backend::MySql,
            Open::Sqlite(_) => Backend::Sqlite,
        }
    }

    /// Its name and version, as it was when it was opened.
    #[must_use]
    pub fn version(&self) -> &str {
        on_either!(self, db => db.version())
    }

    /// The 16 hex digits that stand for this life of the database.
    #[must_use]
    pub fn epoch(&self) -> &str {
        on_either!(self, db => db.epoch())
    }

    /// Begins a new life of the database, and says which: after a backup was restored, so that nobody takes what was
    /// lost since for what they already have.
    ///
    /// Handles that are open, this one too, keep the epoch that they were opened with.
    pub fn renew_epoch(&self) -> Result<String, StoreError> {
        on_either!(self, db => db.renew_epoch())
    }

    /// The offset that the database has recorded for its wall-clock times, whatever the options asked for.
    #[must_use]
    pub fn storage_offset(&self) -> StorageOffset {
        on_either!(self, db => db.recorded_offset())
    }

    /// What [`connect`](Self::connect) would do to the tables and rows that a mall's own server has made, and to which
    /// of them; only reads, and the right to do so is enough. `None` for SQLite, which no mall has.
    pub fn upgrade_plan(address: &str, options: &Options) -> Result<Option<UpgradePlan>, OpenError> {
        match Address::parse(address)? {
            Address::MySql(url) => beside(|| mysql::plan(&url, options)).map(Some),
            Address::Sqlite(_) => Ok(None),
        }
    }

    /// Runs the migrations that have not run yet, and takes over what a mall's own server has written meanwhile;
    /// [`connect`](Self::connect) has done so unless told otherwise.
    pub fn migrate(&self) -> Result<(), OpenError> {
        on_either!(self, db => db.migrate())
    }

    /// How safe an acknowledged message is, read on a connection that writes.
    pub fn durability(&self) -> Result<Durability, StoreError> {
        on_either!(self, db => db.durability())
    }

    /// Asks the database for a sign of life.
    pub fn ping(&self) -> Result<(), StoreError> {
        self.now().map(|_| ())
    }

    /// The database's time.
    pub fn now(&self) -> Result<Timestamp, StoreError> {
        on_either!(self, db => db.now())
    }

    /// Remembers how somebody is called; asks first, and writes only what differs.
    ///
    /// A nickname is cut to 255 characters; an address of more than 2,048 is not kept.
    pub fn remember_profile(
        &self,
        tenant: TenantId,
        user_type: i32,
        id: i64,
        profile: &Profile,
    ) -> Result<(), StoreError> {
        on_either!(self, db => db.remember_profile(tenant, user_type, id, profile))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("version", &self.version()).finish_non_exhaustive()
    }
}

impl Store for Database {
    fn open(&self, member: Member) -> Result<ConversationId, StoreError> {
        on_either!(self, db => db.open(member))
    }

    fn begin(&self, needs: &[Need]) -> Result<Box<dyn Transaction + '_>, StoreError> {
        on_either!(self, db => db.begin(needs))
    }
}

impl ConversationRepository for Database {
    fn find(&self, tenant: TenantId, shops: &[ShopId], id: ConversationId) -> Result<Option<Conversation>, StoreError> {
        on_either!(self, db => db.find(tenant, shops, id))
    }

    fn of_member(&self, member: Member) -> Result<Option<Conversation>, StoreError> {
        on_either!(self, db => db.of_member(member))
    }

    fn list(&self, scope: Scope, page: &ConversationPage) -> Result<Vec<Conversation>, StoreError> {
        on_either!(self, db => db.list(scope, page))
    }

    fn changes(&self, scope: Scope, page: &ChangedPage) -> Result<Vec<Conversation>, StoreError> {
        on_either!(self, db => db.changes(scope, page))
    }

    fn heads(&self, scopes: &[Scope], within: i64) -> Result<(Timestamp, Vec<Head>), StoreError> {
        on_either!(self, db => db.heads(scopes, within))
    }
}

impl MessageRepository for Database {
    fn page(
        &self,
        scope: Scope,
        id: ConversationId,
        reader: Side,
        page: &MessagePage,
    ) -> Result<Vec<Message>, StoreError> {
        on_either!(self, db => db.page(scope, id, reader, page))
    }

    fn altered(
        &self,
        scope: Scope,
        id: ConversationId,
        since: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        on_either!(self, db => db.altered(scope, id, since, up_to, limit))
    }
}

impl MemberDirectory for Database {
    fn profiles(&self, tenant: TenantId, ids: &[MemberId]) -> Result<HashMap<MemberId, Profile>, DirectoryError> {
        on_either!(self, db => db.member_profiles(tenant, ids)).map_err(silent)
    }

    /// Never: that somebody was not seen yet says nothing about whether the mall knows them.
    fn denies(&self, _tenant: TenantId, _id: MemberId) -> Result<bool, DirectoryError> {
        Ok(false)
    }
}

impl AdminDirectory for Database {
    /// Of the accounts kept here, and of the mall's admins that were seen.
    fn profiles(&self, tenant: TenantId, ids: &[AdminId]) -> Result<HashMap<AdminId, Profile>, DirectoryError> {
        on_either!(self, db => db.admin_profiles(tenant, ids)).map_err(silent)
    }
}

/// On a plain thread, so that the driver never finds itself inside somebody's async runtime.
fn beside<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|threads| threads.spawn(work).join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
}

fn silent(error: StoreError) -> DirectoryError {
    DirectoryError(BoxError::from(error))
}
