//! The settings and their defaults. What is written here is what OPERATING.md lists.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::JwtSettings;
use super::MallSettings;
use super::NodesSettings;
use super::SocketSettings;
use crate::client::TrustedProxies;
use crate::secret::{DatabaseUrl, Secret};

/// All settings, by section.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The listener.
    pub server: ServerSettings,
    /// Opening sockets.
    pub socket: SocketSettings,
    /// Where everything is kept.
    pub database: DatabaseSettings,
    /// Who may come in.
    pub auth: AuthSettings,
    /// Tokens that others signed.
    pub jwt: JwtSettings,
    /// The yudao mall beside which the desk stands.
    pub mall: MallSettings,
    /// Several servers as one desk.
    pub nodes: NodesSettings,
    /// Pictures and files.
    pub upload: UploadSettings,
    /// The desk itself.
    pub desk: DeskSettings,
    /// What is written down.
    pub log: LogSettings,
}

/// The listener.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServerSettings {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How the outside reaches this server, for the addresses of uploaded files; empty: `http://` or `https://` and
    /// the listener.
    pub public_url: String,
    /// The file with the certificate (PEM), those between it and its root behind it; empty: the listener speaks
    /// plain HTTP.
    pub tls_cert: PathBuf,
    /// The file with the certificate's key (PEM, without a password).
    pub tls_key: PathBuf,
    /// Addresses and networks of the operator's own proxies: what they write into `X-Forwarded-For` counts.
    pub trusted_proxies: TrustedProxies,
    /// Threads that answer; 0 is one per core.
    pub workers: usize,
    /// Connections per thread, sockets included.
    pub max_connections: usize,
    /// How long a connection may idle between two requests: 1 to 3600.
    pub keep_alive_seconds: u64,
    /// How long a client may take to send its headers.
    pub header_timeout_seconds: u64,
    /// How long running requests are waited for when stopping: 1 to 10; the whole stop takes a little more.
    pub stop_seconds: u64,
    /// How long `kefu.v2` sockets are given to go elsewhere before the stop: at most 30; not waited for where there is
    /// none.
    pub leave_seconds: u64,
    /// Trying things out on one's own machine: a kept random secret, ready accounts, the demo page. Loopback only.
    pub development: bool,
    /// Whether `/demo` is served outside development mode too (it then has no accounts to offer).
    pub demo: bool,
    /// Where development mode keeps its secret.
    pub data_dir: PathBuf,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 48080)),
            public_url: String::new(),
            tls_cert: PathBuf::new(),
            tls_key: PathBuf::new(),
            trusted_proxies: TrustedProxies::default(),
            workers: 0,
            max_connections: 25_000,
            keep_alive_seconds: 75,
            header_timeout_seconds: 5,
            stop_seconds: 10,
            leave_seconds: 5,
            development: false,
            demo: false,
            data_dir: PathBuf::from("data"),
        }
    }
}

impl ServerSettings {
    /// Whether the listener speaks TLS.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        !self.tls_cert.as_os_str().is_empty()
    }

    /// What the listener's addresses begin with.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        if self.has_tls() { "https" } else { "http" }
    }
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DatabaseSettings {
    /// `sqlite:PATH`, or `mysql://USER:PASSWORD@HOST:PORT/NAME` for MySQL and MariaDB.
    pub url: DatabaseUrl,
    /// Whether the tables are brought up to date at start.
    pub migrate: bool,
    /// The zone in which MySQL and MariaDB keep the wall-clock times of the mall's columns, such as `Asia/Shanghai`,
    /// or an offset such as `+08:00`; the mall's, and for good.
    pub zone: String,
    /// Connections for reading.
    pub read_connections: u32,
    /// Connections for writing beside the lanes' own; SQLite has one in any case.
    pub write_connections: u32,
    /// Lanes, each a thread with a transaction under way; 0 takes two on MySQL and MariaDB, one on SQLite.
    pub lanes: usize,
    /// Messages per transaction at most; 1 is the classic one-transaction-per-message.
    pub batch: usize,
    /// Jobs that may wait for a lane before callers are told to come back.
    pub queue: usize,
}

impl Default for DatabaseSettings {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::new("sqlite:data/kefu.sqlite3"),
            migrate: true,
            zone: "Asia/Shanghai".into(),
            read_connections: 8,
            write_connections: 4,
            lanes: 0,
            batch: 128,
            queue: 1_024,
        }
    }
}

/// Who may come in.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuthSettings {
    /// The HS256 key that the shop's server signs members' and agents' tokens with; at least 32 bytes.
    pub jwt_secret: Secret,
    /// How long an access token lives.
    pub access_token_seconds: u32,
    /// How long a refresh token lives.
    pub refresh_token_seconds: u32,
    /// Wrong passwords for one account from one address before it has to wait.
    pub login_failures: u32,
    /// How long it then waits, from the last try that was let in.
    pub login_wait_seconds: u32,
    /// Whether visitors without an account may write.
    pub guests: bool,
    /// New visitors of one address in a minute.
    pub guests_per_minute: NonZeroU32,
}

impl Default for AuthSettings {
    fn default() -> Self {
        Self {
            jwt_secret: Secret::default(),
            access_token_seconds: 1_800,
            refresh_token_seconds: 30 * 24 * 3_600,
            login_failures: 5,
            login_wait_seconds: 60,
            guests: false,
            guests_per_minute: NonZeroU32::new(10).unwrap_or(NonZeroU32::MIN),
        }
    }
}

/// Pictures and files.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct UploadSettings {
    /// The folder they are kept in.
    pub dir: PathBuf,
    /// Bytes of a picture at most.
    pub max_picture_bytes: u64,
    /// Bytes of a voice recording at most.
    pub max_audio_bytes: u64,
    /// Bytes of a video at most.
    pub max_video_bytes: u64,
    /// Bytes of a document at most.
    pub max_document_bytes: u64,
    /// Files per person and day.
    pub daily_files: u32,
    /// Bytes per person and day.
    pub daily_bytes: u64,
}

impl Default for UploadSettings {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data/uploads"),
            max_picture_bytes: 5 << 20,
            max_audio_bytes: 10 << 20,
            max_video_bytes: 16 << 20,
            max_document_bytes: 10 << 20,
            daily_files: 200,
            daily_bytes: 200 << 20,
        }
    }
}

impl UploadSettings {
    /// The largest file of any kind.
    #[must_use]
    pub fn max_bytes(&self) -> u64 {
        self.max_picture_bytes.max(self.max_audio_bytes).max(self.max_video_bytes).max(self.max_document_bytes)
    }
}

/// The desk itself.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct DeskSettings {
    /// The zone of the `createTime` texts in queries, such as `Asia/Shanghai`: the zone of the browsers.
    pub zone: String,
    /// Conversations in the list where no page was asked for.
    pub list_limit: u32,
    /// Messages that one person may send in a minute; 0 is no limit.
    pub sends_per_minute: u32,
    /// Messages that all members of one shop together may send in a minute; 0 is no limit.
    pub shop_sends_per_minute: u32,
    /// How old a message may be that its sender takes back: 0 to 86400.
    pub revoke_seconds: u64,
    /// Whether `<`, `>` and `&` are escaped where the mall's pages would take them for HTML.
    pub legacy_escape: bool,
}

impl Default for DeskSettings {
    fn default() -> Self {
        Self {
            zone: "Asia/Shanghai".into(),
            list_limit: 2_000,
            sends_per_minute: 120,
            shop_sends_per_minute: 6_000,
            revoke_seconds: 120,
            legacy_escape: true,
        }
    }
}

/// What is written down.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// `text` for people, `json` for machines.
    pub format: LogFormat,
    /// `error`, `warn`, `info`, `debug` or `trace`; per part as `info,kefu=debug`.
    pub level: String,
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { format: LogFormat::Text, level: "info".into() }
    }
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines, one object per line.
    Json,
}
