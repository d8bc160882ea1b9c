//! Opens connections of the pure-Rust client, over TLS where the address asks for it.
//!
//! The client reads everything from the address but which certificate authority to believe. That is our own
//! parameter `ssl_ca`, a path, called as the C client calls it.

use std::cell::Cell;

use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use kefu_domain::BoxError;
use mysql_async::{Opts, OptsBuilder, SslOpts};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::runtime::{Builder, Runtime};

/// The pure-Rust client behind Diesel's synchronous face; no C library, and it panics inside async tasks.
pub(crate) type Wrapped = AsyncConnectionWrapper<AsyncMysqlConnection, Driven>;

/// A connection's own runtime, driven by whoever waits for the connection.
pub(crate) struct Driven(Runtime);

thread_local! {
    /// The runtime in which the next connection of this thread was opened.
    static OPENED_IN: Cell<Option<Driven>> = const { Cell::new(None) };
}

impl BlockOn for Driven {
    fn block_on<F: Future>(&self, work: F) -> F::Output {
        self.0.block_on(work)
    }

    /// A wrapper makes its runtime when it is put around a connection, and a connection works only in the one that
    /// it was opened in.
    fn get_runtime() -> Self {
        OPENED_IN.take().unwrap_or_else(|| unreachable!("a connection is opened by `establish`"))
    }
}

/// Opens a connection to the server that the address names.
pub(crate) fn establish(url: &str) -> Result<Wrapped, BoxError> {
    let options = options(url)?;
    let runtime = Builder::new_current_thread().enable_io().build()?;
    let conn = runtime.block_on(async {
        let conn = mysql_async::Conn::new(options).await?;
        Ok::<_, BoxError>(AsyncMysqlConnection::try_from(conn).await?)
    })?;
    OPENED_IN.set(Some(Driven(runtime)));
    Ok(conn.into())
}

fn options(url: &str) -> Result<OptsBuilder, BoxError> {
    let (url, authority) = take_authority(url);
    let read = Opts::from_url(&url)?;
    let tls = read.ssl_opts().cloned();
    // Diesel keeps its own statements, and counts the rows that were found and not those that changed.
    let options = OptsBuilder::from_opts(read).stmt_cache_size(0).client_found_rows(true);
    let Some(tls) = tls else { return Ok(options) };
    if CryptoProvider::get_default().is_none() {
        // The client takes the process's default and panics where there are two to choose from. Whoever came
        // first has chosen.
        let _ = ring::default_provider().install_default();
    }
    Ok(options.ssl_opts(Some(believing(tls, authority)?)))
}

/// Believes the named authority and no other; the web's where none is named.
fn believing(tls: SslOpts, authority: Option<String>) -> Result<SslOpts, BoxError> {
    let Some(path) = authority else { return Ok(tls) };
    // Read at every connection, so that a new authority needs no restart.
    let pem = std::fs::read(&path).map_err(|error| format!("{path} (ssl_ca) cannot be read: {error}"))?;
    if CertificateDer::pem_slice_iter(&pem).next().is_none_or(|first| first.is_err()) {
        return Err(format!("{path} (ssl_ca) holds no certificate in PEM format").into());
    }
    Ok(tls.with_root_certs(vec![pem.into()]).with_disable_built_in_roots(true))
}

/// The address without the parameter that the client does not know, and its value.
fn take_authority(url: &str) -> (String, Option<String>) {
    let Some((place, query)) = url.split_once('?') else { return (url.to_owned(), None) };
    let (ours, theirs): (Vec<_>, Vec<_>) = query.split('&').partition(|pair| pair.starts_with("ssl_ca="));
    let path = ours.first().and_then(|pair| pair.strip_prefix("ssl_ca=")).map(str::to_owned);
    (format!("{place}?{}", theirs.join("&")), path)
}
