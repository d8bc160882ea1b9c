//! Agents who sit at several desks, or at none.

use kefu_domain::{
    Announcement, Announcer, ConversationId, Party, Permission, Recipient, Scope, ShopId, Shops, Side, What,
};
use kefu_push::{Credential, Guest, Hub, WebSocketSender as _};

use crate::common::{ALICE, BOB, DAVE, OTHER_SHOP, SHOP, did, guest, message, posted, seqs, waiting};

const THIRD_SHOP: Scope = Scope { tenant: SHOP.tenant, shop: ShopId(10) };

fn seated(party: Party, scopes: &[Scope]) -> Guest {
    let shops: Shops = scopes.iter().map(|scope| scope.shop).collect();
    Guest { shops, ..guest(SHOP, party) }
}

/// Alice's message of this number, in her conversation at a shop.
fn said_at(scope: Scope, seq: i64) -> Announcement {
    let mut said = message(ALICE, seq);
    said.conversation = ConversationId(100 + scope.shop.0);
    let mut news = posted(said);
    news.event.after.scope = scope;
    news.event.after.conversation = ConversationId(100 + scope.shop.0);
    news
}

#[test]
fn an_agent_of_two_shops_hears_both_once_and_no_third() {
    let hub = Hub::new();
    let (_bob, mut bob) = hub.join(seated(BOB, &[SHOP, OTHER_SHOP]));
    let (_dave, mut dave) = hub.join(seated(DAVE, &[THIRD_SHOP]));

    hub.announce(vec![said_at(SHOP, 1), said_at(OTHER_SHOP, 1), said_at(THIRD_SHOP, 1), said_at(OTHER_SHOP, 2)]);

    assert_eq!(seqs(&mut bob), [1, 1, 2]);
    assert_eq!(seqs(&mut dave), [1]);
}

#[test]
fn both_shops_reads_are_told() {
    let hub = Hub::new();
    let (_bob, mut bob) = hub.join(seated(BOB, &[SHOP, OTHER_SHOP]));
    let read_at = |scope: Scope| {
        let mut news = did(DAVE, What::Read(Side::Desk, 1));
        news.event.after.scope = scope;
        news
    };

    hub.announce(vec![read_at(SHOP), read_at(OTHER_SHOP), read_at(THIRD_SHOP)]);

    assert_eq!(waiting(&mut bob).len(), 2);
}

#[test]
fn an_agent_who_serves_nobody_hears_nothing_and_can_be_called_all_the_same() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(seated(BOB, &[]));

    hub.announce(vec![said_at(SHOP, 1), said_at(OTHER_SHOP, 1)]);
    assert_eq!(waiting(&mut inbox).len(), 0);

    assert_eq!(hub.send(&Recipient::Admin(SHOP.tenant, kefu_domain::AdminId(7)), "notice-push", "{}"), 1);
    assert_eq!(waiting(&mut inbox).len(), 1);
    assert_eq!(hub.online().admins, 1);
}

#[test]
fn a_socket_at_several_desks_is_one_socket() {
    let hub = Hub::new();
    let desk = [SHOP, OTHER_SHOP, THIRD_SHOP];
    let (seat, mut inbox) = hub.join(seated(BOB, &desk));
    let everybody = desk.map(Recipient::EveryAdmin);

    assert_eq!((hub.online().sockets, hub.online().admins), (1, 1));
    for to in &everybody {
        assert_eq!(hub.send(to, "notice-push", "{}"), 1, "{to:?}");
    }
    assert_eq!(waiting(&mut inbox).len(), 3);
    drop(seat);
    for to in &everybody {
        assert_eq!(hub.send(to, "notice-push", "{}"), 0, "{to:?}");
    }
    assert_eq!(hub.online().sockets, 0);
}

#[test]
fn a_credential_that_ends_empties_the_chairs_at_every_desk() {
    let hub = Hub::new();
    let credential = Credential([1; 16]);
    let (_seat, mut inbox) = hub.join(Guest { credential: Some(credential), ..seated(BOB, &[SHOP, OTHER_SHOP]) });
    let (_other, mut other) = hub.join(seated(DAVE, &[OTHER_SHOP]));

    assert_eq!(hub.close_credential(&credential), 1);
    hub.announce(vec![said_at(SHOP, 1), said_at(OTHER_SHOP, 1)]);

    assert_eq!(waiting(&mut inbox).len(), 0);
    assert_eq!(seqs(&mut other), [1]);
}

#[test]
fn a_member_hears_at_each_door_what_was_said_at_that_door() {
    let hub = Hub::new();
    let (_here, mut here) = hub.join(guest(SHOP, ALICE));
    let (_there, mut there) = hub.join(guest(OTHER_SHOP, ALICE));

    hub.announce(vec![said_at(SHOP, 1), said_at(OTHER_SHOP, 1), said_at(OTHER_SHOP, 2)]);

    assert_eq!(seqs(&mut here), [1]);
    assert_eq!(seqs(&mut there), [1, 2]);
}

#[test]
fn a_permission_counts_at_every_desk() {
    let hub = Hub::new();
    let may_write = Guest { permissions: vec![Permission::MessageSend], ..seated(BOB, &[SHOP, OTHER_SHOP]) };
    let (_seat, mut inbox) = hub.join(may_write);

    hub.announce(vec![said_at(SHOP, 1), said_at(OTHER_SHOP, 1)]);

    assert_eq!(waiting(&mut inbox).len(), 0, "who may not read messages hears none, wherever they serve");
}
