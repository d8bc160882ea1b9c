//! Promises about what has changed at a desk, and where its conversations stand.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use std::time::Instant;

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::{
    Act, ChangedPage, Conversation, ConversationId, ConversationRepository, Head, Member, MemberId, Scope, ShopId,
    Timestamp,
};

/// From the beginning of time.
const EVER: Timestamp = Timestamp(0);

/// A year, in milliseconds.
const YEAR: i64 = 31_557_600_000;

fn changed(
    store: &impl WholeStore,
    since: Timestamp,
    after: Option<(Timestamp, ConversationId)>,
    limit: u32,
) -> Vec<Conversation> {
    store.changes(DESK, &ChangedPage { since, after, limit }).unwrap()
}

/// Eight conversations: some changed at one instant, one hidden, one empty, and two of other desks.
fn busy(store: &impl WholeStore) -> Vec<ConversationId> {
    let ids: Vec<_> = (1..=8).map(|at| opened(store, member(at))).collect();
    let hello = |at: i64| say(member(at), ids[usize::try_from(at - 1).unwrap()], "hello");
    carry(store, &[hello(7)]);
    carry(store, &[hello(2), hello(5), hello(3)]);
    carry(store, &[hello(6)]);
    carry(store, &[hello(1)]);
    carry(store, &[by(AGENT, ids[6], Act::Pin(true)), by(AGENT, ids[1], Act::Hide(None))]);
    carry(store, &[hello(4), read_up_to(AGENT, ids[4], 1)]);
    for scope in [ELSEWHERE, SHOP] {
        let other = Member { scope, ..ALICE };
        let theirs = opened(store, other);
        carry(store, &[say(other, theirs, "hello")]);
    }
    ids
}

/// Those of `ids` that were spoken in, in the order that is promised.
fn expected(store: &impl WholeStore, ids: &[ConversationId]) -> Vec<Conversation> {
    let mut all: Vec<_> = ids.iter().map(|id| found(store, DESK, *id)).filter(|it| it.head_seq > 0).collect();
    all.sort_by_key(|it| (it.changed, it.id));
    all
}

pub fn what_has_changed_comes_longest_unchanged_first(fixture: &impl Fixture) {
    let store = fixture.store();
    let ids = busy(store);
    let all = expected(store, &ids);

    assert_eq!(changed(store, EVER, None, 100), all);
    assert_eq!(all.len(), 7, "one is empty");
    assert!(all.iter().any(|it| it.hidden_from_desk), "hidden ones too");
    assert!(all.windows(2).any(|two| two[0].changed == two[1].changed), "one batch is one instant");
    for (at, conversation) in all.iter().enumerate() {
        let first = all.iter().position(|it| it.changed == conversation.changed).unwrap();
        assert_eq!(changed(store, conversation.changed, None, 100), all[first..], "from that millisecond on");
        let next = changed(store, Timestamp(conversation.changed.0 + 1), None, 100);
        assert!(next.iter().all(|it| it.changed > conversation.changed), "{at}");
    }
    assert_eq!(changed(store, Timestamp(all[6].changed.0 + 1), None, 100), []);
}

pub fn paging_what_has_changed_neither_skips_nor_repeats(fixture: &impl Fixture) {
    let store = fixture.store();
    let ids = busy(store);
    let all = expected(store, &ids);

    for since in [EVER, all[2].changed] {
        let whole: Vec<_> = all.iter().filter(|it| it.changed >= since).cloned().collect();
        for limit in [1, 2, 3, 7] {
            let mut seen: Vec<Conversation> = Vec::new();
            loop {
                let next = changed(store, since, seen.last().map(|last| (last.changed, last.id)), limit);
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
    let place = Some((Timestamp(all[0].changed.0 - 1), ConversationId(i64::MAX)));
    assert_eq!(changed(store, EVER, place, 100), all, "a place before all of them");
    let first = all.iter().position(|it| it.changed == all[5].changed).unwrap();
    assert_eq!(changed(store, all[5].changed, place, 100), all[first..], "from that millisecond on");
}

fn head_of(conversation: &Conversation) -> Head {
    Head {
        conversation: conversation.id,
        scope: conversation.scope,
        member: conversation.member,
        seq: conversation.head_seq,
        change: conversation.change,
    }
}

fn heads(store: &impl WholeStore, scopes: &[Scope], within: i64) -> (Timestamp, Vec<Head>) {
    let (now, mut heads) = store.heads(scopes, within).unwrap();
    heads.sort_by_key(|head| head.conversation);
    (now, heads)
}

/// No promise can set a clock: what a window holds is reckoned from the time that came with it.
pub fn heads_are_of_the_window_that_the_databases_clock_ends(fixture: &impl Fixture) {
    let store = fixture.store();
    let (old, new) = (opened(store, ALICE), opened(store, BOB));
    carry(store, &[say(ALICE, old, "hello")]);
    let long_ago = found(store, DESK, old);
    let check = |within: i64| {
        let (now, heads) = heads(store, &[DESK], within);
        let both = [long_ago.clone(), found(store, DESK, new)];
        let inside = both.iter().filter(|it| it.head_seq > 0 && it.changed.0 >= now.0 - within);
        assert_eq!(heads, inside.map(head_of).collect::<Vec<_>>(), "{within} ms before {now:?}");
        heads
    };

    check(YEAR);
    let began = Instant::now();
    loop {
        carry(store, &[say(BOB, new, &format!("{:?}", began.elapsed()))]);
        let (now, none) = heads(store, &[], YEAR);
        assert_eq!(none, []);
        assert!(now >= found(store, DESK, new).changed, "the clock of the answer is the one that wrote");
        let just_too_short = now.0 - long_ago.changed.0 - 1;
        if just_too_short >= 0 && check(just_too_short).iter().map(|head| head.conversation).eq([new]) {
            break;
        }
        assert!(began.elapsed() < PATIENCE, "no window ever lay between the two");
    }
    check(0);
    check(YEAR);
}

pub fn heads_are_of_the_scopes_that_were_asked_for(fixture: &impl Fixture) {
    let store = fixture.store();
    let ids = busy(store);
    let desk: Vec<_> = expected(store, &ids).iter().map(head_of).collect();
    let of = |scope: Scope| store.of_member(Member { scope, ..ALICE }).unwrap().map(|found| head_of(&found)).unwrap();
    let in_order = |mut heads: Vec<Head>| {
        heads.sort_by_key(|head| head.conversation);
        heads
    };

    assert_eq!(heads(store, &[DESK], YEAR).1, in_order(desk.clone()));
    assert_eq!(heads(store, &[SHOP], YEAR).1, [of(SHOP)]);
    assert_eq!(heads(store, &[ELSEWHERE, SHOP], YEAR).1, in_order(vec![of(ELSEWHERE), of(SHOP)]));
    let all = in_order(desk.into_iter().chain([of(SHOP), of(ELSEWHERE)]).collect());
    assert_eq!(heads(store, &[SHOP, DESK, ELSEWHERE, DESK, SHOP], YEAR).1, all, "each once");
    let nobodys = Scope { shop: ShopId(77), ..DESK };
    assert_eq!(heads(store, &[nobodys, Scope { tenant: ELSEWHERE.tenant, ..SHOP }], YEAR).1, []);
}

pub fn heads_of_many_scopes_and_conversations_are_all_there(fixture: &impl Fixture) {
    let store = fixture.store();
    let scopes: Vec<_> = (0..300).map(|shop| Scope { shop: ShopId(shop), ..DESK }).collect();
    let mut members: Vec<_> = scopes.iter().map(|scope| Member { scope: *scope, id: MemberId(1) }).collect();
    members.extend((2..150).map(|id| Member { scope: SHOP, id: MemberId(id) }));
    let ids: Vec<_> = members.iter().map(|who| opened(store, *who)).collect();
    let commands: Vec<_> = members.iter().zip(&ids).map(|(who, id)| say(*who, *id, "hello")).collect();
    carry(store, &commands);

    let (_, heads) = heads(store, &scopes, YEAR);

    let all = members.iter().zip(&ids);
    let mut all: Vec<_> =
        all.map(|(who, id)| Head { conversation: *id, scope: who.scope, member: who.id, seq: 1, change: 1 }).collect();
    all.sort_by_key(|head| head.conversation);
    assert!(heads == all, "{} of {} heads", heads.len(), all.len());
    let fewer = store.heads(&scopes[..129], YEAR).unwrap().1;
    assert_eq!(fewer.len(), 129 + 148);
}
