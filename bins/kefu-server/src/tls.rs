//! TLS at the listener: a certificate and its key, read at the start and again whenever their files change.
//!
//! A renewal is seen within five seconds and needs neither a restart nor a signal; connections that are open stay
//! as they are. Files that cannot be used (half of a renewal, for one) change nothing: what was good stays in use.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use actix_web::rt;
use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::config::ServerSettings;

/// How often the files are looked at. They are small, and comparing them is the one way that no file system deceives.
const LOOK_EVERY: Duration = Duration::from_secs(5);

const CERT: &str = "server.tls_cert";
const KEY: &str = "server.tls_key";

/// Why there is no TLS. One sentence that an operator can act on; none repeats what stands in a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is missing, or not ours to read.
    #[error("{} ({setting}) cannot be read", path.display())]
    Unreadable {
        /// Which setting names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// A file is of another kind.
    #[error("{} ({setting}) holds no {what} in PEM format, which begins with -----BEGIN {begin}-----", path.display())]
    NotPem {
        /// Which setting names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// How that begins.
        begin: &'static str,
    },
    /// Two files of two pairs.
    #[error("the key {} (server.tls_key) belongs to another certificate than the first of {} (server.tls_cert)", key.display(), cert.display())]
    Mismatch {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// Of a kind that browsers do not take, or damaged.
    #[error("{} (server.tls_cert) and {} (server.tls_key) cannot be used", cert.display(), key.display())]
    Unusable {
        /// The certificate's file.
        cert: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        cause: rustls::Error,
    },
}

/// Two files: the certificate with those between it and its root, and the key.
#[derive(Debug, Clone)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

/// What stood in them.
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

/// The listener's certificate, looked after.
pub(crate) struct Certificate {
    files: Files,
    /// Of what is in use: the SHA-256 of both contents, since nobody needs a second copy of the key.
    print: [u8; 32],
    in_use: Arc<InUse>,
}

/// What new connections are shown.
struct InUse(RwLock<Arc<CertifiedKey>>);

/// What a look at the files found.
#[derive(Debug)]
enum Look {
    /// What is in use.
    Same,
    /// Another pair, in use from now on.
    Renewed,
    /// Nothing that can be used.
    Unusable(TlsError),
}

impl Certificate {
    /// Reads the files that the settings name; `None` where they name none.
    pub(crate) fn of(settings: &ServerSettings) -> Result<Option<Self>, TlsError> {
        if !settings.has_tls() {
            return Ok(None);
        }
        let files = Files { cert: settings.tls_cert.clone(), key: settings.tls_key.clone() };
        let contents = files.read()?;
        let in_use = Arc::new(InUse(RwLock::new(Arc::new(files.certified(&contents)?))));
        Ok(Some(Self { print: contents.print(), files, in_use }))
    }

    /// How the listener is to speak TLS: 1.2 and 1.3, with tickets, since everybody comes back at once after an outage.
    pub(crate) fn listener(&self) -> Result<ServerConfig, TlsError> {
        let config = || {
            let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
            let shown: Arc<dyn ResolvesServerCert> = self.in_use.clone();
            let mut config = builder.with_no_client_auth().with_cert_resolver(shown);
            config.ticketer = ring::Ticketer::new()?;
            Ok(config)
        };
        config().map_err(|cause| self.files.unusable(cause))
    }

    /// Looks at the files for as long as the server runs.
    pub(crate) async fn keep_fresh(mut self) {
        let mut unusable = 0_u32;
        let mut ticks = interval_at(Instant::now() + LOOK_EVERY, LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let looked = rt::task::spawn_blocking(move || {
                let look = self.look();
                (self, look)
            });
            let Ok((again, look)) = looked.await else { return };
            self = again;
            match look {
                Look::Same => unusable = 0,
                Look::Renewed => {
                    unusable = 0;
                    tracing::info!("the certificate was renewed");
                }
                // Once may be the middle of a renewal.
                Look::Unusable(error) => {
                    unusable = unusable.saturating_add(1);
                    if unusable == 2 {
                        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                        tracing::warn!(%error, cause, "the certificate in use stays, until its files can be used");
                    }
                }
            }
        }
    }

    fn look(&mut self) -> Look {
        let renewed = || {
            let contents = self.files.read()?;
            let print = contents.print();
            if print == self.print { Ok(None) } else { Ok(Some((self.files.certified(&contents)?, print))) }
        };
        match renewed() {
            Ok(None) => Look::Same,
            Ok(Some((certified, print))) => {
                self.print = print;
                *self.in_use.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                Look::Renewed
            }
            Err(error) => Look::Unusable(error),
        }
    }
}

impl Files {
    fn read(&self) -> Result<Contents, TlsError> {
        let read = |setting, path: &PathBuf| {
            std::fs::read(path).map_err(|cause| TlsError::Unreadable { setting, path: path.clone(), cause })
        };
        Ok(Contents { cert: read(CERT, &self.cert)?, key: read(KEY, &self.key)? })
    }

    fn certified(&self, contents: &Contents) -> Result<CertifiedKey, TlsError> {
        let no_certificate =
            || TlsError::NotPem { setting: CERT, path: self.cert.clone(), what: "certificate", begin: "CERTIFICATE" };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&contents.cert)
            .collect::<Result<_, _>>()
            .ok()
            .filter(|chain: &Vec<_>| !chain.is_empty())
            .ok_or_else(no_certificate)?;
        let what = "private key without a password";
        let no_key = |_| TlsError::NotPem { setting: KEY, path: self.key.clone(), what, begin: "PRIVATE KEY" };
        let key = PrivateKeyDer::from_pem_slice(&contents.key).map_err(no_key)?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(|cause| match cause {
            rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { cert: self.cert.clone(), key: self.key.clone() },
            cause => self.unusable(cause),
        })
    }

    fn unusable(&self, cause: rustls::Error) -> TlsError {
        TlsError::Unusable { cert: self.cert.clone(), key: self.key.clone(), cause }
    }
}

impl Contents {
    fn print(&self) -> [u8; 32] {
        let apart = self.cert.len().to_le_bytes();
        Sha256::new().chain_update(apart).chain_update(&self.cert).chain_update(&self.key).finalize().into()
    }
}

impl ResolvesServerCert for InUse {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl fmt::Debug for InUse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InUse")
    }
}

/// Named wherever it is needed: what a process has as its default is anybody's to set.
fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(test)]
mod tests;
