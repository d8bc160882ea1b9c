//! Which part knows which: the desk over its database, announcing to the hub, behind the guard.

use std::num::{NonZeroU32, NonZeroUsize};
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::http::header::{HeaderName, RETRY_AFTER};
use actix_web::web::Data;
use kefu::Desk;
use kefu_bus::RedisBus;
use kefu_domain::{Party, Profile, TenantId};
use kefu_push::Hub;
use kefu_storage::{Backend, Database, Durability};
use kefu_web::{Site, SocketLimits};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::attendance::Attendance;
use crate::config::Settings;
use crate::demo::Demo;
use crate::development::Development;
use crate::doorkeeper::Door;
use crate::entrance::{Entrance, Parts};
use crate::files;
use crate::guard::Gate;
use crate::identity::{
    AnyOf, Guests, Jwks, JwtIdentities, Keys, MallTokens, Members, Numbers, OwnTokens, Remembering, WhoAreYou,
};
use crate::leaving::Leaving;
use crate::nodes;
use crate::observe::health::Health;
use crate::observe::metrics;
use crate::routes::{Mounted, table};
use crate::standalone::Standalone;
use crate::start_error::StartError;
use crate::tenants::Tenants;

/// Browsers ask again after two hours whether they may ask.
const PREFLIGHT_SECONDS: usize = 7_200;

/// Everything that answers, and what has to be looked after while it does.
pub(crate) struct House {
    pub(crate) gate: Data<Gate>,
    pub(crate) mounted: Mounted,
    pub(crate) hub: Hub,
    pub(crate) desk: Desk,
    pub(crate) bus: Option<RedisBus>,
    pub(crate) leaving: Data<Leaving>,
    pub(crate) tenants: Tenants,
    pub(crate) tokens: OwnTokens,
    pub(crate) attendance: Attendance,
    pub(crate) metrics: PrometheusHandle,
    pub(crate) jwks: Option<Jwks>,
}

impl House {
    /// Puts it together; starts the lanes.
    pub(crate) fn build(
        settings: &Settings,
        database: &Database,
        durability: Durability,
        development: Option<Development>,
        public_url: &str,
    ) -> Result<Self, StartError> {
        let metrics = metrics::start()?;
        let hub = Hub::with(kefu_push::Settings { legacy_escape: settings.desk.legacy_escape, ..Default::default() });
        let auth = &settings.auth;
        let tokens = OwnTokens::new(database.clone(), auth.access_token_seconds, auth.refresh_token_seconds);
        let (numbers, remembering) = (numbers(database), remembering(database));
        let keys = Keys::open(auth, &settings.jwt)?;
        let jwks = keys.set();
        let signed = JwtIdentities::new(keys, &settings.jwt, numbers.clone(), remembering.clone());
        let secret = auth.jwt_secret.reveal();
        let guests = auth.guests.then(|| Guests::new(secret, numbers.clone(), remembering.clone())).transpose()?;
        let (mall, members) = match MallTokens::of(settings, database, &remembering, tokens.rota())? {
            Some((mall, members)) => (Some(mall), members),
            None => (None, Members::new(database.clone())),
        };
        let attendance = Attendance::default();
        let who = who_are_you(&tokens, signed, guests.clone(), mall);
        let tenants = Tenants::new(database.clone());
        let gate = Gate::new(who, tenants.clone(), table(), attendance.clone());
        let standalone = Standalone::new(settings, public_url, database.clone(), hub.clone(), tokens.clone())
            .map_err(|error| StartError::Uploads(settings.upload.dir.clone(), error))?;
        let parts = Parts {
            database: database.clone(),
            hub: hub.clone(),
            tokens: tokens.clone(),
            numbers,
            remembering,
            guests,
        };
        let entrance = Entrance::new(parts, auth.guests_per_minute);
        let (bus, leaving) = (nodes::bus(settings, database)?, Leaving::default());
        let desk = desk(settings, database, members, &hub, bus.clone());
        let health = Health {
            database: database.clone(),
            durability,
            desk: desk.clone(),
            hub: hub.clone(),
            bus: bus.clone(),
            leaving: leaving.clone(),
            metrics: metrics.clone(),
        };
        let demo = (development.is_some() || settings.server.demo)
            .then(|| Data::new(Demo { development, legacy_escape: settings.desk.legacy_escape }));
        let gate = Data::new(gate);
        let site = Site::new(desk.clone(), hub.clone(), web_settings(settings))
            .doorkeeper(Door::new(gate.clone(), database.clone()));
        let site = match &bus {
            Some(bus) => site.presence(nodes::listen(bus, &desk, &hub)),
            None => site,
        };
        let mounted = Mounted {
            site,
            standalone: Data::new(standalone),
            entrance: Data::new(entrance),
            health: Data::new(health),
            demo,
        };
        let leaving = Data::new(leaving);
        Ok(Self { gate, mounted, hub, desk, bus, leaving, tenants, tokens, attendance, metrics, jwks })
    }
}

fn desk(settings: &Settings, database: &Database, members: Members, hub: &Hub, bus: Option<RedisBus>) -> Desk {
    let lanes = match (settings.database.lanes, database.backend()) {
        (0, Backend::Sqlite) => 1,
        (0, _) => 2,
        (wanted, _) => wanted,
    };
    let mut builder = kefu::builder(database.clone(), members, database.clone(), hub.clone())
        .shops(database.clone())
        .epoch(database.epoch())
        .revoke_within(Duration::from_secs(settings.desk.revoke_seconds))
        .lanes(lanes)
        .batch(settings.database.batch)
        .queue(settings.database.queue);
    if let Some(every) = settings.sweep_every() {
        builder = builder.several_nodes(every);
    }
    if let Some(bus) = bus {
        builder = builder.bus(bus);
    }
    builder.build()
}

fn web_settings(settings: &Settings) -> kefu_web::Settings {
    kefu_web::Settings {
        zone: settings.desk.tz(),
        list_limit: settings.desk.list_limit,
        sends_per_minute: NonZeroU32::new(settings.desk.sends_per_minute),
        shop_sends_per_minute: NonZeroU32::new(settings.desk.shop_sends_per_minute),
        sockets: socket_limits(settings),
        origins: settings.socket.origins.iter().cloned().collect(),
        mall_origins: settings.socket.mall_origins.iter().cloned().collect(),
    }
}

/// How many sockets there may be beside everything else that this process has open.
fn socket_limits(settings: &Settings) -> SocketLimits {
    let server = &settings.server;
    let threads = match server.workers {
        0 => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
        wanted => wanted,
    };
    let limits = settings.socket.limits(files::allowed(), server.max_connections.saturating_mul(threads));
    tracing::info!(sockets.most = limits.total.map(NonZeroU32::get), "room for sockets");
    limits
}

/// What foreign names are here.
fn numbers(database: &Database) -> Numbers {
    let books = database.clone();
    Numbers::new(Box::new(move |subject| books.id_of(subject)))
}

/// What tokens say of their bearers.
fn remembering(database: &Database) -> Remembering {
    let books = database.clone();
    Remembering::new(Box::new(move |tenant: TenantId, party: Party, profile: &Profile| {
        books.remember_profile(tenant, party.user_type(), party.id(), profile)
    }))
}

fn who_are_you(
    tokens: &OwnTokens,
    signed: JwtIdentities,
    guests: Option<Guests>,
    mall: Option<MallTokens>,
) -> Arc<AnyOf> {
    let mut adapters: Vec<Box<dyn WhoAreYou>> = vec![Box::new(tokens.clone()), Box::new(signed)];
    adapters.extend(guests.map(|guests| -> Box<dyn WhoAreYou> { Box::new(guests) }));
    // Last: what we know ourselves is not asked elsewhere.
    adapters.extend(mall.map(|mall| -> Box<dyn WhoAreYou> { Box::new(mall) }));
    Arc::new(AnyOf(adapters))
}

/// The mall's pages come from anywhere, and bring their token in a header.
pub(crate) fn cors() -> Cors {
    let exposed = ["kefu-seq", "kefu-duplicate", "kefu-next", "kefu-as-of"].map(HeaderName::from_static);
    Cors::default()
        .allow_any_origin()
        .allow_any_method()
        .allow_any_header()
        .supports_credentials()
        .expose_headers(exposed.into_iter().chain([RETRY_AFTER]))
        .max_age(PREFLIGHT_SECONDS)
}
