//! Who leaves, who is shown out.

use futures_util::FutureExt;
use kefu_domain::{Announcer, Recipient, SessionId, TenantId, Timestamp};
use kefu_push::{Credential, Guest, Hub, Inbox, Online, Seat, WebSocketSender};
use tokio::time::{Duration, advance};

use crate::common::{ALICE, BOB, CAROL, OTHER_SHOP, OTHER_TENANT, SHOP, guest, said, seqs, v2, waiting};

const TOKEN: Credential = Credential([1; 16]);
const OTHER_TOKEN: Credential = Credential([2; 16]);

/// Ends now, without another frame.
fn has_ended(inbox: &mut Inbox) -> bool {
    inbox.next().now_or_never().is_some_and(|parcel| parcel.is_none())
}

#[test]
fn a_seat_that_is_dropped_is_forgotten() {
    let hub = Hub::new();
    let (seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    let id = seat.id();
    hub.announce(vec![said(BOB, 1)]);

    drop(seat);

    assert_eq!(hub.online(), Online::default());
    assert_eq!(hub.send(&Recipient::Socket(id), "notice-push", "{}"), 0);
    assert_eq!(hub.send(&Recipient::Members(SHOP), "notice-push", "{}"), 0);
    assert!(has_ended(&mut inbox));
    assert!(inbox.is_closed());
}

#[test]
fn an_inbox_that_is_dropped_takes_nothing_but_its_seat_is_taken() {
    let hub = Hub::new();
    let (_seat, inbox) = hub.join(guest(SHOP, ALICE));

    drop(inbox);

    assert_eq!(hub.send(&Recipient::Members(SHOP), "notice-push", "{}"), 0);
    assert_eq!(hub.online().sockets, 1);
}

#[test]
fn the_hub_counts_sockets_and_people() {
    let hub = Hub::new();
    let guests = [
        guest(SHOP, ALICE),
        guest(SHOP, ALICE),
        guest(OTHER_SHOP, ALICE),
        guest(SHOP, CAROL),
        guest(OTHER_TENANT, ALICE),
        v2(SHOP, BOB),
        v2(OTHER_SHOP, BOB),
    ];

    let seats: Vec<_> = guests.into_iter().map(|guest| hub.join(guest)).collect();

    assert_eq!(hub.online(), Online { sockets: 7, v2: 2, members: 3, admins: 1 });
    assert_eq!(hub.tenants(), [TenantId(1), TenantId(2)]);
    drop(seats);
    assert_eq!(hub.online(), Online::default());
    assert!(hub.tenants().is_empty());
}

#[test]
fn whoever_is_let_go_is_exactly_whom_the_call_names() {
    check(|hub| hub.close_credential(&TOKEN), &[0, 3]);
    check(|hub| hub.close_credential(&Credential([9; 16])), &[]);
    check(|hub| hub.close_party(TenantId(1), ALICE), &[0, 1, 2]);
    check(|hub| hub.close_party(TenantId(2), ALICE), &[4]);
    check(|hub| hub.close_party(TenantId(2), BOB), &[]);
    check(|hub| hub.close_tenant(TenantId(1)), &[0, 1, 2, 3]);
    check(|hub| hub.close_tenant(TenantId(2)), &[4]);
    check(|hub| hub.close_tenant(TenantId(3)), &[]);
    check(|hub| hub.close_expired(Timestamp(999)), &[]);
    check(|hub| hub.close_expired(Timestamp(1_000)), &[0]);
    check(|hub| hub.close_expired(Timestamp(2_000)), &[0, 1]);
    check(Hub::close_all, &[0, 1, 2, 3, 4]);

    #[track_caller]
    fn check(close: impl Fn(&Hub) -> usize, gone: &[usize]) {
        let hub = Hub::new();
        let mut sockets: Vec<(Seat, Inbox)> = [
            Guest { credential: Some(TOKEN), expires: Some(Timestamp(1_000)), ..guest(SHOP, ALICE) },
            Guest { credential: Some(OTHER_TOKEN), expires: Some(Timestamp(2_000)), ..guest(SHOP, ALICE) },
            guest(OTHER_SHOP, ALICE),
            Guest { credential: Some(TOKEN), ..guest(SHOP, BOB) },
            guest(OTHER_TENANT, ALICE),
        ]
        .into_iter()
        .map(|guest| hub.join(guest))
        .collect();

        assert_eq!(close(&hub), gone.len());
        assert_eq!(close(&hub), 0, "nobody is let go twice");

        for (at, (_, inbox)) in sockets.iter_mut().enumerate() {
            assert_eq!(inbox.is_closed(), gone.contains(&at), "{at}");
            assert_eq!(has_ended(inbox), gone.contains(&at), "{at}");
        }
    }
}

#[test]
fn a_socket_that_lost_its_token_hears_nothing_more_not_even_what_waited() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(Guest { credential: Some(TOKEN), ..guest(SHOP, ALICE) });
    hub.announce(vec![said(BOB, 1)]);

    hub.close_credential(&TOKEN);
    hub.announce(vec![said(BOB, 2)]);

    assert!(has_ended(&mut inbox));
    assert!(has_ended(&mut inbox), "and stays so");
}

#[test]
fn a_stopping_hub_delivers_what_waits_and_takes_in_nothing_more() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(Guest { credential: Some(TOKEN), ..guest(SHOP, ALICE) });
    let (_revoked, mut revoked) = hub.join(Guest { credential: Some(OTHER_TOKEN), ..guest(SHOP, ALICE) });
    hub.announce(vec![said(BOB, 1), said(BOB, 2)]);

    assert_eq!(hub.close_all(), 2);
    hub.announce(vec![said(BOB, 3)]);
    hub.close_credential(&OTHER_TOKEN);

    assert!(!inbox.is_closed());
    assert_eq!(seqs(&mut inbox), [1, 2]);
    assert!(inbox.is_closed());
    assert!(has_ended(&mut inbox));
    assert!(has_ended(&mut revoked), "a token lost meanwhile still counts");
}

#[tokio::test(start_paused = true)]
async fn a_stopping_hub_does_not_wait_for_a_ping() {
    let hub = Hub::new();
    let (_seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    advance(Duration::from_secs(15)).await;
    hub.announce(vec![said(BOB, 1)]);

    hub.close_all();

    assert!(inbox.is_closed());
    assert!(has_ended(&mut inbox));
}

#[test]
fn whoever_comes_to_a_stopped_hub_is_let_go_at_once() {
    let hub = Hub::new();
    hub.close_all();

    let (seat, mut inbox) = hub.join(guest(SHOP, ALICE));

    assert!(inbox.is_closed());
    assert!(has_ended(&mut inbox));
    assert_eq!(hub.send(&Recipient::Socket(seat.id()), "notice-push", "{}"), 0);
    drop(seat);
    assert_eq!(hub.online(), Online::default());
}

#[tokio::test(start_paused = true)]
async fn somebody_who_waits_is_woken_to_leave() {
    check(|hub, _| hub.close_credential(&TOKEN)).await;
    check(|hub, _| hub.close_all()).await;
    check(|_, seat| {
        drop(seat.take());
        1
    })
    .await;

    async fn check(close: impl FnOnce(&Hub, &mut Option<Seat>) -> usize) {
        let hub = Hub::new();
        let (seat, mut inbox) = hub.join(Guest { credential: Some(TOKEN), ..guest(SHOP, ALICE) });
        let mut seat = Some(seat);
        let waits = tokio::spawn(async move { inbox.next().await.is_none() });
        tokio::task::yield_now().await;

        assert_eq!(close(&hub, &mut seat), 1);

        assert!(tokio::time::timeout(Duration::from_secs(1), waits).await.unwrap().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn b16_a_socket_whose_writer_panics_is_forgotten_and_the_others_hear_on() {
    let hub = Hub::new();
    let (_bob, mut bob) = hub.join(guest(SHOP, BOB));
    let (seat, mut inbox) = hub.join(guest(SHOP, ALICE));
    let writer = tokio::spawn(async move {
        let _seat = seat;
        let parcel = inbox.next().await;
        panic!("cannot write {parcel:?}");
    });

    hub.announce(vec![said(BOB, 1)]);
    assert!(writer.await.unwrap_err().is_panic());
    hub.announce(vec![said(BOB, 2)]);

    assert_eq!(seqs(&mut bob), [1, 2]);
    assert_eq!(hub.online(), Online { sockets: 1, v2: 0, members: 0, admins: 1 });
    assert_eq!(waiting(&mut bob).len(), 0);
}

#[test]
fn a_number_is_never_given_twice() {
    let hub = Hub::new();

    let ids: Vec<SessionId> = (0..3).map(|_| hub.join(guest(SHOP, ALICE)).0.id()).collect();

    assert_eq!(ids, [SessionId(1), SessionId(2), SessionId(3)]);
}
