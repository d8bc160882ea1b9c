//! Who is here.

use kefu_domain::{Announcer, OnlineCount, Party, Presence, Scope, ShopId, Shops};
use kefu_push::{Guest, Hub};

use crate::common::{ALICE, BOB, CAROL, DAVE, OTHER_SHOP, OTHER_TENANT, SHOP, guest, v2};

fn at(party: Party, scopes: &[Scope]) -> Guest {
    let shops: Shops = scopes.iter().map(|scope| scope.shop).collect();
    Guest { shops, ..guest(SHOP, party) }
}

#[test]
fn people_are_counted_once_in_every_scope_that_they_are_in() {
    let hub = Hub::new();
    let _sockets = [
        hub.join(guest(SHOP, ALICE)),
        hub.join(v2(SHOP, ALICE)),
        hub.join(guest(OTHER_SHOP, ALICE)),
        hub.join(guest(SHOP, CAROL)),
        hub.join(v2(SHOP, BOB)),
        hub.join(at(BOB, &[SHOP, OTHER_SHOP])),
        hub.join(guest(OTHER_TENANT, DAVE)),
        hub.join(guest(SHOP, Party::System)),
    ];

    assert_eq!(hub.count(SHOP), OnlineCount { members: 2, admins: 1 });
    assert_eq!(hub.count(OTHER_SHOP), OnlineCount { members: 1, admins: 1 });
    assert_eq!(hub.count(OTHER_TENANT), OnlineCount { members: 0, admins: 1 });
    assert_eq!(hub.count(Scope { shop: ShopId(77), ..SHOP }), OnlineCount::default());
    let present =
        [(SHOP, ALICE), (SHOP, CAROL), (SHOP, BOB), (OTHER_SHOP, ALICE), (OTHER_SHOP, BOB), (OTHER_TENANT, DAVE)];
    assert_eq!(hub.presence(), present);
}

#[test]
fn somebody_is_online_until_the_last_of_their_sockets_has_gone() {
    let hub = Hub::new();
    let (phone, _one) = hub.join(v2(SHOP, ALICE));
    let (page, _two) = hub.join(guest(SHOP, ALICE));

    assert!(hub.is_online(SHOP, ALICE));
    assert!(!hub.is_online(OTHER_SHOP, ALICE) && !hub.is_online(OTHER_TENANT, ALICE) && !hub.is_online(SHOP, CAROL));
    drop(phone);
    assert!(hub.is_online(SHOP, ALICE));
    drop(page);
    assert!(!hub.is_online(SHOP, ALICE));
    assert!(hub.presence().is_empty());
}

#[test]
fn the_scopes_that_somebody_listens_to_are_named_once() {
    let hub = Hub::new();
    assert!(hub.scopes().is_empty());

    let sockets = [
        hub.join(guest(OTHER_TENANT, ALICE)),
        hub.join(v2(SHOP, ALICE)),
        hub.join(guest(SHOP, CAROL)),
        hub.join(at(BOB, &[SHOP, OTHER_SHOP])),
        hub.join(guest(OTHER_TENANT, Party::System)),
    ];

    assert_eq!(hub.scopes(), [SHOP, OTHER_SHOP, OTHER_TENANT]);
    drop(sockets);
    assert!(hub.scopes().is_empty());
}
