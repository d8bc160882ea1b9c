//! Promises about reading a conversation page by page.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::{Act, Content, ConversationId, Draft, Kind, Message, MessagePage, Side, Timestamp};

/// A conversation that fills more than three seconds: the messages of one batch lie one millisecond apart.
fn long_talk(store: &impl WholeStore) -> (ConversationId, Vec<Message>) {
    let id = opened(store, ALICE);
    let content = Content::new(Kind::Text, "and so on").unwrap();
    let draft = |at: i32| Draft { content: content.clone(), key: key(&at.to_string()), key_is_ours: true, quote: None };
    for batch in 0..4 {
        let drafts = (batch * 800..batch * 800 + 800).map(draft);
        carry(store, &drafts.map(|draft| by(ALICE, id, Act::Send(draft))).collect::<Vec<_>>());
    }
    let all = history(store, DESK, id);
    assert_eq!(all.len(), 3_200);
    (id, all)
}

fn page(store: &impl WholeStore, id: ConversationId, page: MessagePage) -> Vec<Message> {
    store.page(DESK, id, Side::Desk, &page).unwrap()
}

const fn second(time: Timestamp) -> i64 {
    time.0.div_euclid(1_000)
}

/// How many of `all`, which is in order, a page of `limit` that ends before `end` holds.
fn fair_size(all: &[Message], end: Timestamp, limit: usize) -> usize {
    let before: Vec<_> = all.iter().filter(|message| message.time < end).collect();
    let Some(oldest) = before.len().checked_sub(limit) else { return before.len() };
    before.iter().filter(|message| second(message.time) >= second(before[oldest].time)).count()
}

#[track_caller]
fn check(found: &[Message], all: &[Message], end: Timestamp, limit: usize) {
    let newest_first: Vec<_> = all.iter().rev().filter(|message| message.time < end).collect();
    let expected = fair_size(all, end, limit);
    assert_eq!(found.len(), expected, "limit {limit}, before {end:?}");
    assert!(found.iter().zip(newest_first).all(|(found, expected)| found == expected));
}

pub fn the_newest_page_is_newest_first(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "m1"), say(AGENT, id, "m2"), say(ALICE, id, "m3")]);
    let all = history(store, DESK, id);

    for limit in [1, 2, 3, 4, 200] {
        check(&page(store, id, MessagePage::Newest(limit)), &all, Timestamp(i64::MAX), limit as usize);
    }
    assert_eq!(seqs(&page(store, id, MessagePage::Newest(200))), [3, 2, 1]);
    assert_eq!(page(store, id, MessagePage::Before(all[0].time, 10)), []);
    assert_eq!(page(store, id, MessagePage::Before(all[1].time, 10)), all[..1]);
}

pub fn a_page_by_time_never_ends_inside_a_second(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = long_talk(store);

    for limit in [1, 10, 200] {
        check(&page(store, id, MessagePage::Newest(limit)), &all, Timestamp(i64::MAX), limit as usize);
        for at in [3_199, 2_500, 1_500, 700, 150, 10, 1] {
            let end = all[at].time;
            check(&page(store, id, MessagePage::Before(end, limit)), &all, end, limit as usize);
            let whole = Timestamp(second(end) * 1_000);
            check(&page(store, id, MessagePage::Before(whole, limit)), &all, whole, limit as usize);
        }
    }
}

/// What the mall's pages do: they ask on with the oldest message's time, cut to whole seconds.
pub fn paging_by_whole_seconds_loses_nothing(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = long_talk(store);

    let mut seen = page(store, id, MessagePage::Newest(10));
    loop {
        let oldest = seen.last().unwrap().time;
        let next = page(store, id, MessagePage::Before(Timestamp(second(oldest) * 1_000), 10));
        if next.is_empty() {
            break;
        }
        seen.extend(next);
        assert!(seen.len() <= all.len(), "a page repeats what was seen");
    }

    seen.reverse();
    assert!(seen == all, "{} of {} messages were seen", seen.len(), all.len());
}

pub fn paging_by_number_neither_skips_nor_repeats(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    for batch in 0..5 {
        let words: Vec<_> = (0..5).map(|at| format!("{batch}-{at}")).collect();
        carry(store, &words.iter().map(|words| say(ALICE, id, words)).collect::<Vec<_>>());
    }

    for limit in [1, 3, 5, 7, 25, 26] {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        loop {
            let from = up.last().copied().unwrap_or(0);
            let next = page(store, id, MessagePage::SinceSeq(from, limit));
            assert!(next.len() <= limit as usize);
            up.extend(seqs(&next));
            assert!(up.len() <= 25, "{up:?} repeats");
            if next.is_empty() {
                break;
            }
        }
        loop {
            let from = down.last().copied().unwrap_or(i64::MAX);
            let next = page(store, id, MessagePage::BeforeSeq(from, limit));
            assert!(next.len() <= limit as usize);
            down.extend(seqs(&next));
            assert!(down.len() <= 25, "{down:?} repeats");
            if next.is_empty() {
                break;
            }
        }
        assert_eq!(up, (1..=25).collect::<Vec<_>>());
        assert_eq!(down, (1..=25).rev().collect::<Vec<_>>());
    }
    assert_eq!(seqs(&page(store, id, MessagePage::BeforeSeq(4, 2))), [3, 2]);
    assert_eq!(seqs(&page(store, id, MessagePage::SinceSeq(4, 2))), [5, 6]);
    assert_eq!(page(store, id, MessagePage::SinceSeq(25, 10)), []);
    assert_eq!(page(store, id, MessagePage::BeforeSeq(1, 10)), []);
}

pub fn a_page_holds_nothing_of_another_conversation(fixture: &impl Fixture) {
    let store = fixture.store();
    let (alices, bobs) = (opened(store, ALICE), opened(store, BOB));
    carry(store, &[say(ALICE, alices, "a1"), say(BOB, bobs, "b1"), say(ALICE, alices, "a2"), say(BOB, bobs, "b2")]);
    let end = Timestamp(history(store, DESK, bobs)[1].time.0 + 60_000);

    for kind in [
        MessagePage::Newest(10),
        MessagePage::Newest(1),
        MessagePage::Before(end, 10),
        MessagePage::Before(end, 1),
        MessagePage::BeforeSeq(10, 10),
        MessagePage::SinceSeq(0, 10),
    ] {
        let found = page(store, alices, kind);
        assert!(!found.is_empty() && found.iter().all(|message| message.conversation == alices), "{kind:?}");
    }
}
