//! The store in memory goes wrong exactly as it is told to.
#![allow(clippy::unwrap_used, reason = "clippy takes helpers of tests for production code")]

use std::sync::mpsc;

use kefu_domain::memory::{At, Fault, MemoryStore};
use kefu_domain::{
    Act, ClientMsgId, Command, Committed, Content, ConversationId, ConversationRepository, Draft, Kind, Member,
    MemberId, Need, Scope, Store, StoreError, TenantId, Timestamp, rules,
};

const ALICE: Member = Member { scope: Scope::platform(TenantId(1)), id: MemberId(101) };
const BOB: Member = Member { scope: Scope::platform(TenantId(1)), id: MemberId(102) };

fn say(id: ConversationId, key: &str, text: &str) -> Command {
    let key = ClientMsgId::new(key).unwrap();
    let content = Content::new(Kind::Text, text).unwrap();
    Command::of_member(ALICE, id, Act::Send(Draft { content, key, key_is_ours: false, quote: None }))
}

fn carry(store: &MemoryStore, command: &Command) -> Result<Committed, StoreError> {
    let mut transaction = store.begin(&[command.need(false)])?;
    rules::run(transaction.work(), command).unwrap();
    transaction.commit()
}

fn row(conversation: ConversationId) -> Need {
    Need::of(conversation)
}

#[test]
fn a_planned_fault_strikes_as_often_as_planned_and_writes_nothing() {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    store.fail(At::Begin, 2, Fault::Unavailable);
    store.fail(At::Commit, 1, Fault::Contended);
    store.fail(At::Commit, 1, Fault::Failed);

    let command = say(id, "k1", "hi");
    assert!(matches!(carry(&store, &command), Err(StoreError::Unavailable(_))));
    assert!(matches!(carry(&store, &command), Err(StoreError::Unavailable(_))));
    assert!(matches!(carry(&store, &command), Err(StoreError::Contended(_))));
    assert!(matches!(carry(&store, &command), Err(StoreError::Failed(_))));
    assert_eq!((store.messages(id).len(), store.locked()), (0, 0));
    carry(&store, &command).unwrap();

    assert_eq!(store.messages(id).len(), 1);
    let counts = store.counts();
    assert_eq!((counts.begins, counts.commits, counts.batches), (5, 1, vec![1]));
}

#[test]
fn a_lost_answer_hides_whether_the_commit_happened() {
    for applied in [true, false] {
        let store = MemoryStore::new();
        let id = store.open(ALICE).unwrap();
        store.fail(At::Commit, 1, Fault::FateUnknown { applied });

        let lost = carry(&store, &say(id, "k1", "hi"));

        assert!(matches!(lost, Err(StoreError::FateUnknown(_))));
        assert_eq!(store.messages(id).len(), usize::from(applied));
        assert_eq!(store.locked(), 0);
    }
}

#[test]
fn a_culprit_makes_its_whole_batch_fail_and_no_other() {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    store.refuse("poison");
    let (good, bad) = (say(id, "k1", "good"), say(id, "k2", "some poison in it"));

    let mut transaction = store.begin(&[good.need(false), bad.need(false)]).unwrap();
    for command in [&good, &bad] {
        rules::run(transaction.work(), command).unwrap();
    }
    assert!(matches!(transaction.commit(), Err(StoreError::Failed(_))));
    assert_eq!(store.messages(id), []);

    assert!(matches!(carry(&store, &bad), Err(StoreError::Failed(_))));
    assert_eq!(carry(&store, &good).unwrap().messages.len(), 1);
}

#[test]
fn reads_and_openings_fail_when_told_to() {
    let store = MemoryStore::new();
    store.fail(At::Open, 1, Fault::Unavailable);
    store.fail(At::Read, 1, Fault::Unavailable);

    assert!(store.open(ALICE).is_err());
    assert!(store.of_member(ALICE).is_err());
    assert_eq!(store.of_member(ALICE).unwrap(), None);
    assert!(store.open(ALICE).is_ok());
}

#[test]
fn a_held_conversation_is_elsewhere_and_keeps_nobody_from_the_others() {
    let store = MemoryStore::new();
    let (alices, bobs) = (store.open(ALICE).unwrap(), store.open(BOB).unwrap());
    let holder = store.begin(&[row(alices), row(alices)]).unwrap();
    assert_eq!(store.locked(), 1);

    let mut other = store.begin(&[row(bobs), row(alices), row(bobs)]).unwrap();
    assert!(other.work().must_wait_for(alices));
    assert!(other.work().conversation(bobs).is_some());
    drop(other);
    assert_eq!(store.locked(), 1, "who was told elsewhere releases nothing of it");
    drop(holder);

    assert!(!store.begin(&[row(alices)]).unwrap().work().must_wait_for(alices));
}

#[test]
fn a_shut_gate_keeps_a_commit_and_its_rows_until_it_opens() {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    let gate = store.shut_gate();
    let (done, told) = mpsc::channel();

    std::thread::scope(|threads| {
        threads.spawn(|| done.send(carry(&store, &say(id, "k1", "hi")).is_ok()).unwrap());
        gate.wait_for(1);
        assert!(store.begin(&[row(id)]).unwrap().work().must_wait_for(id));
        assert_eq!(store.messages(id), []);
        assert!(told.try_recv().is_err());
        gate.open();
        assert!(told.recv().unwrap());
    });

    assert_eq!(store.messages(id).len(), 1);
    carry(&store, &say(id, "k2", "the gate stays open")).unwrap();
}

#[test]
fn the_clock_ticks_with_each_transaction_unless_it_is_frozen() {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    let begin = || drop(store.begin(&[row(id)]).unwrap());

    begin();
    begin();
    assert_eq!(store.now(), Timestamp(MemoryStore::START.0 + 2));
    store.freeze();
    begin();
    assert_eq!(store.now(), Timestamp(MemoryStore::START.0 + 2));
    store.set_now(Timestamp(5));
    begin();

    assert_eq!(store.now(), Timestamp(5));
}

#[test]
fn the_same_number_or_key_twice_is_refused_as_a_database_would() {
    let store = MemoryStore::new();
    let id = store.open(ALICE).unwrap();
    carry(&store, &say(id, "k1", "hi")).unwrap();
    let command = say(id, "k1", "hi");

    let mut careless = store.begin(&[row(id)]).unwrap();
    rules::run(careless.work(), &command).unwrap();

    assert!(matches!(careless.commit(), Err(StoreError::Failed(_))), "its key was not looked up");
    assert_eq!(store.messages(id).len(), 1);
}
