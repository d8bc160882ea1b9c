//! The running server: put together, listening, and stopped without losing anything.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use actix_tls::accept::rustls_0_23::TlsStream;
use actix_web::dev::{Extensions, ServerHandle};
use actix_web::middleware::from_fn;
use actix_web::rt::net::TcpStream;
use actix_web::rt::task::JoinHandle;
use actix_web::web::Data;
use actix_web::{App, HttpServer, rt};
use kefu::Desk;
use kefu_bus::RedisBus;
use kefu_push::Hub;
use kefu_storage::{Database, OpenError, Options};
use metrics_exporter_prometheus::PrometheusHandle;
use socket2::SockRef;

use crate::config::Settings;
use crate::development::{Development, DevelopmentError, Login};
use crate::guard::guard;
use crate::identity::{Jwks, Reading};
use crate::leaving::{Leaving, no_newcomers, say_goodbye};
use crate::observe::access;
use crate::routes::register;
use crate::sole::Sole;
use crate::start_error::StartError;
use crate::tls::Certificate;
use crate::wiring::{House, cors};
use crate::{development, sweeper};

/// A client that does not read fills our queue, where it can be counted, and not megabytes of the kernel's. What is on
/// its way does not count: a small buffer would stop long answers to wait for acknowledgements that come late.
const UNSENT: u32 = 32 * 1024;
/// TLS handshakes under way at once, per thread: whoever begins one and falls silent holds a place for three seconds.
const HANDSHAKES: usize = 4_096;
/// A peer that vanished acknowledges nothing.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);
/// How long lanes may take for what they have taken on. The requests' ten seconds run at the same time.
const DRAIN_WITHIN: Duration = Duration::from_secs(4);
/// How often the metrics are folded.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A database that is open and was looked at, and what else takes time before the doors open.
pub struct Prepared {
    settings: Settings,
    database: Database,
    durability: kefu_storage::Durability,
    development: Option<(Development, Login)>,
    certificate: Option<Certificate>,
    sole: Sole,
}

/// Opens the database and looks at it. Blocks: call it before there is a runtime, or from a thread that may.
pub fn prepare(mut settings: Settings) -> Result<Prepared, StartError> {
    let certificate = Certificate::of(&settings.server)?;
    let folder = settings.server.data_dir.clone();
    if settings.server.development && settings.auth.jwt_secret.reveal().is_empty() {
        settings.auth.jwt_secret = development::kept_secret(&folder).map_err(DevelopmentError::Folder)?;
    }
    let database = open(&settings)?;
    let sole = Sole::take(&settings)?;
    let durability = database.durability()?;
    tracing::info!(database.version = database.version(), durable = durability.is_full(), "the database is open");
    for warning in &durability.warnings {
        tracing::warn!(warning, "ACKNOWLEDGED MESSAGES CAN BE LOST with these settings of the database");
    }
    let development = if settings.server.development {
        let reading = Reading::new(settings.jwt.clone());
        let development = Development::new(settings.auth.jwt_secret.clone()).written_for(reading);
        let login = development.prepare(&folder, &database)?;
        Some((development, login))
    } else {
        None
    };
    if database.tenants()?.is_empty() {
        tracing::warn!("no tenant is served, so every request will be refused; add one: kefu-server tenant add NAME");
    }
    Ok(Prepared { settings, database, durability, development, certificate, sole })
}

/// Opens the database that the settings name. Blocks.
pub fn open(settings: &Settings) -> Result<Database, OpenError> {
    let wanted = &settings.database;
    if let Some(folder) = wanted.url.file().filter(|_| wanted.migrate).and_then(Path::parent) {
        // Where this fails, opening fails too, and says so.
        let _ = std::fs::create_dir_all(folder);
    }
    Database::connect(wanted.url.reveal(), &options(settings))
}

/// How the settings want the database opened.
pub(crate) fn options(settings: &Settings) -> Options {
    let wanted = &settings.database;
    Options {
        write_connections: wanted.write_connections.saturating_add(u32::try_from(wanted.lanes.max(2)).unwrap_or(2)),
        read_connections: wanted.read_connections,
        migrate: wanted.migrate,
        take_over: true,
        storage_offset: wanted.storage_offset(),
    }
}

/// A server that is listening.
pub struct Running {
    address: SocketAddr,
    scheme: &'static str,
    public_url: String,
    development: Option<(Development, Login)>,
    server: ServerHandle,
    serving: JoinHandle<std::io::Result<()>>,
    sweeping: JoinHandle<()>,
    hub: Hub,
    desk: Desk,
    bus: Option<RedisBus>,
    leaving: Data<Leaving>,
    leave_within: Duration,
    /// Let go of when everything has ended.
    _sole: Sole,
}

impl Prepared {
    /// Starts to listen. Call it inside an actix system.
    pub fn start(self) -> Result<Running, StartError> {
        let Self { settings, database, durability, development, certificate, sole } = self;
        let listener = listen(settings.server.listen)?;
        let address = listener.local_addr().map_err(|error| StartError::Listen(settings.server.listen, error))?;
        let public_url = match settings.server.public_url.as_str() {
            "" => format!("{}://{address}", settings.server.scheme()),
            named => named.trim_end_matches('/').to_owned(),
        };
        let accounts = development.as_ref().map(|(development, _)| development.clone());
        let House { gate, mounted, hub, desk, bus, leaving, tenants, tokens, attendance, metrics, jwks } =
            House::build(&settings, &database, durability, accounts, &public_url)?;

        let proxies = Data::new(settings.server.trusted_proxies.clone());
        let newcomers = leaving.clone();
        let app = move || {
            App::new()
                .app_data(gate.clone())
                .app_data(newcomers.clone())
                .app_data(proxies.clone())
                .configure(|config| register(config, &mounted))
                .wrap(from_fn(guard))
                .wrap(from_fn(no_newcomers))
                .wrap(cors())
                .wrap(from_fn(access::note))
        };
        let (wanted, scheme) = (&settings.server, settings.server.scheme());
        let mut server = HttpServer::new(app)
            .keep_alive(Duration::from_secs(wanted.keep_alive_seconds))
            .client_request_timeout(Duration::from_secs(wanted.header_timeout_seconds))
            .max_connections(wanted.max_connections)
            .max_connection_rate(HANDSHAKES)
            .shutdown_timeout(wanted.stop_seconds)
            .on_connect(|connection, _: &mut Extensions| {
                if let Some(stream) = connection.downcast_ref::<TcpStream>() {
                    tune(stream);
                } else if let Some(stream) = connection.downcast_ref::<TlsStream<TcpStream>>() {
                    tune(stream.get_ref().0);
                }
            })
            .disable_signals();
        if wanted.workers > 0 {
            server = server.workers(wanted.workers);
        }
        let server = match &certificate {
            None => server.listen(listener),
            Some(certificate) => server.listen_rustls_0_23(listener, certificate.listener()?),
        };
        let server = server.map_err(|error| StartError::Listen(address, error))?.run();
        let handle = server.handle();
        let serving = rt::spawn(server);
        let sweep = sweeper::sweep(database, tenants, tokens, hub.clone());
        let recheck_every = Duration::from_secs(settings.mall.recheck_seconds);
        let recheck = sweeper::recheck(attendance, hub.clone(), recheck_every);
        let sweeping = rt::spawn(async {
            let look = futures_util::future::join(sweep, recheck);
            futures_util::future::join4(look, keep_up(metrics), keep_fresh(certificate), keep_keys(jwks)).await;
        });
        let leave_within = Duration::from_secs(settings.server.leave_seconds);
        Ok(Running {
            address,
            scheme,
            public_url,
            development,
            server: handle,
            serving,
            sweeping,
            hub,
            desk,
            bus,
            leaving,
            leave_within,
            _sole: sole,
        })
    }
}

impl Running {
    /// Where it listens; the port is the real one.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What addresses at that port begin with: `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// How browsers reach it.
    #[must_use]
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// What development mode has prepared.
    #[must_use]
    pub fn development(&self) -> Option<&(Development, Login)> {
        self.development.as_ref()
    }

    /// Stops: no more sockets, those that understand it asked to go elsewhere and served until they have; then no more
    /// connections, lanes drained, sockets closed after what the lanes had to tell them, running requests finished.
    /// Says whether everything that was taken on is done.
    pub async fn stop(self) -> bool {
        self.leaving.begin();
        tracing::info!("stopping");
        say_goodbye(&self.hub, self.leave_within).await;
        self.sweeping.abort();
        // Sockets are connections too: they are what the listener's end waits for, so it is not waited for here.
        let ended = self.server.stop(true);
        let desk = self.desk;
        let drained = rt::task::spawn_blocking(move || desk.stop(DRAIN_WITHIN)).await.unwrap_or(false);
        let sockets = self.hub.close_all();
        tracing::info!(sockets, "everybody was told; closing sockets");
        ended.await;
        let _ = self.serving.await;
        // Only now: what the lanes did last was news to the other servers too.
        drop(self.bus);
        if drained {
            tracing::info!("stopped");
        } else {
            tracing::warn!(
                "stopped; a lane was still waiting for the database, its senders heard nothing and will repeat"
            );
        }
        drained
    }
}

/// Histograms are folded now and then, also when nobody asks for them.
async fn keep_up(metrics: PrometheusHandle) {
    let mut ticks = rt::time::interval(UPKEEP_EVERY);
    loop {
        ticks.tick().await;
        metrics.run_upkeep();
    }
}

/// Looks after the certificate, where there is one.
async fn keep_fresh(certificate: Option<Certificate>) {
    if let Some(certificate) = certificate {
        certificate.keep_fresh().await;
    }
}

/// Looks after the keys that others publish, where there are any.
async fn keep_keys(jwks: Option<Jwks>) {
    if let Some(jwks) = jwks {
        jwks.keep_fresh().await;
    }
}

/// A listener with a queue for bursts; its address can be taken again right after a stop.
fn listen(address: SocketAddr) -> Result<std::net::TcpListener, StartError> {
    let open = || {
        let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&address.into())?;
        socket.listen(1_024)?;
        Ok(socket.into())
    };
    open().map_err(|error| StartError::Listen(address, error))
}

/// Settings of an accepted connection. Where the kernel refuses one, the connection works without.
fn tune(stream: &TcpStream) {
    let socket = SockRef::from(stream);
    let _ = socket.set_tcp_notsent_lowat(UNSENT);
    let _ = socket.set_tcp_nodelay(true);
    let _ = socket.set_tcp_user_timeout(Some(UNACKNOWLEDGED));
}
