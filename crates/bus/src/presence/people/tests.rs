use proptest::prelude::*;

use super::bytes::{LONGEST, VERSION, put};
use super::*;
use crate::NodeId;
use crate::presence::MOST_OF_A_NODE;
use kefu_domain::{ShopId, TenantId};

const NODE: NodeId = NodeId([3; 8]);

fn somebody() -> impl Strategy<Value = (Scope, Party)> {
    let id = prop_oneof![0..50_i64, any::<i64>()];
    (id.clone(), 0..3_i64, id, any::<bool>()).prop_map(|(tenant, shop, id, member)| {
        let scope = Scope { tenant: TenantId(tenant), shop: ShopId(shop) };
        (scope, if member { Party::Member(MemberId(id)) } else { Party::Admin(AdminId(id)) })
    })
}

proptest! {
    #[test]
    fn everybody_survives_the_wire_once(people in proptest::collection::vec(somebody(), 0..60)) {
        let snapshot: People = people.iter().copied().collect();

        let (bytes, left_out) = snapshot.write(NODE);

        prop_assert_eq!(left_out, 0);
        prop_assert_eq!(People::read(&bytes), Some((NODE, snapshot.clone())));
        prop_assert!(people.iter().all(|&(scope, party)| snapshot.has(scope, party)));
        let distinct: std::collections::HashSet<_> = people.into_iter().collect();
        prop_assert_eq!(snapshot.named().count(), distinct.len());
    }

    #[test]
    fn no_bytes_harm_a_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut snapshot = vec![VERSION];
        snapshot.extend(&bytes);
        // Whatever is accepted is in order, so that searching finds everybody.
        if let Some((_, people)) = People::read(&snapshot) {
            prop_assert!(people.named().all(|(scope, party)| people.has(scope, party)));
        }
        prop_assert!(bytes.first() == Some(&VERSION) || People::read(&bytes).is_none());
    }
}

fn shop(number: i64) -> Scope {
    Scope { tenant: TenantId(1), shop: ShopId(number) }
}

fn crowd(count: i64, step: i64) -> People {
    (0..count).map(|id| (shop(0), Party::Member(MemberId(id * step)))).collect()
}

/// How many have a name, and how many have none.
fn told(people: &People) -> (usize, usize) {
    (people.named().count(), people.unnamed().map(|(_, it)| it.members + it.admins).sum())
}

#[test]
fn a_hundred_thousand_people_take_little_room_and_too_many_are_counted() {
    let (bytes, left_out) = crowd(100_000, 37).write(NODE);
    assert_eq!((bytes.len() / 100_000, left_out), (1, 0));

    let (bytes, left_out) = crowd(200_000, 1 << 42).write(NODE);
    assert!(bytes.len() <= LONGEST && left_out == 0, "{} {left_out}", bytes.len());
    let (named, unnamed) = told(&People::read(&bytes).unwrap().1);
    assert!(unnamed > 10_000 && named + unnamed == 200_000, "{named} {unnamed}");
}

#[test]
fn more_scopes_than_fit_are_left_out() {
    let people: People = (0..200_000).map(|number| (shop(number), Party::Admin(AdminId(7)))).collect();

    let (bytes, left_out) = people.write(NODE);

    assert!(bytes.len() <= LONGEST && left_out > 0, "{} {left_out}", bytes.len());
}

#[test]
fn whoever_loses_their_name_is_counted_on_and_scopes_last_longer_than_names() {
    let agents = (0..10).map(|id| (shop(0), Party::Admin(AdminId(id))));
    let members = (0..100).map(|id| (shop(1 + id % 2), Party::Member(MemberId(id))));
    let whole: People = agents.chain(members).collect();
    let shortened = |most: usize| {
        let mut people = whole.clone();
        let lost = people.shorten(most);
        assert!(people.size() <= most);
        (told(&people), lost)
    };

    assert_eq!(whole.size(), 113);
    assert_eq!(shortened(113), ((110, 0), 0));
    assert_eq!(shortened(63), ((60, 50), 0));
    assert_eq!(shortened(3), ((0, 110), 0));
    assert_eq!(shortened(2), ((0, 60), 50), "there is no room for a shop");
    assert_eq!(shortened(0), ((0, 0), 110));

    let mut people = whole.clone();
    people.shorten(63);
    let (bytes, left_out) = people.write(NODE);
    assert_eq!((People::read(&bytes), left_out), (Some((NODE, people.clone())), 0), "the count survives the wire");
    assert!(people.names_all_of((shop(0), Party::Admin(AdminId(99)))));
    assert!(people.names_all_of((shop(9), Party::Member(MemberId(1)))), "nobody is there, so all of them");
    assert!(people.names_all_of((shop(1), Party::Member(MemberId(1)))));
    assert!(!people.names_all_of((shop(2), Party::Member(MemberId(1)))));
}

#[test]
fn a_snapshot_larger_than_any_is_none() {
    let largest = i64::try_from(MOST_OF_A_NODE).unwrap() - 1;

    assert!(People::read(&crowd(largest, 1).write(NODE).0).is_some());
    assert_eq!(People::read(&crowd(largest + 1, 1).write(NODE).0), None);
}

#[test]
fn those_without_somebody_are_found_by_name() {
    let people = |ids: &[i64]| -> People { ids.iter().map(|&id| (shop(0), Party::Member(MemberId(id)))).collect() };
    let without = |these: &[i64], those: &[i64]| -> Vec<i64> {
        people(these).without(&people(those)).map(|(_, party)| party.id()).collect()
    };

    assert_eq!(without(&[1, 2, 3], &[2]), [1, 3]);
    assert_eq!(without(&[1, 2, 3], &[]), [1, 2, 3]);
    assert!(without(&[1, 2], &[1, 2]).is_empty() && without(&[], &[1]).is_empty());
}

#[test]
fn whoever_is_named_twice_makes_it_no_snapshot() {
    // Tenant 1, shop 0, two members from 5 on and none beside them, no admins.
    let snapshot = |step: u8| [[VERSION].as_slice(), &NODE.0, &[2, 0, 2, 10, step, 0, 0, 0]].concat();

    assert_eq!(People::read(&snapshot(1)).unwrap().1.named().count(), 2);
    assert_eq!(People::read(&snapshot(0)), None);
}

#[test]
fn a_count_without_people_reserves_nothing() {
    let mut bytes = vec![VERSION, 3, 3, 3, 3, 3, 3, 3, 3, 2, 0];
    put(&mut bytes, u64::MAX);

    assert_eq!(People::read(&bytes), None);
}

#[test]
fn more_people_without_a_name_than_any_node_has_are_not_believed() {
    let snapshot = |unnamed: u64| {
        let mut bytes = [[VERSION].as_slice(), &NODE.0, &[2, 0, 0]].concat();
        put(&mut bytes, unnamed);
        bytes.extend([0, 0]);
        People::read(&bytes)
    };

    assert_eq!(told(&snapshot(70_000).unwrap().1), (0, 70_000));
    assert!(snapshot(u64::from(u32::MAX)).is_some());
    assert_eq!(snapshot(u64::from(u32::MAX) + 1), None);
}
