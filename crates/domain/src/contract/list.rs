//! Promises about the desk's list.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::{Act, Admin, Conversation, ConversationId, ConversationPage, ListCursor, Member, MemberId};

/// Nine conversations with a message each: three of them said at one instant, two pinned.
fn busy_desk(store: &impl WholeStore) -> Vec<ConversationId> {
    let members: Vec<_> = (1..=9).map(member).collect();
    let ids: Vec<_> = members.iter().map(|me| opened(store, *me)).collect();
    let hello = |at: usize| say(members[at], ids[at], "hello");
    for at in [8, 0, 7, 1] {
        carry(store, &[hello(at)]);
    }
    carry(store, &[hello(2), hello(3), hello(4)]);
    carry(store, &[hello(6)]);
    carry(store, &[hello(5)]);
    carry(store, &[by(AGENT, ids[3], Act::Pin(true))]);
    carry(store, &[by(AGENT, ids[8], Act::Pin(true))]);
    ids
}

fn list(store: &impl WholeStore, limit: u32, after: Option<ListCursor>) -> Vec<Conversation> {
    store.list(DESK, &ConversationPage { limit, after, name: None }).unwrap()
}

fn named(store: &impl WholeStore, name: &str) -> Vec<MemberId> {
    let page = ConversationPage { limit: 100, after: None, name: Some(name.to_owned()) };
    let mut found: Vec<_> = store.list(DESK, &page).unwrap().iter().map(|found| found.member).collect();
    found.sort();
    found
}

pub fn the_list_is_pinned_first_then_newest_first(fixture: &impl Fixture) {
    let store = fixture.store();
    let ids = busy_desk(store);
    let mut expected: Vec<_> = ids.iter().map(|id| found(store, DESK, *id)).collect();
    expected.sort_by_key(|it| std::cmp::Reverse((it.pinned, it.last.time, it.id)));

    let listed = list(store, 100, None);

    assert_eq!(listed, expected);
    assert_eq!([listed[0].id, listed[1].id], [ids[3], ids[8]]);
    let tied: Vec<_> = listed.iter().filter(|it| it.last.time == found(store, DESK, ids[2]).last.time).collect();
    assert!(tied.len() >= 2, "what was said in one batch to several members was said at one instant");
    assert_eq!(list(store, 4, None), expected[..4]);
}

pub fn paging_the_list_neither_skips_nor_repeats(fixture: &impl Fixture) {
    let store = fixture.store();
    busy_desk(store);
    let whole = list(store, 100, None);
    assert_eq!(whole.len(), 9);

    for limit in [1, 2, 4, 9] {
        let mut seen: Vec<Conversation> = Vec::new();
        loop {
            let place = |last: &Conversation| ListCursor { pinned: last.pinned, last: last.last.time, id: last.id };
            let next = list(store, limit, seen.last().map(place));
            assert!(next.len() <= limit as usize);
            if next.is_empty() {
                break;
            }
            seen.extend(next);
            assert!(seen.len() <= whole.len(), "a page of {limit} repeats what was seen");
        }
        assert_eq!(seen, whole, "pages of {limit}");
    }
}

pub fn hidden_and_empty_conversations_are_not_listed(fixture: &impl Fixture) {
    let store = fixture.store();
    let (spoken, empty, hidden) = (opened(store, ALICE), opened(store, BOB), opened(store, member(103)));
    carry(store, &[say(ALICE, spoken, "hi"), say(member(103), hidden, "hi")]);
    carry(store, &[by(AGENT, hidden, Act::Hide(None))]);
    let listed = || -> Vec<_> { list(store, 100, None).iter().map(|found| found.id).collect() };

    assert_eq!(listed(), [spoken]);
    assert_eq!(found(store, DESK, hidden).head_seq, 1, "a hidden conversation is still found by its id");
    assert_eq!(found(store, DESK, empty).head_seq, 0);
    carry(store, &[say(AGENT, hidden, "still there")]);

    assert_eq!(listed(), [hidden, spoken]);
}

pub fn the_search_by_name_takes_every_character_literally(fixture: &impl Fixture) {
    let store = fixture.store();
    let names = ["100% Anna", "100 Anna", "a_b", "axb", "back\\slash", "O'Brien", "小明 😀", "Bob"];
    for (me, name) in (1..).map(member).zip(names) {
        let id = opened(store, me);
        carry(store, &[say(me, id, "hi")]);
        fixture.remember_nickname(DESK.tenant, me.id, name);
        fixture.remember_nickname(ELSEWHERE.tenant, me.id, "somebody else");
    }
    let nameless = opened(store, member(50));
    carry(store, &[say(member(50), nameless, "hi")]);
    let elsewhere = Member { scope: ELSEWHERE, id: MemberId(1) };
    let theirs = opened(store, elsewhere);
    carry(store, &[say(elsewhere, theirs, "hi"), say(Admin { scope: ELSEWHERE, ..AGENT }, theirs, "hello")]);
    let check = |name: &str, members: &[i64]| {
        let members: Vec<_> = members.iter().copied().map(MemberId).collect();
        assert_eq!(named(store, name), members, "{name}");
    };

    check("%", &[1]);
    check("0%", &[1]);
    check("_", &[3]);
    check("a_b", &[3]);
    check("\\", &[5]);
    check("k\\s", &[5]);
    check("'", &[6]);
    check("Anna", &[1, 2]);
    check("明", &[7]);
    check("100 ", &[2]);
    check("%%", &[]);
    check("nobody", &[]);
    check("somebody", &[]);
    fixture.remember_nickname(DESK.tenant, MemberId(8), "Robert");
    check("Bob", &[]);
    check("Robert", &[8]);
}
