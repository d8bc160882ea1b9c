//! Who hears, and who does not.

use kefu_domain::{AdminId, Announcer, MemberId, Party, Permission, Recipient, Scope, SessionId, Side, TenantId, What};
use kefu_push::{Guest, Hub, SendObject, WebSocketSender};

use crate::common::{
    ALICE, BOB, CAROL, DAVE, OTHER_SHOP, OTHER_TENANT, SHOP, did, guest, message, said, seqs, waiting,
};

const NOBODY: Recipient = Recipient::Socket(SessionId(u64::MAX));

#[test]
fn b20_a_message_is_heard_by_its_member_and_by_those_at_its_desk_who_may_read() {
    let only = |permissions: &[Permission]| Guest { permissions: permissions.to_vec(), ..Guest::new(SHOP, DAVE) };
    let others: Vec<_> = Permission::ALL.into_iter().filter(|one| *one != Permission::MessageQuery).collect();

    check(guest(SHOP, ALICE), true);
    check(guest(SHOP, BOB), true);
    check(guest(SHOP, DAVE), true);
    check(only(&[Permission::MessageQuery]), true);

    check(only(&[]), false);
    check(only(&others), false);
    check(guest(SHOP, CAROL), false);
    check(guest(OTHER_SHOP, ALICE), false);
    check(guest(OTHER_SHOP, BOB), false);
    check(guest(OTHER_TENANT, ALICE), false);
    check(guest(OTHER_TENANT, BOB), false);
    check(guest(SHOP, Party::System), false);
    check(Guest { permissions: Permission::ALL.to_vec(), ..guest(SHOP, CAROL) }, false);
    check(Guest { permissions: Vec::new(), ..guest(SHOP, Party::Admin(AdminId(101))) }, false);
    check(guest(SHOP, Party::Member(MemberId(7))), false);

    #[track_caller]
    fn check(guest: Guest, hears: bool) {
        let hub = Hub::new();
        let (_seat, mut inbox) = hub.join(guest.clone());

        hub.announce(vec![said(BOB, 1)]);

        assert_eq!(seqs(&mut inbox), if hears { vec![1] } else { vec![] }, "{guest:?}");
    }
}

#[test]
fn all_sockets_of_the_sender_hear_what_one_of_them_said() {
    let hub = Hub::new();
    let (_first, mut phone) = hub.join(guest(SHOP, ALICE));
    let (_second, mut laptop) = hub.join(guest(SHOP, ALICE));

    hub.announce(vec![said(ALICE, 1), said(ALICE, 2)]);

    assert_eq!(seqs(&mut phone), [1, 2]);
    assert_eq!(seqs(&mut laptop), [1, 2]);
}

#[test]
fn both_sides_are_told_that_the_desk_has_read() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    let (_carol, mut carol) = hub.join(guest(SHOP, CAROL));

    hub.announce(vec![did(BOB, What::Read(Side::Desk, 1))]);

    assert_eq!(waiting(&mut alice).len(), 1);
    assert_eq!(waiting(&mut bob).len(), 1);
    assert_eq!(waiting(&mut carol).len(), 0);
}

#[test]
fn a_members_reading_a_pin_and_a_hide_make_no_frame() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));

    hub.announce(vec![
        did(ALICE, What::Read(Side::Member, 1)),
        did(BOB, What::Pinned(true)),
        did(BOB, What::Pinned(false)),
        did(BOB, What::Hidden),
        said(BOB, 1),
    ]);

    assert_eq!(seqs(&mut alice), [1]);
    assert_eq!(waiting(&mut bob).len(), 1);
}

#[test]
fn every_recipient_is_exactly_whom_it_names() {
    const MEMBER: fn(Scope) -> Recipient = |scope| Recipient::Member(scope, MemberId(101));
    const ADMIN: fn(TenantId) -> Recipient = |tenant| Recipient::Admin(tenant, AdminId(7));
    let desk = |scope| Recipient::Admins(scope, Permission::MessageQuery);

    check(MEMBER(SHOP), &["alice", "alice again"]);
    check(MEMBER(OTHER_SHOP), &["alice elsewhere"]);
    check(MEMBER(OTHER_TENANT), &[]);
    check(ADMIN(TenantId(1)), &["bob", "bob elsewhere"]);
    check(ADMIN(TenantId(2)), &["stranger"]);
    check(Recipient::Members(SHOP), &["alice", "alice again", "carol"]);
    check(Recipient::Members(OTHER_TENANT), &[]);
    check(desk(SHOP), &["bob"]);
    check(desk(OTHER_SHOP), &["bob elsewhere"]);
    check(Recipient::Admins(SHOP, Permission::MessageSend), &["dave"]);
    check(Recipient::EveryAdmin(SHOP), &["bob", "dave"]);
    check(Recipient::EveryAdmin(OTHER_SHOP), &["bob elsewhere"]);
    check(Recipient::Socket(SessionId(3)), &["carol"]);
    check(NOBODY, &[]);

    #[track_caller]
    fn check(to: Recipient, expected: &[&str]) {
        let hub = Hub::new();
        let seats = [
            ("alice", guest(SHOP, ALICE)),
            ("alice again", guest(SHOP, ALICE)),
            ("carol", guest(SHOP, CAROL)),
            ("alice elsewhere", guest(OTHER_SHOP, ALICE)),
            ("bob", guest(SHOP, BOB)),
            ("bob elsewhere", guest(OTHER_SHOP, BOB)),
            ("dave", Guest { permissions: vec![Permission::MessageSend], ..guest(SHOP, DAVE) }),
            ("stranger", guest(OTHER_TENANT, BOB)),
            ("system", guest(SHOP, Party::System)),
        ];
        let mut inboxes: Vec<_> = seats.into_iter().map(|(name, guest)| (name, hub.join(guest))).collect();

        let heard = hub.send(&to, "notice-push", "{}");

        let names: Vec<_> =
            inboxes.iter_mut().filter_map(|(name, (_, inbox))| (waiting(inbox).len() == 1).then_some(*name)).collect();
        assert_eq!(names, expected, "{to:?}");
        assert_eq!(heard, expected.len(), "{to:?}");
    }
}

#[test]
fn a_seat_is_called_by_its_own_number() {
    let hub = Hub::new();
    let (first, mut one) = hub.join(guest(SHOP, ALICE));
    let (second, mut two) = hub.join(guest(SHOP, ALICE));

    assert_ne!(first.id(), second.id());
    assert_eq!(hub.send(&Recipient::Socket(second.id()), "notice-push", "{}"), 1);

    assert_eq!(waiting(&mut one).len(), 0);
    assert_eq!(waiting(&mut two).len(), 1);
}

#[test]
fn an_object_is_sent_by_any_sender_and_nothing_of_one_that_cannot_be_encoded() {
    let hub = Hub::new();
    let sender: &dyn WebSocketSender = &hub;
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    let everybody = Recipient::Members(SHOP);

    let sent = sender.send_object(&everybody, "notice-push", &serde_json::json!({ "title": "a \"sale\"" }));
    let refused = hub.send_object(&everybody, "notice-push", &std::collections::HashMap::from([((), ())]));

    assert_eq!(sent.unwrap(), 1);
    assert!(refused.is_err());
    let texts: Vec<_> = waiting(&mut inbox).into_iter().map(|parcel| parcel.text).collect();
    assert_eq!(texts, [r#"{"type":"notice-push","content":"{\"title\":\"a \\\"sale\\\"\"}"}"#]);
}

#[test]
fn a_message_reaches_a_socket_once_however_often_it_is_announced() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    hub.announce(vec![said(ALICE, 1), said(ALICE, 2)]);
    assert_eq!(seqs(&mut alice), [1, 2]);

    hub.announce(vec![said(ALICE, 2), said(ALICE, 1), said(ALICE, 3), said(ALICE, 3)]);
    let mut elsewhere = message(CAROL, 2);
    elsewhere.conversation = kefu_domain::ConversationId(2);
    hub.announce(vec![crate::common::posted(elsewhere)]);

    assert_eq!(seqs(&mut alice), [3, 2], "the other conversation has numbers of its own");
    assert_eq!(seqs(&mut bob), [1, 2, 3, 2]);
    let (_late, mut late) = hub.join(guest(SHOP, ALICE));
    hub.announce(vec![said(ALICE, 3)]);
    assert_eq!(seqs(&mut late), [3], "another socket has not seen it");
}
