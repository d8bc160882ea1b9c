//! A desk with its controllers, ready to be mounted.

use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use chrono_tz::Tz;
use kefu::Desk;
use kefu_domain::{Presence, Timestamp};
use kefu_push::Hub;

use crate::admission::Admission;
use crate::clock::DatabaseClock;
use crate::doorkeeper::{Doorkeeper, Tickets};
use crate::limit::SendLimit;
use crate::{Origins, SocketLimits, instant, routes};

/// Far more than anybody needs who opens a socket now and then.
const TICKETS_PER_MINUTE: Option<NonZeroU32> = NonZeroU32::new(120);

/// What a host may choose about the controllers. More may come: end a literal with `..Settings::default()`.
///
/// Whether `<`, `>` and `&` are escaped for the mall's pages is chosen once for frames and lists, at the
/// [`Hub`](kefu_push::Settings::legacy_escape).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The zone of `createTime` in queries: that of the browsers which format it. The mall's unless said otherwise.
    pub zone: Tz,
    /// How many conversations the list has when nobody asked for a page; 2,000 unless said otherwise.
    pub list_limit: u32,
    /// How many messages one person may send in a minute; `None` is no limit, 120 what there is unless said
    /// otherwise.
    pub sends_per_minute: Option<NonZeroU32>,
    /// How many messages the members of one shop may send in a minute, all of them together; `None` is no limit, 6,000
    /// what there is unless said otherwise. What agents answer does not count.
    pub shop_sends_per_minute: Option<NonZeroU32>,
    /// How many sockets there may be, and how fast they may be opened.
    pub sockets: SocketLimits,
    /// From which pages a `kefu.v2` socket may be opened; from any unless said otherwise.
    pub origins: Origins,
    /// The same for sockets in the mall's own dialect.
    pub mall_origins: Origins,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: Tz::Asia__Shanghai,
            list_limit: 2_000,
            sends_per_minute: NonZeroU32::new(120),
            shop_sends_per_minute: NonZeroU32::new(6_000),
            sockets: SocketLimits::default(),
            origins: Origins::default(),
            mall_origins: Origins::default(),
        }
    }
}

impl Settings {
    pub(crate) fn instant(&self, text: &str) -> Option<Timestamp> {
        instant::parse(text, self.zone)
    }
}

/// A desk, its hub and their controllers. Clones share everything, the limits of senders too: make one, before
/// `HttpServer`'s closure, which runs once for each thread.
///
/// Each of the three groups of routes may be mounted where the host likes, and as often. They go into scopes of the
/// host's own with `configure`; a path that is known and a method that is not are refused by their code, and whatever
/// else lies beneath the scope stays the host's.
#[derive(Clone)]
pub struct Site(pub(crate) Arc<Inner>);

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

#[derive(Clone)]
pub(crate) struct Inner {
    pub(crate) desk: Desk,
    pub(crate) hub: Hub,
    pub(crate) settings: Settings,
    pub(crate) limit: Arc<SendLimit>,
    /// How often somebody may ask for a ticket.
    pub(crate) tickets: Arc<SendLimit>,
    pub(crate) admission: Admission,
    pub(crate) doorkeeper: Arc<dyn Doorkeeper>,
    pub(crate) presence: Arc<dyn Presence>,
    pub(crate) clock: DatabaseClock,
}

impl Site {
    /// Controllers for a desk that announces to this hub. At any other hub sockets would open and hear nothing.
    #[must_use]
    pub fn new(desk: Desk, hub: Hub, settings: Settings) -> Self {
        let limit = SendLimit::new(settings.sends_per_minute, settings.shop_sends_per_minute);
        let admission = Admission::new(settings.sockets.clone());
        Self(Arc::new(Inner {
            doorkeeper: Arc::new(Tickets::default()),
            presence: Arc::new(hub.clone()),
            clock: DatabaseClock::default(),
            limit: Arc::new(limit),
            tickets: Arc::new(SendLimit::new(TICKETS_PER_MINUTE, None)),
            desk,
            hub,
            settings,
            admission,
        }))
    }

    /// Who says who is calling in the first frame of a `kefu.v2` socket. Unless said otherwise tickets are kept in the
    /// memory of this process, and nothing else opens such a socket.
    #[must_use]
    pub fn doorkeeper(mut self, doorkeeper: impl Doorkeeper + 'static) -> Self {
        Arc::make_mut(&mut self.0).doorkeeper = Arc::new(doorkeeper);
        self
    }

    /// Who says who is online; this process's hub unless said otherwise.
    #[must_use]
    pub fn presence(mut self, presence: impl Presence + 'static) -> Self {
        Arc::make_mut(&mut self.0).presence = Arc::new(presence);
        self
    }

    /// The member's routes, relative to wherever the host mounts them: `/kefu-message/…` and `/kefu-socket/ticket`.
    pub fn member_routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::MEMBER)
    }

    /// The admin's routes, relative to wherever the host mounts them: `/kefu-conversation/…`, `/kefu-message/…`,
    /// `/kefu-online/…` and `/kefu-socket/ticket`.
    pub fn admin_routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::ADMIN)
    }

    /// The socket, `/ws`, relative to wherever the host mounts it. Members and admins open the same.
    pub fn socket_route(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::SOCKET)
    }

    /// Whether contents are escaped, in lists as in frames.
    pub(crate) fn legacy_escape(&self) -> bool {
        self.0.hub.legacy_escape()
    }

    fn mounted(&self, routes: &'static [routes::Route]) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let site = self.clone();
        move |config| routes::mount(config, routes, &actix_web::web::Data::new(site))
    }
}
