//! Whatever is said and read, in whatever batches: numbers, counters and times are what a recount says.
#![allow(clippy::unwrap_used, reason = "clippy takes helpers of tests for production code")]

use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Draft, Kind, Member,
    MemberId, Message, Party, Refusal, Scope, Side, Store, TenantId, Timestamp, rules,
};
use proptest::collection::vec;
use proptest::prelude::*;

const SCOPE: Scope = Scope::platform(TenantId(1));
const ALICE: Member = Member { scope: SCOPE, id: MemberId(101) };
const AGENT: Admin = Admin { scope: SCOPE, id: AdminId(7) };

/// What the model is asked; few keys and few contents, so that retries and reused keys are common.
#[derive(Debug, Clone)]
enum Step {
    Says {
        side: Side,
        key: u8,
        content: u8,
    },
    Reads {
        side: Side,
        seq: i64,
    },
    Pins(bool),
    Hides,
    /// The clock jumps, backwards too.
    Clock(i64),
}

fn steps() -> impl Strategy<Value = Step> {
    let side = || prop_oneof![Just(Side::Member), Just(Side::Desk)];
    prop_oneof![
        6 => (side(), 0..20_u8, 0..2_u8).prop_map(|(side, key, content)| Step::Says { side, key, content }),
        4 => (side(), prop_oneof![-2..40_i64, Just(i64::MAX), Just(i64::MIN)])
            .prop_map(|(side, seq)| Step::Reads { side, seq }),
        1 => any::<bool>().prop_map(Step::Pins),
        1 => Just(Step::Hides),
        1 => (-5_000..5_000_i64).prop_map(Step::Clock),
    ]
}

/// The naive idea of a conversation: a list of what was said, and how far each side has read.
#[derive(Debug, Default)]
struct Model {
    said: Vec<(Side, u8, u8)>,
    read: [usize; 2],
    changes: i64,
    pinned: bool,
    hidden: bool,
}

impl Model {
    /// Does a step; returns whether it is refused.
    fn take(&mut self, step: &Step) -> bool {
        match *step {
            Step::Says { side, key, content } => {
                match self.said.iter().find(|(by, used, _)| (*by, *used) == (side, key)) {
                    Some((_, _, before)) => return *before != content,
                    None => {
                        self.said.push((side, key, content));
                        self.hidden = false;
                        self.changes += 1;
                    }
                }
            }
            Step::Reads { side, seq } => {
                let upto = usize::try_from(seq.max(0)).unwrap().min(self.said.len());
                let from = self.read[side as usize];
                if upto > from {
                    self.read[side as usize] = upto;
                    self.changes += i64::from(self.said[from..upto].iter().any(|(by, ..)| *by != side));
                }
            }
            Step::Pins(pinned) => {
                self.changes += i64::from(self.pinned != pinned);
                self.pinned = pinned;
            }
            Step::Hides => {
                self.changes += i64::from(!self.hidden);
                self.hidden = true;
            }
            Step::Clock(_) => {}
        }
        false
    }

    fn unread_by_the_desk(&self) -> usize {
        self.said[self.read[Side::Desk as usize]..].iter().filter(|(by, ..)| *by == Side::Member).count()
    }
}

fn command(id: ConversationId, step: &Step) -> Option<Command> {
    let by = |side, act| match side {
        Side::Member => Command::of_member(ALICE, id, act),
        Side::Desk => Command::of_admin(AGENT, id, act),
    };
    Some(match *step {
        Step::Says { side, key, content } => {
            let content = Content::new(Kind::Text, &format!("content {content}")).unwrap();
            let key = ClientMsgId::new(format!("key-{key}")).unwrap();
            by(side, Act::Send(Draft { content, key, key_is_ours: false }))
        }
        Step::Reads { side, seq } => by(side, Act::ReadUpTo(seq)),
        Step::Pins(pinned) => by(Side::Desk, Act::Pin(pinned)),
        Step::Hides => by(Side::Desk, Act::Hide),
        Step::Clock(_) => return None,
    })
}

/// Runs a batch as a lane does: one transaction, each rule from a mark that is restored when it refuses.
fn carry(store: &MemoryStore, id: ConversationId, batch: &[Step], model: &mut Model) -> Result<(), TestCaseError> {
    for step in batch {
        if let Step::Clock(jump) = step {
            store.set_now(Timestamp(store.now().0 + jump));
        }
    }
    let commands: Vec<_> = batch.iter().filter_map(|step| Some((step, command(id, step)?))).collect();
    let needs: Vec<_> = commands.iter().map(|(_, command)| command.need(false)).collect();
    let mut transaction = store.begin(&needs).unwrap();
    let work = transaction.work();
    for (step, command) in commands {
        let mark = work.mark(id);
        let result = rules::run(work, &command);
        if result.is_err() {
            work.restore(id, mark);
        }
        let refused = result.err();
        prop_assert_eq!(refused, model.take(step).then_some(Refusal::KeyReused), "{:?}", step);
    }
    transaction.commit().unwrap();
    Ok(())
}

fn recount(store: &MemoryStore, id: ConversationId, model: &Model) -> Result<(), TestCaseError> {
    let found = store.find(SCOPE.tenant, &[SCOPE.shop], id).unwrap().unwrap();
    let messages: Vec<Message> = store.messages(id);
    let head = i64::try_from(model.said.len()).unwrap();

    prop_assert_eq!(messages.iter().map(|it| it.seq).collect::<Vec<_>>(), (1..=head).collect::<Vec<_>>());
    let sides: Vec<_> = messages.iter().map(|it| it.sender.side()).collect();
    prop_assert_eq!(sides, model.said.iter().map(|(by, ..)| *by).collect::<Vec<_>>());
    prop_assert_eq!((found.head_seq, found.change), (head, model.changes));
    prop_assert_eq!((found.pinned, found.hidden_from_desk), (model.pinned, model.hidden));
    prop_assert_eq!(found.desk_unread, i64::try_from(model.unread_by_the_desk()).unwrap());
    for side in [Side::Member, Side::Desk] {
        prop_assert_eq!(found.read_seq(side), i64::try_from(model.read[side as usize]).unwrap());
    }
    for message in &messages {
        let reader = if message.sender.side() == Side::Member { Side::Desk } else { Side::Member };
        prop_assert_eq!(message.read, message.seq <= found.read_seq(reader), "message {}", message.seq);
        let receiver = (reader == Side::Member).then_some(Party::Member(ALICE.id));
        prop_assert_eq!(message.receiver, receiver);
    }
    prop_assert!(messages.is_sorted_by(|one, next| one.time < next.time && one.change < next.change));
    if let Some(last) = messages.last() {
        prop_assert_eq!((last.time, &last.content), (found.last.time, &found.last.content));
        prop_assert!(found.changed >= last.time && last.change <= found.change);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn numbers_counters_and_times_are_what_a_recount_says(batches in vec(vec(steps(), 1..12), 1..8)) {
        let store = MemoryStore::new();
        let id = store.open(ALICE).unwrap();
        let mut model = Model::default();

        for batch in &batches {
            carry(&store, id, batch, &mut model)?;
            recount(&store, id, &model)?;
        }
    }

    #[test]
    fn how_a_talk_is_cut_into_batches_makes_no_difference(steps in vec(steps(), 1..40), size in 1..12_usize) {
        let talk = |size: usize| -> Result<_, TestCaseError> {
            let store = MemoryStore::new();
            store.freeze();
            let id = store.open(ALICE).unwrap();
            let mut model = Model::default();
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
