//! What the mall's pages are told of news that were missed between the nodes.

use kefu_domain::{Announcement, Announcer, Deleted, Message, Outline, What};
use kefu_push::{Credential, Guest, Hub, Inbox};

use crate::common::{ALICE, BOB, SHOP, caught_up, did, guest, message, outline, said, waiting};

/// The numbers of the messages, and 0 for the frame that the desk has read.
fn heard(inbox: &mut Inbox) -> Vec<i64> {
    waiting(inbox).iter().map(|parcel| parcel.shown.map_or(0, |(_, seq)| seq)).collect()
}

fn missed(after: Outline, messages: impl IntoIterator<Item = Message>) -> Announcement {
    caught_up(after, messages.into_iter().collect())
}

fn by(party: kefu_domain::Party, seqs: impl IntoIterator<Item = i64>) -> Vec<Message> {
    seqs.into_iter().map(|seq| message(party, seq)).collect()
}

#[test]
fn each_message_comes_in_order_and_none_that_came_before() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    hub.announce(vec![said(BOB, 1), said(BOB, 2)]);

    hub.announce(vec![missed(outline(4), by(BOB, 2..=4)), said(BOB, 5)]);

    assert_eq!(heard(&mut alice), [1, 2, 3, 4, 5]);
    assert_eq!(heard(&mut bob), [1, 2, 3, 4, 5]);
}

#[test]
fn what_a_side_has_deleted_meanwhile_it_is_not_shown() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    let mut messages = by(BOB, 1..=3);
    messages[0].deleted = Deleted { by_member: true, by_desk: false };
    messages[1].deleted = Deleted { by_member: false, by_desk: true };

    hub.announce(vec![missed(outline(3), messages)]);

    assert_eq!(heard(&mut alice), [2, 3]);
    assert_eq!(heard(&mut bob), [1, 3]);
}

#[test]
fn pages_cannot_start_over_and_are_told_nothing_where_others_do() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let mut news = missed(outline(3), by(BOB, 1..=3));
    if let What::CaughtUp(since) = &mut news.event.what {
        since.reset = true;
    }

    hub.announce(vec![news]);

    assert_eq!(heard(&mut alice), [] as [i64; 0]);
}

/// The conversation after `seq` messages, of which the desk has read so many and not so many.
fn read(seq: i64, up_to: i64, unread: i64) -> Outline {
    Outline { desk_read_seq: up_to, desk_unread: unread, ..outline(seq) }
}

#[test]
fn that_the_desk_has_read_is_told_when_it_has_come_past_something() {
    check("messages of the member", &[], missed(read(3, 2, 1), by(ALICE, 1..=3)), &[1, 2, 0, 3]);
    check("its own messages only", &[], missed(read(3, 3, 0), by(BOB, 1..=3)), &[1, 2, 3]);
    check("messages told before", &[read(2, 0, 2)], missed(read(2, 2, 0), []), &[0]);
    check("messages told before, and newer ones", &[read(2, 0, 2)], missed(read(3, 2, 1), by(ALICE, [3])), &[0, 3]);
    check("nothing yet", &[read(2, 0, 2)], missed(read(3, 0, 3), by(ALICE, [3])), &[3]);
    check("nothing", &[read(2, 2, 0)], missed(read(3, 2, 1), by(ALICE, [3])), &[3]);
    check("nothing that was unread", &[read(2, 1, 0)], missed(read(3, 3, 0), by(BOB, [3])), &[3]);
    check("nobody knows what", &[], missed(read(2, 2, 0), []), &[]);

    #[track_caller]
    fn check(past: &str, before: &[Outline], news: Announcement, expected: &[i64]) {
        let hub = Hub::new();
        for &after in before {
            // A pin: no frame of the mall's, but it says where the desk stands.
            let mut pin = did(BOB, What::Pinned(true));
            pin.event.after = after;
            hub.announce(vec![pin]);
        }
        let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
        let (_bob, mut bob) = hub.join(guest(SHOP, BOB));

        hub.announce(vec![news]);

        assert_eq!(heard(&mut alice), expected, "{past}");
        assert_eq!(heard(&mut bob), expected, "{past}");
    }
}

#[test]
fn a_page_that_has_listed_a_message_is_not_given_it_by_catching_up() {
    let hub = Hub::new();
    let token = Credential([1; 16]);
    let (_alice, mut alice) = hub.join(Guest { credential: Some(token), ..guest(SHOP, ALICE) });
    let (_bob, mut bob) = hub.join(Guest { credential: Some(token), ..guest(SHOP, BOB) });
    hub.listed(SHOP.tenant, ALICE, Some(token), outline(1).conversation, 2);

    hub.announce(vec![missed(outline(3), by(BOB, 1..=3))]);

    assert_eq!(heard(&mut alice), [3]);
    assert_eq!(heard(&mut bob), [1, 2, 3], "another person's page");
}

#[test]
fn the_picture_of_an_admin_is_shown_where_it_is_known() {
    let hub = Hub::new();
    let (_alice, mut alice) = hub.join(guest(SHOP, ALICE));
    let mut news = missed(outline(1), by(BOB, [1]));
    if let What::CaughtUp(since) = &mut news.event.what {
        let avatar = Some("/bob.png".into());
        since.admins.insert(kefu_domain::AdminId(7), kefu_domain::Profile { nickname: None, avatar });
    }

    hub.announce(vec![news]);

    let frame = crate::common::only(&mut alice);
    assert!(frame.contains(r#"\"senderAvatar\":\"/bob.png\""#), "{frame}");
}
