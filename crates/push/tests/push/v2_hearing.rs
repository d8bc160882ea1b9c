//! Who hears what in which dialect.

use std::time::Duration;

use kefu_domain::{Announcement, Announcer, Cursor, Handed, MemberId, Party, Recipient, Side, TenantId, Typing, What};
use kefu_push::{Guest, Hub, Inbox, WebSocketSender};
use tokio::time::advance;

use crate::common::{
    ALICE, BOB, CAROL, DAVE, OTHER_SHOP, OTHER_TENANT, SHOP, THREAD, caught_up, did, guest, message, only, outline,
    said, seqs, texts, v2, waiting,
};

#[test]
fn every_event_is_one_frame_for_each_of_those_concerned_whatever_it_is() {
    let hub = Hub::new();
    let mut concerned = [hub.join(v2(SHOP, ALICE)), hub.join(v2(SHOP, BOB))];
    let mut others = [
        hub.join(v2(SHOP, CAROL)),
        hub.join(v2(OTHER_SHOP, ALICE)),
        hub.join(v2(OTHER_SHOP, BOB)),
        hub.join(v2(OTHER_TENANT, ALICE)),
        hub.join(Guest { permissions: Vec::new(), ..v2(SHOP, DAVE) }),
    ];
    let events = [
        said(ALICE, 1),
        did(BOB, What::Read(Side::Desk, 1)),
        did(ALICE, What::Read(Side::Member, 1)),
        did(BOB, What::Pinned(true)),
        did(BOB, What::Hidden),
        did(ALICE, What::Revoked(message(ALICE, 1))),
        did(ALICE, What::Deleted(Side::Member, message(ALICE, 1))),
        did(BOB, What::Deleted(Side::Desk, message(ALICE, 1))),
        caught_up(outline(3), vec![message(ALICE, 2), message(BOB, 3)]),
    ];

    for event in events {
        let what = format!("{:?}", event.event.what);
        hub.announce(vec![event]);

        for (_, inbox) in &mut concerned {
            assert_eq!(waiting(inbox).len(), 1, "{what}");
        }
        for (_, inbox) in &mut others {
            assert_eq!(waiting(inbox).len(), 0, "{what}");
        }
    }
}

#[test]
fn both_dialects_hear_the_same_message_each_in_its_own_way() {
    let hub = Hub::new();
    let (_page, mut page) = hub.join(guest(SHOP, ALICE));
    let (_phone, mut phone) = hub.join(v2(SHOP, ALICE));

    hub.announce(vec![said(BOB, 1)]);

    assert!(only(&mut page).starts_with(r#"{"type":"kefu_message_type","#));
    assert!(only(&mut phone).starts_with(r#"{"category":"manager","action":"send","#));
}

#[test]
fn texts_are_escaped_for_the_malls_pages_and_for_nobody_else() {
    let hub = Hub::new();
    let (_page, mut page) = hub.join(guest(SHOP, ALICE));
    let (_phone, mut phone) = hub.join(v2(SHOP, ALICE));
    let mut bold = said(BOB, 1);
    if let What::Posted(message) = &mut bold.event.what {
        message.content = r#"{"text":"<b>"}"#.into();
    }

    hub.announce(vec![bold]);

    assert!(only(&mut page).contains("&lt;b&gt;"));
    assert!(only(&mut phone).contains(r#""content":"<b>""#));
}

#[test]
fn a_v2_frame_is_encoded_once_for_each_side() {
    let hub = Hub::new();
    let mut sockets = [ALICE, ALICE, BOB, DAVE].map(|party| hub.join(v2(SHOP, party)));

    hub.announce(vec![said(ALICE, 1)]);

    let [one, two, three, four] = sockets.each_mut().map(|(_, inbox)| waiting(inbox).remove(0).text.as_ptr());
    assert_eq!((one, three), (two, four));
    assert_ne!(one, three, "the member is not told what the desk is told");
}

#[test]
fn a_parcel_says_where_its_conversation_stands_and_what_it_shows() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(v2(SHOP, ALICE));
    let (_page, mut page) = hub.join(guest(SHOP, ALICE));
    let at = |seq, change| Some(Cursor { conversation: THREAD, seq, change });
    let mut read = did(BOB, What::Read(Side::Desk, 1));
    read.event.after.change = 9;
    let typing = Typing { scope: SHOP, conversation: THREAD, member: MemberId(101), by: BOB, on: true };

    let mut not_all = caught_up(outline(12), vec![message(BOB, 10)]);
    if let What::CaughtUp(since) = &mut not_all.event.what {
        since.more = true;
    }

    hub.announce(vec![said(BOB, 1), read, not_all, caught_up(outline(12), vec![message(BOB, 11), message(BOB, 12)])]);
    hub.whisper(&typing);
    hub.bye(Duration::from_secs(1));

    let told: Vec<_> = waiting(&mut alice).into_iter().map(|parcel| (parcel.at, parcel.shown)).collect();
    let expected = [
        (None, None),
        (at(1, 1), Some((THREAD, 1))),
        (at(1, 9), None),
        (at(10, 0), Some((THREAD, 10))),
        (at(12, 12), Some((THREAD, 12))),
        (None, None),
    ];
    assert_eq!(told, expected, "the bye first");
    assert!(waiting(&mut page).iter().all(|parcel| parcel.at.is_none()));
}

#[tokio::test(start_paused = true)]
async fn a_v2_socket_is_never_held() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(v2(SHOP, ALICE));

    advance(Duration::from_secs(3_600)).await;
    hub.announce((1..=200).map(|seq| said(BOB, seq)).collect());

    assert_eq!(seqs(&mut inbox), (1..=200).collect::<Vec<_>>());
}

#[test]
fn the_senders_own_v2_socket_keeps_the_guard_until_it_has_handed_over() {
    let hub = Hub::new();
    let (_phone, mut phone) = hub.join(v2(SHOP, ALICE));
    let (_bob, _bobs) = hub.join(v2(SHOP, BOB));
    let guard = std::sync::Arc::new(());
    let handed = Some(std::sync::Arc::clone(&guard) as Handed);

    hub.announce(vec![Announcement { handed, ..said(ALICE, 1) }]);

    assert_eq!(std::sync::Arc::strong_count(&guard), 2, "hers");
    waiting(&mut phone).into_iter().for_each(kefu_push::Parcel::accepted);
    assert_eq!(std::sync::Arc::strong_count(&guard), 1);
}

#[test]
fn a_foreign_frame_has_no_form_in_v2() {
    let hub = Hub::new();
    let (page, mut inbox) = hub.join(guest(SHOP, ALICE));
    let (phone, mut other) = hub.join(v2(SHOP, ALICE));

    assert_eq!(hub.send(&Recipient::Members(SHOP), "notice-push", "{}"), 1);
    assert_eq!(hub.send(&Recipient::Socket(phone.id()), "notice-push", "{}"), 0);
    assert_eq!(hub.send(&Recipient::Socket(page.id()), "notice-push", "{}"), 1);

    assert_eq!(waiting(&mut inbox).len(), 2);
    assert_eq!(waiting(&mut other).len(), 0);
}

#[test]
fn recipients_anywhere_are_those_of_the_tenant_at_whatever_shop() {
    let member = |tenant| Recipient::MemberAnywhere(TenantId(tenant), MemberId(101));
    check(member(1), &["alice", "alice elsewhere"]);
    check(member(2), &["stranger"]);
    check(Recipient::MemberAnywhere(TenantId(1), MemberId(7)), &[]);
    check(Recipient::MembersAnywhere(TenantId(1)), &["alice", "carol", "alice elsewhere"]);
    check(Recipient::MembersAnywhere(TenantId(2)), &["stranger"]);
    check(Recipient::AdminsAnywhere(TenantId(1)), &["bob", "dave elsewhere"]);
    check(Recipient::AdminsAnywhere(TenantId(2)), &[]);

    #[track_caller]
    fn check(to: Recipient, expected: &[&str]) {
        let hub = Hub::new();
        let mut sockets = [
            ("alice", hub.join(guest(SHOP, ALICE))),
            ("carol", hub.join(guest(SHOP, CAROL))),
            ("alice elsewhere", hub.join(guest(OTHER_SHOP, ALICE))),
            ("stranger", hub.join(guest(OTHER_TENANT, ALICE))),
            ("bob", hub.join(guest(SHOP, BOB))),
            ("dave elsewhere", hub.join(Guest { permissions: Vec::new(), ..guest(OTHER_SHOP, DAVE) })),
            ("system", hub.join(guest(SHOP, Party::System))),
        ];

        assert_eq!(hub.send(&to, "notice-push", "{}"), expected.len(), "{to:?}");

        let heard = |(name, (_, inbox)): &mut (&'static str, (_, Inbox))| (waiting(inbox).len() == 1).then_some(*name);
        assert_eq!(sockets.iter_mut().filter_map(heard).collect::<Vec<_>>(), expected, "{to:?}");
    }
}

#[test]
fn typing_is_heard_by_the_other_side_and_of_an_admin_by_the_other_admins() {
    check(ALICE, &["bob", "bob again", "dave"]);
    check(BOB, &["alice", "alice again", "dave"]);
    check(DAVE, &["alice", "alice again", "bob", "bob again"]);

    #[track_caller]
    fn check(by: Party, expected: &[&str]) {
        let hub = Hub::new();
        let mut sockets = [
            ("alice", hub.join(v2(SHOP, ALICE))),
            ("alice again", hub.join(v2(SHOP, ALICE))),
            ("alice's page", hub.join(guest(SHOP, ALICE))),
            ("alice elsewhere", hub.join(v2(OTHER_SHOP, ALICE))),
            ("carol", hub.join(v2(SHOP, CAROL))),
            ("bob", hub.join(v2(SHOP, BOB))),
            ("bob again", hub.join(v2(SHOP, BOB))),
            ("bob's console", hub.join(guest(SHOP, BOB))),
            ("bob elsewhere", hub.join(v2(OTHER_SHOP, BOB))),
            ("dave", hub.join(v2(SHOP, DAVE))),
            ("dave without a permission", hub.join(Guest { permissions: Vec::new(), ..v2(SHOP, DAVE) })),
            ("stranger", hub.join(v2(OTHER_TENANT, DAVE))),
        ];

        hub.whisper(&Typing { scope: SHOP, conversation: THREAD, member: MemberId(101), by, on: true });

        let heard = |(name, (_, inbox)): &mut (&'static str, (_, Inbox))| (!texts(inbox).is_empty()).then_some(*name);
        assert_eq!(sockets.iter_mut().filter_map(heard).collect::<Vec<_>>(), expected, "{by:?}");
    }
}
