//! A desk with its controllers, ready to be mounted.

use std::num::NonZeroU32;
use std::sync::Arc;

use actix_web::web::ServiceConfig;
use chrono_tz::Tz;
use kefu::Desk;
use kefu_domain::Timestamp;
use kefu_push::Hub;

use crate::limit::SendLimit;
use crate::{instant, routes};

/// What a host may choose about the controllers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone of `createTime` in queries: that of the browsers which format it.
    pub zone: Tz,
    /// How many conversations the list has when nobody asked for a page.
    pub list_limit: u32,
    /// Escapes `<`, `>` and `&` in what the mall's pages render as HTML.
    pub legacy_escape: bool,
    /// How many messages one person may send in a minute; `None` is no limit.
    pub sends_per_minute: Option<NonZeroU32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            zone: Tz::Asia__Shanghai,
            list_limit: 2_000,
            legacy_escape: true,
            sends_per_minute: NonZeroU32::new(120),
        }
    }
}

impl Settings {
    pub(crate) fn instant(&self, text: &str) -> Option<Timestamp> {
        instant::parse(text, self.zone)
    }
}

/// A desk, its hub and their controllers. Clones share everything.
#[derive(Clone)]
pub struct Site(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) desk: Desk,
    pub(crate) hub: Hub,
    pub(crate) settings: Settings,
    pub(crate) limit: SendLimit,
}

impl Site {
    /// Controllers for a desk that announces to this hub.
    #[must_use]
    pub fn new(desk: Desk, hub: Hub, settings: Settings) -> Self {
        let limit = SendLimit::new(settings.sends_per_minute);
        Self(Arc::new(Inner { desk, hub, settings, limit }))
    }

    /// The member's routes, relative to wherever the host mounts them.
    pub fn member_routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::MEMBER)
    }

    /// The admin's routes, relative to wherever the host mounts them.
    pub fn admin_routes(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::ADMIN)
    }

    /// The socket, relative to wherever the host mounts it.
    pub fn socket_route(&self) -> impl FnOnce(&mut ServiceConfig) + use<> {
        self.mounted(&routes::SOCKET)
    }

    fn mounted(&self, routes: &'static [routes::Route]) -> impl FnOnce(&mut ServiceConfig) + use<> {
        let site = self.clone();
        move |config| routes::mount(config, routes, &actix_web::web::Data::new(site))
    }
}
