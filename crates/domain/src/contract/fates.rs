//! Promises about what becomes of messages: quoted, taken back, deleted by a side.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::rules::run;
use crate::{
    Act, Command, ConversationId, Deleted, Draft, Member, Message, MessageId, MessagePage, MessageRepository, Quote,
    Refusal, Side, Store, TOMBSTONE,
};

/// The member says 1, 2 and 5, the desk 3, 4 and 6.
fn talk(store: &impl WholeStore) -> (ConversationId, Vec<Message>) {
    let id = opened(store, ALICE);
    carry(store, &[say(ALICE, id, "m1"), say(ALICE, id, "m2"), say(AGENT, id, "m3"), say(AGENT, id, "m4")]);
    carry(store, &[say(ALICE, id, "m5"), say(AGENT, id, "m6")]);
    (id, history(store, DESK, id))
}

fn quoting(who: Member, quoted: &Message) -> Command {
    let draft = Draft { quote: Some(quoted.id), ..text("quoting", "that one") };
    by(who, quoted.conversation, Act::Send(draft))
}

pub fn what_becomes_of_a_message_comes_back(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    carry(store, &[quoting(ALICE, &all[3])]);
    let said = history(store, DESK, id);
    assert_eq!(said[6].quote, Some(Quote { id: all[3].id, seq: 4 }));
    let commands = [revoke(ALICE, &said[1]), delete(AGENT, &said[0]), delete(ALICE, &said[0]), delete(ALICE, &said[2])];
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let ((written, conversation), _) = patiently(store, &needs, |work| {
        commands.iter().for_each(|command| drop(run(work, command).unwrap()));
        (work.altered().cloned().collect::<Vec<_>>(), work.conversation(id).cloned().unwrap())
    });

    let kept = history(store, DESK, id);
    assert_eq!(kept[..3], written);
    assert_eq!(kept[3..], said[3..]);
    assert_eq!(found(store, DESK, id), conversation);
    let tombstone = &kept[1];
    assert_eq!((tombstone.kind, tombstone.content.as_str(), tombstone.quote), (5, TOMBSTONE, None));
    assert!(tombstone.revoked.is_some() && tombstone.fingerprint == said[1].fingerprint);
    assert_eq!(kept[0].deleted, Deleted { by_member: true, by_desk: true });
    assert_eq!(kept[2].deleted, Deleted { by_member: true, by_desk: false });
    carry(store, &[revoke(ALICE, &said[6])]);
    assert_eq!(history(store, DESK, id)[6].quote, None, "what is left of it refers to nothing");
}

pub fn a_dropped_unit_of_work_takes_nothing_back(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    let before = found(store, DESK, id);
    let commands = [revoke(ALICE, &all[4]), delete(AGENT, &all[5])];
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let mut transaction = store.begin(&needs).unwrap();
    commands.iter().for_each(|command| drop(run(transaction.work(), command).unwrap()));
    drop(transaction);

    assert_eq!((found(store, DESK, id), history(store, DESK, id)), (before, all));
}

pub fn the_key_of_a_message_that_was_taken_back_is_still_taken(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    carry(store, &[revoke(ALICE, &all[1]), delete(ALICE, &all[0])]);
    let kept = history(store, DESK, id);

    for at in [0, 1] {
        let again = say(ALICE, id, ["m1", "m2"][at]);
        let (done, committed) = carry(store, std::slice::from_ref(&again));
        let sent = done[0].sent(&committed, false).unwrap();
        assert_eq!((&sent.message, sent.duplicate), (&kept[at], true));
        let other = by(ALICE, id, Act::Send(text(["m1", "m2"][at], "another content")));
        let (refused, _) = patiently(store, &[other.need(false)], |work| run(work, &other));
        assert_eq!(refused.unwrap_err(), Refusal::KeyReused);
    }
}

pub fn a_message_is_named_in_its_own_conversation_only(fixture: &impl Fixture) {
    let store = fixture.store();
    let (alices, hers) = talk(store);
    let bobs = opened(store, BOB);
    carry(store, &[say(BOB, bobs, "b1")]);
    let his = history(store, DESK, bobs).remove(0);
    let refusal = |command: &Command| {
        // The other conversation is in the batch, and its messages are loaded for a command of its own.
        let needs = [command.need(false), delete(ALICE, &hers[0]).need(false), delete(BOB, &his).need(false)];
        patiently(store, &needs, |work| run(work, command).unwrap_err()).0
    };

    for (named, id) in [(his.id, alices), (hers[0].id, bobs), (MessageId(i64::MAX), alices), (MessageId(-1), alices)] {
        let me = if id == alices { ALICE } else { BOB };
        let quote = Draft { quote: Some(named), ..text("quoting", "not mine") };
        for act in [Act::Delete(named), Act::Revoke { message: named, within: i64::MAX }, Act::Send(quote)] {
            assert_eq!(refusal(&by(me, id, act.clone())), Refusal::NoSuchMessage(named));
            assert_eq!(refusal(&by(AGENT, id, act)), Refusal::NoSuchMessage(named));
        }
    }
    assert_eq!((history(store, DESK, alices), history(store, DESK, bobs)), (hers, vec![his]));
}

pub fn the_preview_is_the_newest_message_that_the_desk_has_left(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    let place = found(store, DESK, id).last.time;
    let check = |commands: &[Command], kind: i32, content: &str| {
        carry(store, commands);
        let last = found(store, DESK, id).last.clone();
        assert_eq!((last.kind, last.content.as_str(), last.time), (kind, content, place), "{commands:?}");
    };
    let words = |name: &str| format!(r#"{{"text":"{name}"}}"#);

    check(&[delete(AGENT, &all[4]), delete(ALICE, &all[5])], 1, &words("m6"));
    check(&[delete(AGENT, &all[5])], 1, &words("m4"));
    check(&[delete(AGENT, &all[2]), delete(AGENT, &all[3])], 1, &words("m2"));
    check(&[revoke(ALICE, &all[0]), revoke(ALICE, &all[1])], 5, TOMBSTONE);
    check(&[delete(AGENT, &all[1]), delete(AGENT, &all[0])], 1, "");
    assert_eq!(found(store, DESK, id).head_seq, 6);
    carry(store, &[say(ALICE, id, "m7"), delete(ALICE, &all[0])]);
    assert_eq!(found(store, DESK, id).last.content, words("m7"), "what the batch itself says comes last");
}

pub fn what_is_gone_is_not_loaded_as_unread(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    let needs = [unread_by(id, Side::Desk), unread_by(id, Side::Member)];
    let loaded = |desk: &[i64], member: &[i64]| {
        let ((), _) = patiently(store, &needs, |work| {
            assert_eq!((work.unread(id, Side::Desk), work.unread(id, Side::Member)), (desk, member));
            assert_eq!(work.conversation(id).unwrap().desk_unread, i64::try_from(desk.len()).unwrap());
        });
    };

    loaded(&[1, 2, 5], &[3, 4, 6]);
    carry(store, &[revoke(ALICE, &all[1]), revoke(AGENT, &all[2])]);
    loaded(&[1, 5], &[4, 6]);
    carry(store, &[delete(AGENT, &all[0]), delete(ALICE, &all[3])]);
    loaded(&[5], &[6]);
    carry(store, &[delete(ALICE, &all[4]), delete(AGENT, &all[5])]);
    loaded(&[5], &[6]);
    carry(store, &[read_up_to(AGENT, id, 4), read_up_to(ALICE, id, 5)]);
    loaded(&[5], &[6]);
    carry(store, &[revoke(AGENT, &all[3]), read_up_to(AGENT, id, 6)]);
    loaded(&[], &[6]);
}

pub fn what_is_taken_back_and_read_in_one_batch_is_both(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);

    carry(store, &[revoke(ALICE, &all[0]), read_up_to(AGENT, id, 2), revoke(ALICE, &all[1]), delete(AGENT, &all[4])]);

    let kept = history(store, DESK, id);
    let what = |it: &Message| (it.seq, it.read, it.revoked.is_some(), it.deleted.by_desk);
    let became: Vec<_> = kept.iter().map(what).filter(|(seq, ..)| [1, 2, 5].contains(seq)).collect();
    assert_eq!(became, [(1, true, true, false), (2, true, true, false), (5, false, false, true)]);
    assert_eq!(found(store, DESK, id).desk_unread, 0);
}

pub fn pages_by_time_leave_out_what_their_reader_has_deleted(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    carry(store, &[delete(AGENT, &all[5]), delete(AGENT, &all[2]), delete(ALICE, &all[3]), revoke(ALICE, &all[1])]);
    let page = |reader, page| seqs(&store.page(DESK, id, reader, &page).unwrap());
    let end = all[4].time;

    assert_eq!(page(Side::Desk, MessagePage::Newest(100)), [5, 4, 2, 1]);
    assert_eq!(page(Side::Member, MessagePage::Newest(100)), [6, 5, 3, 2, 1]);
    assert_eq!(page(Side::Desk, MessagePage::Before(end, 100)), [4, 2, 1]);
    assert_eq!(page(Side::Member, MessagePage::Before(end, 100)), [3, 2, 1]);
    // A page of one ends where its second ends, and what was deleted neither fills it nor lengthens it.
    for (reader, left) in [(Side::Desk, [5, 4, 2, 1].as_slice()), (Side::Member, &[6, 5, 3, 2, 1])] {
        for limit in 1..=3 {
            let found = page(reader, MessagePage::Newest(limit));
            assert!(found.len() >= limit as usize && left.starts_with(&found), "{reader:?}, {limit}: {found:?}");
        }
    }
    let tombstone = store.page(DESK, id, Side::Desk, &MessagePage::Newest(100)).unwrap().remove(2);
    assert_eq!((tombstone.kind, tombstone.content.as_str()), (5, TOMBSTONE), "everybody sees that it was taken back");
}

pub fn pages_by_number_keep_what_their_reader_has_deleted(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    carry(store, &[delete(AGENT, &all[5]), delete(AGENT, &all[2]), delete(ALICE, &all[3]), revoke(ALICE, &all[1])]);
    let kept = history(store, DESK, id);

    for reader in [Side::Member, Side::Desk] {
        let page = |page| store.page(DESK, id, reader, &page).unwrap();
        assert_eq!(page(MessagePage::SinceSeq(1, 3)), kept[1..4]);
        let mut before = page(MessagePage::BeforeSeq(7, 4));
        before.reverse();
        assert_eq!(before, kept[2..6]);
    }
    assert_eq!(kept[2].content, all[2].content, "as it is stored: who may see it is the reader's affair");
}

pub fn only_what_was_taken_back_or_deleted_is_altered(fixture: &impl Fixture) {
    let store = fixture.store();
    let (id, all) = talk(store);
    let bobs = opened(store, BOB);
    carry(store, &[say(BOB, bobs, "b1")]);
    carry(store, &[delete(BOB, &history(store, DESK, bobs)[0])]);
    carry(store, &[delete(AGENT, &all[4]), revoke(ALICE, &all[1]), read_up_to(AGENT, id, 3)]);
    carry(
        store,
        &[by(AGENT, id, Act::Pin(true)), delete(ALICE, &all[2]), say(ALICE, id, "m7"), delete(AGENT, &all[1])],
    );
    let kept = history(store, DESK, id);
    let altered = |since, up_to, limit| store.altered(DESK, id, since, up_to, limit).unwrap();

    // Six were said; then 7 and 8 altered, 9 was a reading, 10 a pinning, 11 altered, 12 was said, 13 altered.
    assert_eq!(found(store, DESK, id).change, 13);
    let changes = |found: &[Message]| found.iter().map(|it| (it.seq, it.change)).collect::<Vec<_>>();
    assert_eq!(changes(&altered(0, 100, 100)), [(5, 7), (3, 11), (2, 13)]);
    assert_eq!(altered(0, 100, 100), [kept[4].clone(), kept[2].clone(), kept[1].clone()]);
    assert_eq!(changes(&altered(7, 100, 100)), [(3, 11), (2, 13)]);
    assert_eq!(changes(&altered(6, 100, 1)), [(5, 7)]);
    assert_eq!(changes(&altered(12, 100, 100)), [(2, 13)]);
    assert_eq!(changes(&altered(0, 4, 100)), [(3, 11), (2, 13)]);
    assert_eq!(changes(&altered(0, 2, 100)), [(2, 13)]);
    assert_eq!(altered(13, 100, 100), []);
    assert_eq!(altered(0, 1, 100), []);
    assert_eq!(store.altered(ELSEWHERE, id, 0, 100, 100).unwrap(), []);
    assert_eq!(changes(&store.altered(DESK, bobs, 0, 100, 100).unwrap()), [(1, 2)]);
}
