//! How a server is to be started.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kefu_domain::TenantId;
use kefu_storage::{Database, NewTenant, Options};

use super::Server;
use crate::door::Door;
use crate::fault_proxy::led_through;
use crate::{Backend, Books, FaultProxy, Log, Place, off_the_runtime};

/// How a server is to be started.
#[derive(Debug, Clone)]
pub struct Setup {
    backend: Backend,
    settings: BTreeMap<String, String>,
    syncs: Option<PathBuf>,
    clock_off_by: i64,
    database_at: Option<SocketAddr>,
}

impl Setup {
    /// A server on that kind of database, with nobody limited in how fast they write.
    #[must_use]
    pub fn on(backend: Backend) -> Self {
        let settings = [
            ("server.listen", "\"127.0.0.1:0\""),
            ("server.public_url", "\"http://kefu.example\""),
            ("desk.sends_per_minute", "0"),
            ("desk.shop_sends_per_minute", "0"),
            ("log.format", "\"text\""),
            ("log.level", "\"info\""),
        ];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { backend, settings, syncs: None, clock_off_by: 0, database_at: None }
    }

    /// With this setting, a name such as `database.batch` and a value as TOML has it.
    #[must_use]
    pub fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// With that Redis between it and others.
    #[must_use]
    pub fn with_bus_at(self, redis: &str) -> Self {
        self.set("nodes.bus", "\"redis\"").set("nodes.redis_url", format!("{redis:?}"))
    }

    /// With every fsync and fdatasync written into this file.
    #[must_use]
    pub fn counting_syncs(mut self, file: &Path) -> Self {
        self.syncs = Some(file.to_owned());
        self
    }

    /// On a machine whose clock is so many seconds ahead of everybody else's, or behind.
    #[must_use]
    pub fn with_clock_off_by(self, seconds: i64) -> Self {
        Self { clock_off_by: seconds, ..self }
    }

    /// With that proxy before its database.
    #[must_use]
    pub fn with_database_behind(self, proxy: &FaultProxy) -> Self {
        Self { database_at: Some(proxy.address()), ..self }
    }

    /// Makes the database with tenants 1 and 2 in it, starts the server, and waits until it is ready.
    pub async fn start(self) -> Server {
        let folder = tempfile::Builder::new().prefix("kefu-server").tempdir().expect("a folder");
        let place = self.backend.prepare(folder.path());
        let secret = format!("{:016x}{:016x}", crate::backend::fresh_seed(), crate::backend::fresh_seed());
        let door = Door::new();
        door.keep_secret(&secret);
        door.watch.read_in(Books::at(place.url()));

        let uploads = folder.path().join("uploads");
        self.write(&folder, &place, &secret, &uploads);
        off_the_runtime(|| {
            let database = Database::connect(place.url(), &Options::default()).expect("the database opens");
            for (id, name) in [(1, "mall"), (2, "other")] {
                let tenant = NewTenant { id: Some(TenantId(id)), name: name.into(), expires: None };
                database.add_tenant(&tenant).expect("a tenant");
            }
        });
        self.run(folder, place, secret, door).await
    }

    /// Starts another node of a server: on the same database, with the same keys and files, as a process of its own.
    pub async fn start_beside(self, other: &Server) -> Server {
        let folder = tempfile::Builder::new().prefix("kefu-server").tempdir().expect("a folder");
        let place = other.place.visited();
        self.write(&folder, &place, &other.secret, &other.folder.path().join("uploads"));
        self.run(folder, place, other.secret.clone(), other.door.beside()).await
    }

    /// Starts two nodes of one server, which have found what is between them.
    pub async fn start_two(self) -> (Server, Server) {
        let has_bus = self.settings.contains_key("nodes.bus");
        let a = self.clone().start().await;
        let b = self.start_beside(&a).await;
        if has_bus {
            a.bus_is_there().await;
            b.bus_is_there().await;
        }
        (a, b)
    }

    async fn run(self, folder: tempfile::TempDir, place: Place, secret: String, door: Door) -> Server {
        let ready_after = Duration::ZERO;
        let Self { syncs, clock_off_by, .. } = self;
        let log = Log::default();
        let mut server = Server { ready_after, folder, place, secret, door, log, running: None, syncs, clock_off_by };
        server.start_again().await;
        server
    }

    fn write(&self, folder: &tempfile::TempDir, place: &Place, secret: &str, uploads: &Path) {
        let mut settings = self.settings.clone();
        let quoted = |text: &str| format!("{text:?}");
        let database = self.database_at.map(|address| led_through(place.url(), address));
        settings.insert("database.url".into(), quoted(database.as_deref().unwrap_or(place.url())));
        settings.insert("auth.jwt_secret".into(), quoted(secret));
        settings.insert("upload.dir".into(), quoted(&uploads.to_string_lossy()));
        settings.insert("server.data_dir".into(), quoted(&folder.path().join("data").to_string_lossy()));
        let text: String = settings.iter().map(|(name, value)| format!("{name} = {value}\n")).collect();
        std::fs::write(folder.path().join("kefu.toml"), text).expect("the settings are written");
    }
}
