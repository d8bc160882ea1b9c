//! Seeded schedules: several threads send, read, take back and delete in one conversation at once, and the counters
//! must be right.
//!
//! A seed decides what each thread does and how often it steps aside; which thread is faster decides the machine.

use std::ops::Range;
use std::sync::Barrier;

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::rules::run;
use crate::{Act, Command, ConversationId, Deleted, Member, Message, MessagePage, Refusal, Side};

/// The seeds that every store is held to.
const SEEDS: Range<u64> = 0..1_000;

/// One thread's part.
type Part = Vec<(Step, i64)>;

#[derive(Debug, Clone, Copy)]
enum Step {
    /// Something new.
    Says(Side),
    /// A tap that other threads may make too, with the same key: one message, whoever is first.
    Taps(u64),
    /// Has read up to a number, which may be above the head.
    Reads(Side, i64),
    /// Whoever said the message of a number takes it back.
    Revokes(i64),
    /// A side deletes the message of a number.
    Deletes(Side, i64),
}

/// What a thread has seen itself do.
#[derive(Debug, Default)]
struct Tally {
    sent: i64,
    visible: i64,
    member_read: i64,
    desk_read: i64,
}

/// Runs the thousand seeds.
pub fn a_thousand_schedules_leave_exactly_the_right_counters(fixture: &impl Fixture) {
    schedules(fixture, SEEDS);
}

/// Runs schedules, each once per database.
///
/// # Panics
///
/// At the first seed after which something does not add up.
pub fn schedules(fixture: &impl Fixture, seeds: Range<u64>) {
    for seed in seeds {
        if let Err(complaint) = schedule(fixture, seed) {
            panic!("seed {seed}: {complaint}");
        }
    }
}

/// Runs one schedule on a conversation of its own, and says what does not add up.
pub fn schedule(fixture: &impl Fixture, seed: u64) -> Result<(), String> {
    perform(fixture.store(), seed, true)
}

/// Runs a schedule's threads at once, or one after the other.
pub(super) fn perform(store: &impl WholeStore, seed: u64, at_once: bool) -> Result<(), String> {
    let me = member(1_000_000 + i64::try_from(seed).unwrap_or(i64::MAX));
    let id = opened(store, me);
    let parts = parts(seed);
    let start = &Barrier::new(if at_once { parts.len() } else { 1 });
    let play = |(number, part): (usize, Part)| {
        start.wait();
        part.into_iter().enumerate().fold(Tally::default(), |tally, (at, (step, pauses))| {
            match command(store, me, id, step, &format!("{number}-{at}")) {
                Some(command) => take(store, id, &command, pauses, tally),
                None => tally,
            }
        })
    };

    let tallies: Vec<Tally> = if at_once {
        std::thread::scope(|threads| {
            let players: Vec<_> = parts.into_iter().enumerate().map(|part| threads.spawn(|| play(part))).collect();
            players.into_iter().map(|player| player.join().unwrap_or_else(|_| panic!("a thread panicked"))).collect()
        })
    } else {
        parts.into_iter().enumerate().map(play).collect()
    };

    adds_up(store, id, &tallies)
}

/// Four threads with four or five steps each.
fn parts(seed: u64) -> Vec<Part> {
    let mut dice = Dice(seed);
    let side = |dice: &mut Dice| if dice.below(2) == 0 { Side::Member } else { Side::Desk };
    (0..4)
        .map(|_| {
            let steps = 4 + dice.below(2);
            (0..steps)
                .map(|_| {
                    let step = match dice.below(14) {
                        0..3 => Step::Says(Side::Member),
                        3 => Step::Says(Side::Desk),
                        4 => Step::Taps(dice.below(3)),
                        5..9 => Step::Reads(Side::Desk, dice.number(10)),
                        9 => Step::Reads(side(&mut dice), dice.number(10)),
                        10 | 11 => Step::Revokes(1 + dice.number(8)),
                        _ => Step::Deletes(side(&mut dice), 1 + dice.number(8)),
                    };
                    (step, dice.number(3))
                })
                .collect()
        })
        .collect()
}

/// The step as a command; `None` where the message that it names is not there yet.
fn command(store: &impl WholeStore, me: Member, id: ConversationId, step: Step, name: &str) -> Option<Command> {
    let of = |side, act| match side {
        Side::Member => by(me, id, act),
        Side::Desk => by(AGENT, id, act),
    };
    let named = |seq: i64| {
        let page = store.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(seq - 1, 1));
        page.unwrap_or_else(|error| panic!("{error}")).pop().filter(|message| message.seq == seq)
    };
    Some(match step {
        Step::Says(Side::Member) => say(me, id, name),
        Step::Says(Side::Desk) => say(AGENT, id, name),
        Step::Taps(key) => say(me, id, &format!("tap{key}")),
        Step::Reads(side, seq) => of(side, Act::ReadUpTo(seq)),
        Step::Revokes(seq) => {
            let message = named(seq)?;
            of(message.sender.side(), Act::Revoke { message: message.id, within: i64::MAX })
        }
        Step::Deletes(side, seq) => of(side, Act::Delete(named(seq)?.id)),
    })
}

fn take(store: &impl WholeStore, id: ConversationId, command: &Command, pauses: i64, before: Tally) -> Tally {
    let (tally, _) = patiently(store, &[command.need(false)], |work| {
        let drafts = work.drafts().len();
        let news = match run(work, command) {
            Ok(done) => done.is_news(),
            // What one's own side has deleted is not there to be taken back.
            Err(Refusal::NoSuchMessage(_)) => false,
            Err(refusal) => panic!("{refusal}"),
        };
        (0..pauses).for_each(|_| std::thread::yield_now());
        let read = |side, furthest: i64| work.conversation(id).map_or(0, |it| furthest.max(it.read_seq(side)));
        Tally {
            sent: before.sent + i64::from(work.drafts().len() > drafts),
            visible: before.visible + i64::from(news),
            member_read: read(Side::Member, before.member_read),
            desk_read: read(Side::Desk, before.desk_read),
        }
    });
    tally
}

/// Recounts everything from the messages.
fn adds_up(store: &impl WholeStore, id: ConversationId, tallies: &[Tally]) -> Result<(), String> {
    let found = found(store, DESK, id);
    let messages = history(store, DESK, id);
    let sum = |part: fn(&Tally) -> i64| tallies.iter().map(part).sum::<i64>();
    let furthest = |part: fn(&Tally) -> i64| tallies.iter().map(part).max().unwrap_or(0);
    let unread = messages.iter().filter(|it| it.awaits(Side::Desk) && it.seq > found.desk_read_seq).count();
    let out_of_step = messages.iter().find(|it| {
        let reader = if it.sender.side() == Side::Member { Side::Desk } else { Side::Member };
        it.read != (it.seq <= found.read_seq(reader))
    });

    let expect = |what: &str, is: i64, should: i64| {
        if is == should { Ok(()) } else { Err(format!("{what} is {is}, should be {should}")) }
    };
    expect("the desk's unread counter", found.desk_unread, i64::try_from(unread).unwrap_or(i64::MAX))?;
    expect("the head", found.head_seq, sum(|it| it.sent))?;
    expect("the number of changes", found.change, sum(|it| it.visible))?;
    expect("the desk's cursor", found.desk_read_seq, furthest(|it| it.desk_read))?;
    expect("the member's cursor", found.member_read_seq, furthest(|it| it.member_read))?;
    if seqs(&messages) != (1..=found.head_seq).collect::<Vec<_>>() {
        return Err(format!("the numbers are {:?}", seqs(&messages)));
    }
    if let Some(message) = out_of_step {
        return Err(format!("message {} says read = {}, the cursors say otherwise", message.seq, message.read));
    }
    let whole: Vec<_> = messages.iter().filter(|it| !is_altered(it)).collect();
    let in_order = whole.is_sorted_by(|one, next| one.change < next.change);
    if !in_order || !messages.is_sorted_by(|one, next| one.time < next.time) {
        return Err("times or changes do not strictly increase".to_owned());
    }
    let shown = messages.iter().rev().find(|it| !it.deleted.by_desk);
    let shown = shown.map_or((1, ""), |it| (it.kind, it.content.as_str()));
    if (found.last.kind, found.last.content.as_str()) != shown {
        return Err("the preview is not the newest message that the desk has".to_owned());
    }
    match messages.last() {
        Some(last) if last.time != found.last.time => Err("its place is not that of the newest message".to_owned()),
        _ => Ok(()),
    }
}

fn is_altered(message: &Message) -> bool {
    message.revoked.is_some() || message.deleted != Deleted::default()
}

/// SplitMix64: the same numbers on every store and every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn number(&mut self, bound: u64) -> i64 {
        i64::try_from(self.below(bound)).unwrap_or(0)
    }
}
