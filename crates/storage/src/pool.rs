//! Connections: lent, watched, and thrown away when they are no longer sound.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::QueryResult;
use kefu_domain::{BoxError, StoreError};
use parking_lot::{FairMutex, FairMutexGuard};
use r2d2::{ManageConnection, Pool, PooledConnection};

use crate::fault::Fault;

/// How long anybody waits for a connection. Half of it is also the longest pause between two attempts to open
/// one, so a database that comes back is noticed within a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Opens connections of one kind, ready to be used.
pub(crate) trait Connector: Send + Sync + 'static {
    /// The driver's connection.
    type Conn: Send + 'static;

    /// Opens one and settles its session; also says by how much the ids of one insertion differ.
    fn connect(&self) -> Result<(Self::Conn, i64), BoxError>;
}

/// A connection and what is known of it.
pub(crate) struct Link<C> {
    conn: C,
    /// Ids of one multi-row insertion are this far apart.
    pub(crate) id_step: i64,
    broken: bool,
    era: u64,
    eras: Arc<AtomicU64>,
}

impl<C> Link<C> {
    /// Runs statements; an error that leaves the connection in doubt condemns it.
    pub(crate) fn run<T>(&mut self, ask: impl FnOnce(&mut C) -> QueryResult<T>) -> Result<T, StoreError> {
        ask(&mut self.conn).map_err(|error| {
            let fault = Fault::of(&error);
            self.suffer(fault);
            fault.error(error)
        })
    }

    /// The same for a COMMIT: after an error nobody knows whether it happened.
    pub(crate) fn run_commit(&mut self, ask: impl FnOnce(&mut C) -> QueryResult<()>) -> Result<(), StoreError> {
        ask(&mut self.conn).map_err(|error| {
            self.suffer(Fault::of(&error));
            self.condemn();
            StoreError::FateUnknown(Box::new(error))
        })
    }

    /// Has the connection thrown away instead of lent again.
    pub(crate) fn condemn(&mut self) {
        self.broken = true;
    }

    pub(crate) fn is_condemned(&self) -> bool {
        self.broken
    }

    fn suffer(&mut self, fault: Fault) {
        if !fault.spares_connection() {
            self.condemn();
        }
        // One connection that was cut means a server that went: the others of its age would fail one by one.
        if fault == Fault::Lost {
            self.eras.fetch_max(self.era + 1, Ordering::Relaxed);
        }
    }

    fn is_stale(&self) -> bool {
        self.era < self.eras.load(Ordering::Relaxed)
    }
}

/// What r2d2 opens and closes connections with.
pub(crate) struct Manager<K> {
    connector: Arc<K>,
    eras: Arc<AtomicU64>,
}

/// A connection could not be opened.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub(crate) struct ConnectFailed(BoxError);

impl<K: Connector> ManageConnection for Manager<K> {
    type Connection = Link<K::Conn>;
    type Error = ConnectFailed;

    fn connect(&self) -> Result<Self::Connection, ConnectFailed> {
        // Read before connecting: a connection opened while the server goes down is of the old age.
        let era = self.eras.load(Ordering::Relaxed);
        let (conn, id_step) = self.connector.connect().map_err(ConnectFailed)?;
        Ok(Link { conn, id_step, broken: false, era, eras: Arc::clone(&self.eras) })
    }

    fn is_valid(&self, _link: &mut Self::Connection) -> Result<(), ConnectFailed> {
        Ok(())
    }

    fn has_broken(&self, link: &mut Self::Connection) -> bool {
        link.is_condemned() || link.is_stale() || std::thread::panicking()
    }
}

/// Says that a connection could not be opened. The driver's text may name a user and a host, never a password.
#[derive(Debug)]
struct Complain;

impl r2d2::HandleError<ConnectFailed> for Complain {
    fn handle_error(&self, error: ConnectFailed) {
        tracing::warn!(error = %error, "no connection to the database");
    }
}

/// How many connections there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    pub(crate) write: u32,
    pub(crate) read: u32,
    /// Whether writers take turns, first come, first served.
    pub(crate) turns: bool,
    /// After how long a connection is renewed, if it ever is.
    pub(crate) lifetime: Option<Duration>,
}

/// The connections that write and those that read.
pub(crate) struct Pools<K: Connector> {
    write: Pool<Manager<K>>,
    read: Pool<Manager<K>>,
    /// r2d2 does not serve in order; on one connection a busy lane would starve everybody else.
    turns: Option<FairMutex<()>>,
}

impl<K: Connector> Pools<K> {
    pub(crate) fn new(writers: K, readers: K, sizes: Sizes) -> Self {
        let eras = Arc::new(AtomicU64::new(0));
        let pool = |connector, max| {
            let builder = Pool::builder().error_handler(Box::new(Complain));
            pool(builder, Manager { connector: Arc::new(connector), eras: Arc::clone(&eras) }, max, sizes.lifetime)
        };
        Self {
            write: pool(writers, sizes.write),
            read: pool(readers, sizes.read),
            turns: sizes.turns.then(|| FairMutex::new(())),
        }
    }

    /// A connection to write with.
    pub(crate) fn write(&self) -> Result<Lent<'_, K>, StoreError> {
        let turn = match &self.turns {
            None => None,
            Some(turns) => Some(turns.try_lock_for(PATIENCE).ok_or_else(|| StoreError::Contended(NO_TURN.into()))?),
        };
        Ok(Lent { link: lend(&self.write)?, _turn: turn })
    }

    /// A connection to read with.
    pub(crate) fn read(&self) -> Result<Lent<'_, K>, StoreError> {
        Ok(Lent { link: lend(&self.read)?, _turn: None })
    }
}

/// Connections to a database of somebody else's, which is only read. That there are none is heard by whoever asks, and
/// said by nobody else.
pub(crate) struct Readers<K: Connector>(Pool<Manager<K>>);

impl<K: Connector> Readers<K> {
    pub(crate) fn new(connector: K, max: u32, lifetime: Option<Duration>) -> Self {
        let builder = Pool::builder().error_handler(Box::new(r2d2::NopErrorHandler));
        let manager = Manager { connector: Arc::new(connector), eras: Arc::new(AtomicU64::new(0)) };
        Self(pool(builder, manager, max, lifetime))
    }

    /// A connection to read with.
    pub(crate) fn read(&self) -> Result<Lent<'_, K>, StoreError> {
        Ok(Lent { link: lend(&self.0)?, _turn: None })
    }
}

fn pool<K: Connector>(
    builder: r2d2::Builder<Manager<K>>,
    manager: Manager<K>,
    max: u32,
    lifetime: Option<Duration>,
) -> Pool<Manager<K>> {
    builder
        .max_size(max.max(1))
        .min_idle(Some(1))
        .connection_timeout(PATIENCE)
        .max_lifetime(lifetime)
        .idle_timeout(lifetime)
        .test_on_check_out(false)
        .build_unchecked(manager)
}

const NO_TURN: &str = "the one connection that writes was busy for two seconds";

fn lend<K: Connector>(pool: &Pool<Manager<K>>) -> Result<PooledConnection<Manager<K>>, StoreError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let link = pool.get_timeout(left).map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        if !link.is_stale() {
            return Ok(link);
        }
    }
}

/// A connection, back in its pool, or thrown away, when this is dropped.
pub(crate) struct Lent<'a, K: Connector> {
    // Dropped in this order: the next writer must find the connection back in its place.
    link: PooledConnection<Manager<K>>,
    _turn: Option<FairMutexGuard<'a, ()>>,
}

impl<K: Connector> Deref for Lent<'_, K> {
    type Target = Link<K::Conn>;

    fn deref(&self) -> &Self::Target {
        &self.link
    }
}

impl<K: Connector> DerefMut for Lent<'_, K> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.link
    }
}
