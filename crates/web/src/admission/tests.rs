use std::net::{IpAddr, Ipv4Addr};

use kefu_domain::{AdminId, MemberId};

use super::*;

const MALL: TenantId = TenantId(1);

fn limits() -> SocketLimits {
    SocketLimits {
        per_address: None,
        per_person: None,
        handshakes: None,
        handshakes_per_address: None,
        ..Default::default()
    }
}

fn address(number: u32) -> Option<ClientAddress> {
    Some(ClientAddress::new(IpAddr::V4(Ipv4Addr::from_bits(number))))
}

fn member(number: i64) -> Party {
    Party::Member(MemberId(number))
}

#[track_caller]
fn reason<T>(refused: Result<T, Refused>) -> Option<Reason> {
    refused.err().map(|refused| refused.reason)
}

#[tokio::test(start_paused = true)]
async fn no_more_sockets_than_there_are_places_and_each_that_ends_makes_room() {
    let admission = Admission::new(SocketLimits { total: NonZeroU32::new(2), ..limits() });
    let one = admission.connect(None).await.unwrap();
    let two = admission.connect(address(1)).await.unwrap().is(MALL, member(1)).unwrap();

    assert_eq!(reason(admission.connect(address(2)).await), Some(Reason::Total));
    drop(two);
    let three = admission.connect(None).await.unwrap();
    assert_eq!(reason(admission.connect(None).await), Some(Reason::Total));
    drop((one, three));
    assert_eq!(admission.0.open.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn one_address_has_so_many_and_others_are_not_touched() {
    let admission = Admission::new(SocketLimits { per_address: NonZeroU32::new(2), ..limits() });
    let places = [admission.connect(address(1)).await.unwrap(), admission.connect(address(1)).await.unwrap()];

    assert_eq!(reason(admission.connect(address(1)).await), Some(Reason::Address));
    let others = [admission.connect(address(2)).await.unwrap(), admission.connect(None).await.unwrap()];
    assert_eq!(admission.0.open.load(Ordering::Relaxed), 4, "whoever was refused holds no place among all");
    drop((places, others));
    assert!(admission.0.addresses().is_empty(), "nothing is kept of an address that has gone");
    drop(admission.connect(address(1)).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn one_person_has_so_many_wherever_they_come_from() {
    let admission = Admission::new(SocketLimits { per_person: NonZeroU32::new(2), ..limits() });
    let mut places = Vec::new();
    for number in 0..2 {
        places.push(admission.connect(address(number)).await.unwrap().is(MALL, member(1)).unwrap());
    }

    assert_eq!(reason(admission.connect(address(3)).await.unwrap().is(MALL, member(1))), Some(Reason::Person));
    for (tenant, party) in [(MALL, member(2)), (TenantId(2), member(1)), (MALL, Party::Admin(AdminId(1)))] {
        places.push(admission.connect(None).await.unwrap().is(tenant, party).unwrap());
    }
    assert_eq!(admission.0.open.load(Ordering::Relaxed), 5);
    drop(places.remove(0));
    drop(admission.connect(None).await.unwrap().is(MALL, member(1)).unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_handshake_waits_for_its_turn_and_is_refused_when_that_is_too_far_away() {
    let wait = Duration::from_secs(2);
    let admission = Admission::new(SocketLimits { handshakes: NonZeroU32::new(1), wait, ..limits() });
    let since = Instant::now();

    let turns: Vec<_> = (0..4).map(|_| admission.connect(None)).collect();
    let turns =
        futures_util::future::join_all(turns.into_iter().map(|turn| async { (turn.await, since.elapsed()) })).await;

    let seconds: Vec<_> = turns.iter().map(|(turn, after)| (turn.is_ok(), after.as_secs())).collect();
    assert_eq!(seconds, [(true, 0), (true, 1), (true, 2), (false, 0)]);
    let refused = turns.into_iter().find_map(|(turn, _)| turn.err());
    assert_eq!(refused, Some(Refused { reason: Reason::Pace, retry_after: Duration::from_secs(1) }));
    assert_eq!(admission.0.open.load(Ordering::Relaxed), 0, "whoever waits holds a place, and whoever goes has none");
}

#[tokio::test(start_paused = true)]
async fn whoever_stops_waiting_gives_their_place_back() {
    let admission =
        Admission::new(SocketLimits { handshakes: NonZeroU32::new(1), total: NonZeroU32::new(2), ..limits() });
    let first = admission.connect(None).await.unwrap();

    let given_up = tokio::time::timeout(Duration::from_millis(10), admission.connect(None)).await;

    assert!(given_up.is_err());
    assert_eq!(admission.0.open.load(Ordering::Relaxed), 1);
    drop(first);
}
