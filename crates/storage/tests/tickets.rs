//! Tickets on each database: good once, for whoever comes first, and not for long.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Barrier;

use kefu_domain::{StoreError, TenantId};
use kefu_storage::Database;
use support::Site;

on_each_database! {
    a_ticket_is_good_once_and_says_what_it_stands_for
    a_ticket_that_has_expired_is_good_for_nothing
    nobody_else_s_ticket_is_taken
    of_eight_that_take_a_ticket_at_two_nodes_one_has_it
    a_ticket_is_kept_once
    tickets_that_nobody_took_are_forgotten
    a_ticket_is_kept_although_nothing_can_be_forgotten
}

const MINUTE: i64 = 60_000;
const KEPT: &str = "SELECT COUNT(*) AS value FROM kefu_ticket";

fn hash(number: u8) -> [u8; 32] {
    let mut hash = [0xff; 32];
    hash[31] = number;
    hash
}

fn keep(database: &Database, number: u8, lives_ms: i64) {
    let expires = database.now().unwrap().0 + lives_ms;
    database.keep_ticket(hash(number), TenantId(7), &format!("bearer {number}"), expires).unwrap();
}

fn take(database: &Database, number: u8) -> Option<(TenantId, String)> {
    database.take_ticket(&hash(number), database.now().unwrap().0).unwrap()
}

fn a_ticket_is_good_once_and_says_what_it_stands_for(site: &Site) {
    let database = site.open();
    let long = format!("{{\"who\":\"莉莉 😀\\\\\",\"rest\":\"{}\"}}", "x".repeat(8_192));
    database.keep_ticket(hash(1), TenantId(7), &long, i64::MAX).unwrap();
    keep(&database, 2, MINUTE);

    assert_eq!(take(&database, 2), Some((TenantId(7), "bearer 2".to_owned())));
    assert_eq!(take(&database, 2), None);
    let another_node = site.open();
    assert_eq!(take(&another_node, 1), Some((TenantId(7), long)));
    assert_eq!(take(&database, 1), None);
    assert_eq!(site.number(KEPT), 0);
}

fn a_ticket_that_has_expired_is_good_for_nothing(site: &Site) {
    let database = site.open();
    let taken_at = |number, now| {
        database.keep_ticket(hash(number), TenantId(7), "x", i64::MAX - 1).unwrap();
        database.take_ticket(&hash(number), now).unwrap().is_some()
    };

    assert!(taken_at(1, i64::MAX - 2), "until the last millisecond");
    assert!(!taken_at(2, i64::MAX - 1));
    assert!(!taken_at(3, i64::MAX));
    assert!(database.take_ticket(&hash(2), 0).unwrap().is_none(), "whoever comes late has used it up");
    assert_eq!(site.number(KEPT), 0);
}

fn nobody_else_s_ticket_is_taken(site: &Site) {
    let database = site.open();
    keep(&database, 1, MINUTE);

    assert_eq!(take(&database, 2), None);
    assert_eq!(database.take_ticket(&[0; 32], 0).unwrap(), None);
    assert!(take(&database, 1).is_some());
}

fn of_eight_that_take_a_ticket_at_two_nodes_one_has_it(site: &Site) {
    let nodes = [site.open(), site.open()];
    for number in 0..20 {
        keep(&nodes[0], number, MINUTE);
        let start = &Barrier::new(8);

        let taken: Vec<_> = std::thread::scope(|threads| {
            let taking = |thread: usize| {
                let node = &nodes[thread % 2];
                threads.spawn(move || {
                    start.wait();
                    node.take_ticket(&hash(number), 0).unwrap()
                })
            };
            let all: Vec<_> = (0..8).map(taking).collect();
            all.into_iter().filter_map(|one| one.join().unwrap()).collect()
        });

        assert_eq!(taken, [(TenantId(7), format!("bearer {number}"))]);
    }
    assert_eq!(site.number(KEPT), 0);
}

fn a_ticket_is_kept_once(site: &Site) {
    let database = site.open();
    keep(&database, 1, MINUTE);

    let again = database.keep_ticket(hash(1), TenantId(8), "somebody else", i64::MAX);

    assert!(matches!(again, Err(StoreError::Failed(_))), "{again:?}");
    assert_eq!(take(&database, 1).unwrap().0, TenantId(7));
}

fn tickets_that_nobody_took_are_forgotten(site: &Site) {
    let database = site.open();
    keep(&database, 0, MINUTE);
    for number in 1..=10 {
        keep(&database, number, 0);
    }
    assert_eq!(site.number(KEPT), 11, "nobody looks at every ticket");

    keep(&site.open(), 100, MINUTE);
    assert_eq!(site.number(KEPT), 2, "a process looks at its first");
    for number in 11..64 {
        keep(&database, number, 0);
    }
    assert_eq!(site.number(KEPT), 2 + 53);
    keep(&database, 64, MINUTE);

    assert_eq!(site.number(KEPT), 3, "and now and then");
    assert!([0, 64, 100].iter().all(|number| take(&database, *number).is_some()));
}

fn a_ticket_is_kept_although_nothing_can_be_forgotten(site: &Site) {
    keep(&site.open(), 1, 0);
    let refuses = if site.address.starts_with("sqlite:") {
        "BEGIN SELECT RAISE(ABORT, 'planned by a test'); END"
    } else {
        "FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'planned by a test'"
    };
    site.run(&format!("CREATE TRIGGER refuses BEFORE DELETE ON kefu_ticket {refuses}"));

    keep(&site.open(), 2, MINUTE);

    assert_eq!(site.number(KEPT), 2);
    site.run("DROP TRIGGER refuses");
    assert!(take(&site.open(), 2).is_some());
}
