//! Why the server does not start, in words that say what to do.

use std::net::SocketAddr;

use kefu_bus::BusError;
use kefu_domain::StoreError;
use kefu_storage::OpenError;

use crate::development::DevelopmentError;
use crate::identity::{MallError, SignatureError};
use crate::sole::NotAlone;
use crate::tls::TlsError;

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database.
    #[error("the database could not be opened")]
    Open(#[from] OpenError),
    /// The database, a moment later.
    #[error("the database did not answer")]
    Store(#[from] StoreError),
    /// The folder for uploads.
    #[error("the folder {} for uploads (upload.dir) cannot be made or written to", .0.display())]
    Uploads(std::path::PathBuf, #[source] std::io::Error),
    /// The development accounts.
    #[error("development mode could not be prepared")]
    Development(#[from] DevelopmentError),
    /// The mall whose tokens are good here.
    #[error("the mall of the settings (mall.tokens) cannot be used")]
    Mall(#[from] MallError),
    /// The database is another server's.
    #[error(transparent)]
    NotAlone(#[from] NotAlone),
    /// The metrics.
    #[error("metrics could not be kept")]
    Metrics(#[from] metrics_exporter_prometheus::BuildError),
    /// The keys of signed tokens.
    #[error("signed tokens could not be checked, and without that nothing starts")]
    Signatures(#[from] SignatureError),
    /// The key of visitors' tokens.
    #[error("the key of visitors' tokens could not be made")]
    Guests(#[from] jsonwebtoken::errors::Error),
    /// What carries news between several servers.
    #[error("the bus of the settings (nodes.redis_url) cannot be used")]
    Bus(#[from] BusError),
    /// This server's name among several.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
    /// The certificate or its key.
    #[error("there is no TLS, and without it nothing starts")]
    Tls(#[from] TlsError),
    /// The address.
    #[error("{0} (server.listen) cannot be listened on")]
    Listen(SocketAddr, #[source] std::io::Error),
}
