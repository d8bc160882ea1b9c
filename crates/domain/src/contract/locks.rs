//! Promises about a conversation's lock.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Barrier, mpsc};
use std::time::Duration;

use super::Fixture;
use super::tools::*;
use crate::rules::run;
use crate::{Store, StoreError};

/// Whoever has it sees everything that was committed before, and nobody else is inside.
pub fn a_conversation_is_never_given_to_two_at_once(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    let (inside, said, start) = (AtomicUsize::new(0), AtomicI64::new(0), Barrier::new(4));
    let (inside, said, start) = (&inside, &said, &start);

    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                start.wait();
                for at in 0..25 {
                    let command = say(ALICE, id, &format!("{thread}-{at}"));
                    patiently(store, &[command.need(false)], |work| {
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold the same conversation");
                        let head = work.conversation(id).unwrap().head_seq;
                        assert_eq!(head, said.load(Ordering::SeqCst), "a commit before this lock is not seen");
                        run(work, &command).unwrap();
                        std::thread::yield_now();
                        said.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            });
        }
    });

    assert_eq!(found(store, DESK, id).head_seq, 100);
}

pub fn a_released_conversation_is_free_again(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);

    for undone in ["one", "two", "three"] {
        let mut transaction = store.begin(&[row(id)]).unwrap();
        assert!(!transaction.work().must_wait_for(id));
        run(transaction.work(), &say(ALICE, id, undone)).unwrap();
        drop(transaction);
    }
    let mut transaction = store.begin(&[row(id)]).unwrap();

    assert_eq!(transaction.work().conversation(id).unwrap().head_seq, 0);
    run(transaction.work(), &say(ALICE, id, "at last")).unwrap();
    assert_eq!(transaction.commit().unwrap().messages[0].seq, 1);
    let ((), _) = patiently(store, &[row(id)], |work| assert_eq!(work.conversation(id).unwrap().head_seq, 1));
}

/// A store may skip what is held, or wait for it, or give up; it may not say that it does not exist.
pub fn one_that_is_held_does_not_make_the_others_absent(fixture: &impl Fixture) {
    let store = fixture.store();
    let (held, free) = (opened(store, ALICE), opened(store, BOB));
    let (report, told) = mpsc::channel();
    let holder = store.begin(&[row(held)]).unwrap();

    std::thread::scope(|threads| {
        threads.spawn(move || {
            let _ = report.send(match store.begin(&[row(held), row(free)]) {
                Ok(mut other) => {
                    let work = other.work();
                    let has = |id| work.conversation(id).is_some();
                    Some((work.must_wait_for(held), has(held), work.must_wait_for(free), has(free)))
                }
                Err(StoreError::Contended(_) | StoreError::Unavailable(_)) => None,
                Err(error) => panic!("{error:?}"),
            });
        });
        // A store that waits for the holder answers after it; the short while is the time to do it wrong in.
        let while_held = told.recv_timeout(Duration::from_millis(200));
        drop(holder);
        match while_held {
            Ok(answer) => assert!(matches!(answer, None | Some((true, false, false, true))), "{answer:?}"),
            Err(_) => {
                let after = told.recv().unwrap();
                assert!(
                    matches!(after, None | Some((true, false, false, true) | (false, true, false, true))),
                    "{after:?}"
                );
            }
        }
    });
}

pub fn four_threads_of_fifty_sends_number_one_to_two_hundred(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    let start = &Barrier::new(4);

    std::thread::scope(|threads| {
        for thread in 0..4 {
            threads.spawn(move || {
                start.wait();
                for at in 0..50 {
                    carry(store, &[say(ALICE, id, &format!("{thread}-{at}"))]);
                }
            });
        }
    });

    let all = history(store, DESK, id);
    assert_eq!(seqs(&all), (1..=200).collect::<Vec<_>>());
    assert!(all.is_sorted_by(|one, next| one.time < next.time && one.change < next.change));
    for thread in 0..4 {
        let own = format!("{thread}-");
        let mine = all.iter().filter_map(|it| it.key.as_ref()?.as_str().strip_prefix(&own)?.parse().ok());
        assert_eq!(mine.collect::<Vec<i32>>(), (0..50).collect::<Vec<_>>(), "one sender's order is kept");
    }
    let found = found(store, DESK, id);
    assert_eq!((found.head_seq, found.change, found.desk_unread), (200, 200, 200));
}
