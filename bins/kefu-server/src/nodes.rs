//! Other servers at the same database, and the mall's own.

use std::sync::Arc;

use kefu::Desk;
use kefu_bus::{Everywhere, MallBridge, NodeId, RedisBus};
use kefu_push::Hub;
use kefu_storage::Database;

use crate::config::{BusKind, Settings};
use crate::start_error::StartError;

/// What carries the news between them, where the settings name something; it is not waited for. Call it inside a
/// runtime.
pub(crate) fn bus(settings: &Settings, database: &Database) -> Result<Option<RedisBus>, StartError> {
    match settings.nodes.bus {
        BusKind::None => return Ok(None),
        BusKind::Redis => {}
    }
    let url = settings.bus_redis().reveal();
    let bus = kefu_bus::Settings::new(url, database.epoch(), NodeId::random()?).with_prefix(&settings.nodes.prefix);
    let bus = if settings.nodes.mall_bridge {
        bus.with_mall_bridge(MallBridge { legacy_escape: settings.desk.legacy_escape, ..MallBridge::default() })
    } else {
        bus
    };
    Ok(Some(RedisBus::connect(bus)?))
}

/// Lets desk and sockets hear what the bus brings; says who then knows who is online anywhere.
pub(crate) fn listen(bus: &RedisBus, desk: &Desk, hub: &Hub) -> Everywhere {
    let ear: Arc<_> = desk.ear();
    bus.listen(ear, hub.clone());
    bus.everywhere(hub.clone())
}
