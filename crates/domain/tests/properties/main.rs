//! Whatever is said, read, taken back and deleted, in whatever batches: numbers, counters, times and what is left of
//! messages are what a recount says.
#![allow(clippy::unwrap_used, reason = "clippy takes helpers of tests for production code")]

mod model;

use std::ops::Range;

use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Deleted, Draft, Kind,
    Member, MemberId, Message, MessagePage, MessageRepository, Party, Quote, Scope, Side, Store, TOMBSTONE, TenantId,
    Timestamp, rules,
};
use model::{Found, Model, Saying, Step};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

const SCOPE: Scope = Scope::platform(TenantId(1));
const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };

/// Steps that name messages of these numbers.
fn steps(named: Range<i64>) -> impl Strategy<Value = Step> {
    let side = || prop_oneof![Just(Side::Member), Just(Side::Desk)];
    let says = (side(), 0..20_u8, 0..2_u8, option::weighted(0.2, named.clone()));
    prop_oneof![
        6 => says.prop_map(|(side, key, content, quote)| Step::Says { side, key, content, quote }),
        4 => (side(), prop_oneof![-2..40_i64, Just(i64::MAX), Just(i64::MIN)])
            .prop_map(|(side, seq)| Step::Reads { side, seq }),
        3 => (side(), named.clone(), prop_oneof![Just(0_i64), Just(3_000), Just(i64::MAX)])
            .prop_map(|(side, seq, within)| Step::Revokes { side, seq, within }),
        3 => (side(), named).prop_map(|(side, seq)| Step::Deletes { side, seq }),
        1 => any::<bool>().prop_map(Step::Pins),
        1 => Just(Step::Hides),
        1 => (-5_000..5_000_i64).prop_map(Step::Clock),
    ]
}

/// Six messages of both sides.
fn opening() -> Vec<Step> {
    let says =
        |key| Step::Says { side: if key % 3 == 0 { Side::Desk } else { Side::Member }, key, content: 0, quote: None };
    (100..106).map(says).collect()
}

fn command(id: ConversationId, step: &Step, found: &Found) -> Option<Command> {
    let by = |side, act| match side {
        Side::Member => Command::of_member(ALICE, id, act),
        Side::Desk => Command::of_admin(AGENT, id, act),
    };
    Some(match *step {
        Step::Says { side, key, content, quote } => {
            let key = ClientMsgId::new(format!("key-{key}")).unwrap();
            let quote = quote.map(|seq| found.id_of(seq));
            by(side, Act::Send(Draft { content: words(content), key, key_is_ours: false, quote }))
        }
        Step::Reads { side, seq } => by(side, Act::ReadUpTo(seq)),
        Step::Revokes { side, seq, within } => by(side, Act::Revoke { message: found.id_of(seq), within }),
        Step::Deletes { side, seq } => by(side, Act::Delete(found.id_of(seq))),
        Step::Pins(pinned) => by(Side::Desk, Act::Pin(pinned)),
        Step::Hides => by(Side::Desk, Act::Hide(None)),
        Step::Clock(_) => return None,
    })
}

fn words(content: u8) -> Content {
    Content::new(Kind::Text, &format!("content {content}")).unwrap()
}

/// Runs a batch as a lane does: one transaction, each rule from a mark that is restored when it refuses.
fn carry(store: &MemoryStore, id: ConversationId, batch: &[Step], model: &mut Model) -> Result<(), TestCaseError> {
    for step in batch {
        if let Step::Clock(jump) = step {
            store.set_now(Timestamp(store.now().0 + jump));
        }
    }
    let mut found = Found { stored: store.messages(id), now: store.now() };
    let commands: Vec<_> = batch.iter().filter_map(|step| Some((step, command(id, step, &found)?))).collect();
    let needs: Vec<_> = commands.iter().map(|(_, command)| command.need(false)).collect();
    let mut transaction = store.begin(&needs).unwrap();
    found.now = store.now();
    let work = transaction.work();
    for (step, command) in commands {
        let mark = work.mark(id);
        let result = rules::run(work, &command);
        if result.is_err() {
            work.restore(id, mark);
        }
        prop_assert_eq!(result.map(|_| ()), model.take(step, &found), "{:?}", step);
    }
    transaction.commit().unwrap();
    Ok(())
}

fn recount(store: &MemoryStore, id: ConversationId, model: &Model) -> Result<(), TestCaseError> {
    let found = store.find(SCOPE.tenant, &[SCOPE.shop], id).unwrap().unwrap();
    let messages: Vec<Message> = store.messages(id);
    let head = i64::try_from(model.said.len()).unwrap();

    prop_assert_eq!(messages.iter().map(|it| it.seq).collect::<Vec<_>>(), (1..=head).collect::<Vec<_>>());
    prop_assert_eq!((found.head_seq, found.change), (head, model.changes));
    prop_assert_eq!((found.pinned, found.hidden_from_desk), (model.pinned, model.hidden));
    prop_assert_eq!(found.desk_unread, i64::try_from(model.unread_by_the_desk()).unwrap());
    for side in [Side::Member, Side::Desk] {
        prop_assert_eq!(found.read_seq(side), i64::try_from(model.read[side as usize]).unwrap());
    }
    for (message, said) in messages.iter().zip(&model.said) {
        same(message, said, &messages)?;
        let reader = if said.by == Side::Member { Side::Desk } else { Side::Member };
        prop_assert_eq!(message.read, message.seq <= found.read_seq(reader), "message {}", message.seq);
    }
    prop_assert!(messages.is_sorted_by(|one, next| one.time < next.time));
    let whole: Vec<_> = messages.iter().filter(|it| !is_altered(it)).collect();
    prop_assert!(whole.is_sorted_by(|one, next| one.change < next.change));
    if let Some(last) = messages.last() {
        prop_assert_eq!(found.last.time, last.time);
        prop_assert!(found.changed >= last.time && messages.iter().all(|it| it.change <= found.change));
        let shown = model.newest_of_the_desk().map_or((1, String::new()), shown);
        prop_assert_eq!((found.last.kind, &found.last.content), (shown.0, &shown.1));
    }
    pages(store, id, &messages)
}

/// A stored message is what the model says of it.
fn same(message: &Message, said: &Saying, messages: &[Message]) -> Result<(), TestCaseError> {
    prop_assert_eq!(message.sender.side(), said.by);
    prop_assert_eq!(message.receiver, (said.by == Side::Desk).then_some(Party::Member(ALICE.id)));
    prop_assert_eq!((message.kind, message.content.clone()), shown(said));
    prop_assert_eq!(
        (message.revoked.is_some(), message.fingerprint),
        (said.revoked, Some(words(said.content).fingerprint()))
    );
    let deleted =
        Deleted { by_member: said.deleted[Side::Member as usize], by_desk: said.deleted[Side::Desk as usize] };
    prop_assert_eq!(message.deleted, deleted);
    let quoted = |seq: i64| messages.iter().find(|it| it.seq == seq).map(|it| Quote { id: it.id, seq });
    prop_assert_eq!(message.quote, said.quote.and_then(quoted));
    Ok(())
}

fn shown(said: &Saying) -> (i32, String) {
    if said.revoked { (5, TOMBSTONE.to_owned()) } else { (1, words(said.content).body().to_owned()) }
}

/// Pages leave out, and name as altered, what they should.
fn pages(store: &MemoryStore, id: ConversationId, messages: &[Message]) -> Result<(), TestCaseError> {
    for reader in [Side::Member, Side::Desk] {
        let newest = store.page(SCOPE, id, reader, &MessagePage::Newest(1_000)).unwrap();
        let left: Vec<_> = messages.iter().rev().filter(|it| !it.deleted.by(reader)).cloned().collect();
        prop_assert_eq!(newest, left);
        prop_assert_eq!(store.page(SCOPE, id, reader, &MessagePage::SinceSeq(0, 1_000)).unwrap(), messages);
    }
    let mut altered: Vec<_> = messages.iter().filter(|it| is_altered(it)).cloned().collect();
    altered.sort_by_key(|it| it.change);
    prop_assert!(altered.is_sorted_by(|one, next| one.change < next.change));
    prop_assert_eq!(store.altered(SCOPE, id, 0, i64::MAX, 1_000).unwrap(), altered);
    Ok(())
}

fn is_altered(message: &Message) -> bool {
    message.revoked.is_some() || message.deleted != Deleted::default()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_counters_and_times_are_what_a_recount_says(batches in vec(vec(steps(1..40), 1..12), 1..8)) {
        let store = MemoryStore::new();
        let id = store.open(ALICE).unwrap();
        let mut model = Model::default();
        carry(&store, id, &opening(), &mut model)?;

        for batch in &batches {
            carry(&store, id, batch, &mut model)?;
            recount(&store, id, &model)?;
        }
    }

    #[test]
    fn how_a_talk_is_cut_into_batches_makes_no_difference(steps in vec(steps(1..7), 1..40), size in 1..12_usize) {
        let talk = |size: usize| -> Result<_, TestCaseError> {
            let store = MemoryStore::new();
            store.freeze();
            let id = store.open(ALICE).unwrap();
            let mut model = Model::default();
            // What is named was said before: only then it has an id, however the rest is cut.
            carry(&store, id, &opening(), &mut model)?;
            for batch in steps.iter().filter(|step| !matches!(step, Step::Clock(_))).cloned().collect::<Vec<_>>().chunks(size) {
                carry(&store, id, batch, &mut model)?;
            }
            Ok((store.find(SCOPE.tenant, &[SCOPE.shop], id).unwrap(), store.messages(id)))
        };

        prop_assert_eq!(talk(size)?, talk(1)?);
    }

    #[test]
    fn any_text_is_kept_as_an_object_with_a_text(submitted in "\\PC{1,40}|[\\[\\]{}\",:0-9a-z\\\\]{1,40}|\\{\"text\":(1|null|\"x\")\\}") {
        let content = Content::new(Kind::Text, &submitted).unwrap();

        let parsed: serde_json::Value = serde_json::from_str(content.body()).unwrap();
        prop_assert!(parsed["text"].is_string());
        prop_assert!(parsed["text"] == submitted || content.body() == submitted);
        let again = Content::new(Kind::Text, content.body()).unwrap();
        prop_assert_eq!(again.body(), content.body());
    }
}
