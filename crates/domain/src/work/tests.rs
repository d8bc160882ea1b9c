use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;
use crate::rules::run;
use crate::{
    Act, Admin, AdminId, Command, Content, ConversationState, Draft, Kind, Member, MemberId, Refusal, Scope, TenantId,
};

mod stored;

const SCOPE: Scope = Scope::platform(TenantId(1));
const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
const BOB: Member = Member { scope: SCOPE, id: MemberId(102) };
const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };
const ALICES: ConversationId = ConversationId(5);
const BOBS: ConversationId = ConversationId(3);

fn loaded() -> UnitOfWork {
    let mut work = UnitOfWork::new(Timestamp(1_000));
    for (id, member) in [(ALICES, ALICE), (BOBS, BOB)] {
        work.lock(Conversation::restore(ConversationState::opened(id, SCOPE, member.id, Timestamp(0))));
        work.has_unread(id, Side::Desk, Vec::new());
        work.has_unread(id, Side::Member, Vec::new());
    }
    work
}

fn say(id: ConversationId, key: &str, text: &str) -> Command {
    let me = if id == ALICES { ALICE } else { BOB };
    let content = Content::new(Kind::Text, text).unwrap();
    Command::of_member(
        me,
        id,
        Act::Send(Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None }),
    )
}

/// Everything that a store would write, and everything that a later rule could see.
fn seen(work: &UnitOfWork) -> String {
    let of = |id| (work.conversation(id).cloned(), work.unread(id, Side::Desk), work.unread(id, Side::Member));
    let altered: Vec<_> = work.altered().collect();
    format!("{:?} {:?} {:?} {:?} {:?} {altered:?}", of(ALICES), of(BOBS), work.drafts(), work.moves(), work.changed())
}

#[test]
fn nothing_is_to_be_written_until_a_rule_has_changed_something() {
    let mut work = loaded();
    assert!(work.is_untouched());

    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(3))).unwrap();
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::Pin(false))).unwrap();
    assert!(work.is_untouched(), "{work:?}");
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::Pin(true))).unwrap();

    assert!(!work.is_untouched());
}

#[test]
fn only_changed_conversations_are_written_in_the_order_of_their_ids() {
    let changed = |work: &UnitOfWork| work.changed().iter().map(|it| it.id).collect::<Vec<_>>();
    let mut work = loaded();
    assert_eq!(changed(&work), []);

    run(&mut work, &say(ALICES, "k1", "hi")).unwrap();
    assert_eq!(changed(&work), [ALICES]);
    run(&mut work, &say(BOBS, "k1", "hi")).unwrap();

    assert_eq!(changed(&work), [BOBS, ALICES]);
}

#[test]
fn a_mark_undoes_everything_that_came_after_it_and_nothing_before() {
    let mut work = loaded();
    run(&mut work, &say(ALICES, "kept", "kept")).unwrap();
    run(&mut work, &say(BOBS, "kept", "kept")).unwrap();
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(1))).unwrap();
    let before = seen(&work);
    let mark = work.mark(ALICES);

    run(&mut work, &say(ALICES, "undone", "undone")).unwrap();
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(2))).unwrap();
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::Hide(None))).unwrap();
    assert_ne!(seen(&work), before);
    work.restore(ALICES, mark);

    assert_eq!(seen(&work), before);
}

#[test]
fn a_mark_of_an_untouched_conversation_restores_that_nothing_is_to_be_written() {
    let mut work = loaded();
    let mark = work.mark(ALICES);

    run(&mut work, &say(ALICES, "undone", "undone")).unwrap();
    work.restore(ALICES, mark);

    assert!(work.is_untouched(), "{work:?}");
}

#[test]
fn an_undone_key_can_be_used_for_another_content() {
    let mut work = loaded();
    let mark = work.mark(ALICES);
    run(&mut work, &say(ALICES, "tap", "undone")).unwrap();
    work.restore(ALICES, mark);

    run(&mut work, &say(ALICES, "tap", "said after all")).unwrap();

    assert_eq!(work.drafts().len(), 1);
    assert_eq!(work.drafts()[0].seq, 1);
}

#[test]
fn a_kept_key_survives_somebody_elses_undoing() {
    let mut work = loaded();
    run(&mut work, &say(ALICES, "tap", "kept")).unwrap();
    let mark = work.mark(ALICES);
    let refused = run(&mut work, &say(ALICES, "tap", "other"));
    work.restore(ALICES, mark);
    assert_eq!(refused, Err(Refusal::KeyReused));

    run(&mut work, &say(ALICES, "tap", "kept")).unwrap();

    assert_eq!(work.drafts().len(), 1);
}

#[test]
fn a_stored_key_survives_an_undoing() {
    let mut work = loaded();
    run(&mut work, &say(ALICES, "tap", "stored")).unwrap();
    let stored = work.into_committed([MessageId(9)]).messages.remove(0);
    let mut work = loaded();
    work.remember(stored.clone());
    let mark = work.mark(ALICES);
    work.restore(ALICES, mark);

    let done = run(&mut work, &say(ALICES, "tap", "stored")).unwrap();

    let sent = done.sent(&Committed::default(), false).unwrap();
    assert_eq!((sent.message, sent.duplicate), (stored, true));
}

#[test]
fn a_rule_that_panics_halfway_leaves_nothing_behind() {
    let mut work = loaded();
    run(&mut work, &say(ALICES, "kept", "kept")).unwrap();
    let before = seen(&work);
    let mark = work.mark(ALICES);

    let crashed = catch_unwind(AssertUnwindSafe(|| {
        run(&mut work, &say(ALICES, "undone", "undone")).unwrap();
        work.alter(ALICES, |conversation, now| -> (bool, ()) {
            conversation.pin(true, now);
            std::panic::resume_unwind(Box::new("a bug in a rule"))
        })
    }));
    work.restore(ALICES, mark);

    assert!(crashed.is_err());
    assert_eq!(seen(&work), before);
}

#[test]
fn what_the_batch_says_is_unread_for_the_other_side_only() {
    let mut work = loaded();

    run(&mut work, &say(ALICES, "k1", "one")).unwrap();
    let hello = Draft {
        content: Content::new(Kind::Text, "hello").unwrap(),
        key: ClientMsgId::new("k2").unwrap(),
        key_is_ours: true,
        quote: None,
    };
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::Send(hello))).unwrap();

    assert_eq!(work.unread(ALICES, Side::Desk), [1]);
    assert_eq!(work.unread(ALICES, Side::Member), [2]);
    assert_eq!(work.unread(BOBS, Side::Desk), [0; 0]);
}

#[test]
fn a_store_that_loads_nothing_where_nothing_is_unread_loses_nothing() {
    let mut work = UnitOfWork::new(Timestamp(1_000));
    work.lock(Conversation::restore(ConversationState::opened(ALICES, SCOPE, ALICE.id, Timestamp(0))));
    let mark = work.mark(ALICES);
    run(&mut work, &say(ALICES, "undone", "undone")).unwrap();
    work.restore(ALICES, mark);
    assert_eq!(work.unread(ALICES, Side::Desk), [0; 0]);

    for key in ["k1", "k2"] {
        run(&mut work, &say(ALICES, key, key)).unwrap();
    }
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(1))).unwrap();

    assert_eq!(work.conversation(ALICES).unwrap().desk_unread, 1);
}

#[test]
fn two_readings_of_one_batch_count_each_message_once() {
    let mut work = loaded();
    for key in ["k1", "k2", "k3"] {
        run(&mut work, &say(ALICES, key, key)).unwrap();
    }

    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(1))).unwrap();
    assert_eq!(work.conversation(ALICES).unwrap().desk_unread, 2);
    run(&mut work, &Command::of_admin(AGENT, ALICES, Act::ReadUpTo(2))).unwrap();
    assert_eq!(work.conversation(ALICES).unwrap().desk_unread, 1);

    let moved = |from, to| CursorMove { conversation: ALICES, side: Side::Desk, from, to };
    assert_eq!(work.moves(), [moved(0, 1), moved(1, 2)]);
}

#[test]
fn a_conversation_that_is_elsewhere_is_neither_here_nor_absent() {
    let mut work = loaded();
    work.is_elsewhere(ConversationId(8));

    assert!(work.must_wait_for(ConversationId(8)));
    assert!(work.conversation(ConversationId(8)).is_none());
    assert!(!work.must_wait_for(ALICES), "it is here");
    assert!(!work.must_wait_for(ConversationId(99)), "it does not exist");
}

#[test]
fn drafts_get_their_ids_in_the_order_they_were_written_down() {
    let mut work = loaded();
    for (id, key) in [(ALICES, "k1"), (BOBS, "k2"), (ALICES, "k3")] {
        run(&mut work, &say(id, key, key)).unwrap();
    }

    let committed = work.into_committed([40, 41, 42].map(MessageId));

    let ids: Vec<_> = committed.messages.iter().map(|it| (it.id.0, it.conversation, it.seq)).collect();
    assert_eq!(ids, [(40, ALICES, 1), (41, BOBS, 1), (42, ALICES, 2)]);
}
