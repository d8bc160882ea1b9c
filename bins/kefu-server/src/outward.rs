//! How this server asks others over HTTP: bounded in time, straight to the address, and believing whom the machine
//! believes.

use std::time::Duration;

use rustls::crypto::ring;

/// A client that waits so long for an answer. It follows no redirect, since an address of the settings is meant as it
/// stands, and reads no proxy from the environment. No connection is kept: each of the server's threads has a runtime
/// of its own, and a connection ends with the one that it began in.
pub fn client(within: Duration) -> reqwest::ClientBuilder {
    // Whoever was first has named the same one.
    let _ = ring::default_provider().install_default();
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .pool_max_idle_per_host(0)
        .timeout(within)
}
