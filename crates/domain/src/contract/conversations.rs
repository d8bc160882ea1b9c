//! Promises about the conversation's own row.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use std::sync::Barrier;

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::rules::run;
use crate::{
    Act, ConversationId, ConversationPage, ConversationRepository, Member, MessagePage, MessageRepository, Side, Store,
};

pub fn a_fresh_conversation_is_empty(fixture: &impl Fixture) {
    let store = fixture.store();

    let id = opened(store, ALICE);

    let fresh = found(store, DESK, id);
    assert_eq!((fresh.id, fresh.scope, fresh.member), (id, DESK, ALICE.id));
    assert_eq!((fresh.head_seq, fresh.change, fresh.desk_unread), (0, 0, 0));
    assert_eq!((fresh.member_read_seq, fresh.desk_read_seq), (0, 0));
    assert_eq!((fresh.pinned, fresh.hidden_from_desk, fresh.hidden_from_member), (false, false, false));
    assert_eq!((fresh.last.content.as_str(), fresh.last.kind), ("", 1));
    assert_eq!((fresh.last.time, fresh.changed), (fresh.created, fresh.created));
    assert_eq!(history(store, DESK, id), []);
}

pub fn opening_twice_gives_one_conversation(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "hi")]);

    let again = opened(store, ALICE);

    assert_eq!(again, id);
    assert_eq!(found(store, DESK, id).head_seq, 1, "opening again must not start over");
    assert_ne!(opened(store, BOB), id);
    assert_eq!(store.of_member(ALICE).unwrap(), store.find(DESK.tenant, &[DESK.shop], id).unwrap());
}

pub fn eight_callers_at_once_open_one_conversation(fixture: &impl Fixture) {
    let store = fixture.store();
    let start = Barrier::new(8);

    let ids: Vec<ConversationId> = std::thread::scope(|threads| {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                threads.spawn(|| {
                    start.wait();
                    opened(store, ALICE)
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).collect()
    });

    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    carry(store, &[say(ALICE, ids[0], "hi")]);
    assert_eq!(store.list(DESK, &everything()).unwrap().len(), 1);
}

pub fn a_conversation_comes_back_as_it_was_saved(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "one"), say(ALICE, id, "two"), say(AGENT, id, "three"), say(AGENT, id, "four")]);
    let commands = [
        by(AGENT, id, Act::Send(line("five", "订单已发货 😀"))),
        read_up_to(AGENT, id, 1),
        read_up_to(ALICE, id, 4),
        by(AGENT, id, Act::Pin(true)),
        by(AGENT, id, Act::Hide(None)),
    ];
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let (saved, _) = patiently(store, &needs, |work| {
        commands.iter().for_each(|command| drop(run(work, command).unwrap()));
        work.conversation(id).cloned().unwrap()
    });

    assert_eq!(found(store, DESK, id), saved);
    assert_eq!(store.of_member(ALICE).unwrap().unwrap(), saved);
    let ((), _) = patiently(store, &[row(id)], |work| assert_eq!(work.conversation(id), Some(&saved)));
    assert_eq!((saved.pinned, saved.hidden_from_desk, saved.last.kind), (true, true, 5));
    assert_eq!((saved.desk_unread, saved.desk_read_seq, saved.member_read_seq), (1, 1, 4));
    assert_eq!((saved.head_seq, saved.change), (5, 9));
}

pub fn absent_conversations_are_absent(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);

    for absent in [ConversationId(id.0 + 1_000), ConversationId(0), ConversationId(-1), ConversationId(i64::MAX)] {
        assert_eq!(store.find(DESK.tenant, &[DESK.shop], absent).unwrap(), None);
        assert_eq!(store.page(DESK, absent, Side::Desk, &MessagePage::Newest(10)).unwrap(), []);
        let ((), _) = patiently(store, &[row(absent), row(id)], |work| {
            assert!(work.conversation(absent).is_none());
            assert!(work.conversation(id).is_some(), "an absent one hides nobody");
        });
    }
    assert_eq!(store.of_member(BOB).unwrap(), None);
}

pub fn dropping_a_unit_of_work_undoes_it(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "kept")]);
    let before = found(store, DESK, id);

    let commands = [say(ALICE, id, "undone"), read_up_to(AGENT, id, 2), by(AGENT, id, Act::Pin(true))];
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
    let mut transaction = store.begin(&needs).unwrap();
    commands.iter().for_each(|command| drop(run(transaction.work(), command).unwrap()));
    drop(transaction);

    assert_eq!(found(store, DESK, id), before);
    assert_eq!(seqs(&history(store, DESK, id)), [1]);
    let (_, committed) = carry(store, &[say(ALICE, id, "undone")]);
    assert_eq!(committed.messages[0].seq, 2, "neither the number nor the key was used up");
}

pub fn another_tenant_or_shop_finds_nothing(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "secret")]);

    for scope in [ELSEWHERE, SHOP] {
        finds_nothing(store, Member { scope, ..ALICE }, id);
        let theirs = opened(store, Member { scope, ..ALICE });
        assert_ne!(theirs, id, "the same member at another door has another conversation");
        assert_eq!(store.find(DESK.tenant, &[DESK.shop], theirs).unwrap(), None);
        let both = [DESK.shop, scope.shop];
        assert_eq!(store.find(scope.tenant, &both, theirs).unwrap().map(|found| found.scope), Some(scope));
    }
}

#[track_caller]
fn finds_nothing(store: &impl WholeStore, me: Member, id: ConversationId) {
    assert_eq!(store.find(me.scope.tenant, &[me.scope.shop], id).unwrap(), None);
    assert_eq!(store.find(DESK.tenant, &[], id).unwrap(), None, "nobody's shops");
    assert_eq!(store.of_member(me).unwrap(), None);
    assert_eq!(store.list(me.scope, &everything()).unwrap(), []);
    // A shop is told apart by its conversations; messages know their conversation and their tenant.
    if me.scope.tenant != DESK.tenant {
        assert_eq!(store.page(me.scope, id, Side::Desk, &MessagePage::Newest(10)).unwrap(), []);
        assert_eq!(store.page(me.scope, id, Side::Desk, &MessagePage::SinceSeq(0, 10)).unwrap(), []);
    }
}

fn everything() -> ConversationPage {
    ConversationPage { limit: 100, after: None, name: None }
}
