//! The desk's books: conversations and messages, and beside them accounts, tokens, tickets, tenants, profiles
//! and uploaded files, kept in MariaDB/MySQL or in one SQLite file.
//!
//! A [`Database`] promises that what a commit has acknowledged is there for good, as far as the server's own
//! settings allow ([`Database::durability`] says how far); that a conversation is changed by one transaction at
//! a time, whichever process runs it; that times are kept in the one offset that the database itself has
//! recorded; and that every fault of a driver arrives as one of the four causes of
//! [`StoreError`](kefu_domain::StoreError), after which the connection that suffered it is kept only if it is
//! known to be sound. A mall's own tables it takes over with every row in them, wherever it is interrupted
//! ([`Database::upgrade_plan`] says beforehand what that comes to).
//!
//! It refuses to know the rules: it locks the rows that it is told to lock, hands them over as a
//! [`UnitOfWork`](kefu_domain::UnitOfWork), and writes back what came out. It reads no clock but the
//! database's, makes no tokens and hashes no passwords, logs no text that anybody wrote, and never waits for
//! anything but the database.
//!
//! Every call blocks. Call it from a thread or from a blocking pool, never inside an async task: the MySQL
//! driver panics there.
//!
//! ```
//! use kefu_domain::{Member, MemberId, Scope, Store, TenantId};
//! use kefu_storage::{Database, Options};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let address = format!("sqlite:{}", folder.path().join("desk.db").display());
//! let database = Database::connect(&address, &Options::default()).unwrap();
//!
//! let member = Member { scope: Scope::platform(TenantId(1)), id: MemberId(101) };
//! assert_eq!(database.open(member).unwrap(), database.open(member).unwrap());
//! ```
#![allow(clippy::duplicate_mod, reason = "one text of queries is compiled for each of the two databases")]

mod account;
mod address;
mod api_key;
mod database;
mod durability;
mod error;
mod fault;
mod file;
mod identity;
mod kept;
mod mall;
mod mysql;
mod offset;
mod own_rows;
mod pool;
mod rows;
mod schema;
mod shop;
mod sqlite;
mod stored;
mod tenant;
mod ticket;
mod token;
mod written;

pub use account::{Account, AccountStatus, NewAccount};
pub use api_key::ApiKey;
pub use database::{Backend, Database, Options};
pub use durability::Durability;
pub use error::OpenError;
pub use file::StoredFile;
pub use identity::Subject;
pub use mall::{MallPerson, MallTables, MallToken};
pub use mysql::{Merge, UpgradePlan};
pub use offset::StorageOffset;
pub use shop::{Shop, ShopStatus};
pub use tenant::{NewTenant, Tenant, TenantStatus};
pub use token::{NewToken, Renewal, Token, TokenHash, TokenKind};
