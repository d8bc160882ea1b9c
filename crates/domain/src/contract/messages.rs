//! Promises about messages: what they are called, what number they have, and that nothing of them is lost.
#![allow(missing_docs, reason = "each name is the promise")]
#![allow(clippy::unwrap_used, reason = "a promise that is not kept fails its test")]

use super::Fixture;
use super::tools::*;
use crate::work::Earlier;
use crate::{Act, Command, Content, Kind, MAX_CHARS, Member, Message, Party, UnitOfWork};

pub fn messages_come_back_byte_for_byte(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    let awkward = [
        "plain",
        " leading and trailing ",
        "表情😀👨‍👩‍👧‍👦 e\u{301} \u{202e}rtl",
        "it's \"quoted\" `so` \\ and \\\\ and \\' and \\0",
        "line\r\nline\rline\n\ttab",
        "nul \0 within, and \u{1a}",
        "{\"text\":\"\\u0000\"}",
        "'; DROP TABLE promotion_kefu_message; -- %_ ?",
        "\u{feff}bom \u{ffff} \u{10ffff}",
    ]
    .map(str::to_owned);
    let longest = ["😀".repeat(MAX_CHARS), "\u{1}".repeat(MAX_CHARS), "\\".repeat(MAX_CHARS)];
    let bodies = awkward.iter().chain(&longest).enumerate();
    let commands: Vec<Command> = bodies
        .flat_map(|(at, body)| {
            let as_line = by(AGENT, id, Act::Send(line(&format!("line-{at}"), body)));
            [as_line, by(ALICE, id, Act::Send(text(&format!("text-{at}"), body)))]
        })
        .chain([by(AGENT, id, Act::Send(line(&"k".repeat(64), "longest key")))])
        .chain([Command { conversation: id, scope: DESK, by: Party::System, act: Act::Send(line("sys", "system")) }])
        .collect();

    let (_, committed) = carry(store, &commands);

    let kept = history(store, DESK, id);
    assert_eq!(kept.len(), commands.len());
    for ((kept, written), command) in kept.iter().zip(&committed.messages).zip(&commands) {
        let Act::Send(draft) = &command.act else { panic!("only sendings here") };
        assert!(kept == written, "message {} came back otherwise than it was written", kept.seq);
        assert!(kept.content == draft.content.body(), "message {} came back otherwise than it was sent", kept.seq);
        assert_eq!((kept.sender, kept.key.as_ref()), (command.by, Some(&draft.key)));
        assert_eq!(kept.fingerprint, Some(draft.content.fingerprint()));
    }
    let preview = found(store, DESK, id).last.content.clone();
    assert_eq!(Some(preview), kept.last().map(|last| last.content.clone()));
}

pub fn a_batch_gets_ascending_ids_in_its_order(fixture: &impl Fixture) {
    let store = fixture.store();
    let (alices, bobs) = (opened(store, ALICE), opened(store, BOB));

    let mut ids = Vec::new();
    for round in 0..3 {
        let words: Vec<_> = (0..5).map(|at| format!("r{round}-{at}")).collect();
        let commands: Vec<_> =
            words.iter().flat_map(|words| [say(ALICE, alices, words), say(BOB, bobs, words)]).collect();
        let (_, committed) = carry(store, &commands);
        assert_eq!(committed.messages.len(), commands.len());
        let stored: Vec<Message> = history(store, DESK, alices).into_iter().chain(history(store, DESK, bobs)).collect();
        for message in &committed.messages {
            assert!(stored.contains(message), "the id that the commit gave is not the row's id");
        }
        ids.extend(committed.messages.iter().map(|message| message.id));
    }

    assert!(ids.is_sorted_by(|one, next| one < next), "{ids:?}");
    assert!(ids.iter().all(|id| (1..1 << 53).contains(&id.0)), "{ids:?}");
}

pub fn numbers_run_on_across_batches_and_conversations(fixture: &impl Fixture) {
    let store = fixture.store();
    let (alices, bobs) = (opened(store, ALICE), opened(store, BOB));

    carry(store, &[say(ALICE, alices, "a1"), say(BOB, bobs, "b1"), say(AGENT, alices, "a2")]);
    carry(store, &[say(AGENT, bobs, "b2"), say(BOB, bobs, "b3")]);
    carry(store, &[say(ALICE, alices, "a3"), say(BOB, bobs, "b4")]);

    let texts =
        |id| -> Vec<_> { history(store, DESK, id).into_iter().map(|it| (it.seq, it.change, it.content)).collect() };
    let numbered = |names: &[&str]| -> Vec<_> {
        (1..).zip(names).map(|(seq, name)| (seq, seq, format!(r#"{{"text":"{name}"}}"#))).collect()
    };
    assert_eq!(texts(alices), numbered(&["a1", "a2", "a3"]));
    assert_eq!(texts(bobs), numbered(&["b1", "b2", "b3", "b4"]));
    assert_eq!(history(store, DESK, bobs)[1].receiver, Some(BOB.party()));
    assert_eq!(history(store, DESK, bobs)[0].receiver, None);
}

pub fn an_earlier_message_is_found_by_its_key(fixture: &impl Fixture) {
    let store = fixture.store();
    let (alices, bobs) = (opened(store, ALICE), opened(store, BOB));
    let keyed = |who: Member, id, key, words| by(who, id, Act::Send(text(key, words)));
    let (_, committed) = carry(
        store,
        &[keyed(ALICE, alices, "abc", "lower"), keyed(ALICE, alices, "ABC", "upper"), keyed(BOB, bobs, "abc", "bob")],
    );
    let wanted = ["abc", "ABC", "Abc", "abc_", "ab"];
    let of = |id, sender: Party| wanted.map(|name| key_of(id, sender, key(name)));
    let needs =
        [of(alices, ALICE.party()), of(alices, AGENT.party()), of(alices, Party::System), of(bobs, BOB.party())];

    let ((), _) = patiently(store, needs.as_flattened(), |work: &mut UnitOfWork| {
        let stored = |id, sender, name| match work.earlier(id, sender, &key(name)) {
            Some(Earlier::Stored(message)) => Some(message.clone()),
            Some(Earlier::Drafted(_)) | None => None,
        };
        let written = |at: usize| Some(committed.messages[at].clone());
        assert_eq!(stored(alices, ALICE.party(), "abc"), written(0));
        assert_eq!(stored(alices, ALICE.party(), "ABC"), written(1));
        assert_eq!(stored(bobs, BOB.party(), "abc"), written(2));
        for absent in ["Abc", "abc_", "ab"] {
            assert_eq!(stored(alices, ALICE.party(), absent), None, "{absent}");
        }
        for name in wanted {
            assert_eq!(stored(alices, AGENT.party(), name), None, "{name} of another sender");
            assert_eq!(stored(alices, Party::System, name), None, "{name} of another sender");
        }
    });

    let (_, again) = carry(store, &[keyed(ALICE, alices, "abc", "lower")]);
    assert_eq!(again.messages, [], "the same tap twice is one message");
}

pub fn times_come_back_to_the_millisecond_and_strictly_increase(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    let created = found(store, DESK, id).created;

    let mut written = Vec::new();
    for round in 0..5 {
        let words: Vec<_> = (0..7).map(|at| format!("r{round}-{at}")).collect();
        let (_, committed) = carry(store, &words.iter().map(|words| say(ALICE, id, words)).collect::<Vec<_>>());
        written.extend(committed.messages.into_iter().map(|message| message.time));
    }

    let kept: Vec<_> = history(store, DESK, id).into_iter().map(|message| message.time).collect();
    assert_eq!(kept, written);
    assert!(kept.is_sorted_by(|one, next| one < next), "{kept:?}");
    assert!(kept[0] > created);
    let found = found(store, DESK, id);
    assert_eq!((Some(&found.last.time), Some(&found.changed)), (kept.last(), kept.last()));
    assert_eq!(found.created, created);
}

pub fn a_batch_of_a_thousand_messages_is_written_whole(fixture: &impl Fixture) {
    let store = fixture.store();
    let id = opened(store, ALICE);
    let content = Content::new(Kind::Text, "one of many").unwrap();
    let drafts = (1..=1_100).map(|at| crate::Draft {
        content: content.clone(),
        key: key(&at.to_string()),
        key_is_ours: true,
        quote: None,
    });
    let commands: Vec<_> = drafts.map(|draft| by(ALICE, id, Act::Send(draft))).collect();

    let (_, committed) = carry(store, &commands);

    let kept = history(store, DESK, id);
    assert_eq!(kept, committed.messages);
    assert_eq!(seqs(&kept), (1..=1_100).collect::<Vec<_>>());
    assert!(kept.is_sorted_by_key(|message| message.id));
}
