//! Seeded schedules: several threads send and read in one conversation at once, and the counters must be right.
//!
//! A seed decides what each thread does and how often it steps aside; which thread is faster decides the machine.

use std::ops::Range;
use std::sync::Barrier;

use super::tools::*;
use super::{Fixture, WholeStore};
use crate::rules::run;
use crate::{Command, ConversationId, Member, Message, Side};

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
            take(store, id, &command(me, id, step, &format!("{number}-{at}")), pauses, tally)
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
                    let step = match dice.below(10) {
                        0..3 => Step::Says(Side::Member),
                        3 => Step::Says(Side::Desk),
                        4 => Step::Taps(dice.below(3)),
                        5..9 => Step::Reads(Side::Desk, dice.number(10)),
                        _ => Step::Reads(side(&mut dice), dice.number(10)),
                    };
                    (step, dice.number(3))
                })
                .collect()
        })
        .collect()
}

fn command(me: Member, id: ConversationId, step: Step, name: &str) -> Command {
    match step {
        Step::Says(Side::Member) => say(me, id, name),
        Step::Says(Side::Desk) => say(AGENT, id, name),
        Step::Taps(key) => say(me, id, &format!("tap{key}")),
        Step::Reads(Side::Member, seq) => read_up_to(me, id, seq),
        Step::Reads(Side::Desk, seq) => read_up_to(AGENT, id, seq),
    }
}

fn take(store: &impl WholeStore, id: ConversationId, command: &Command, pauses: i64, before: Tally) -> Tally {
    let (tally, _) = patiently(store, &[command.need(false)], |work| {
        let drafts = work.drafts().len();
        let done = run(work, command).unwrap_or_else(|refusal| panic!("{refusal}"));
        (0..pauses).for_each(|_| std::thread::yield_now());
        let read = |side, furthest: i64| work.conversation(id).map_or(0, |it| furthest.max(it.read_seq(side)));
        Tally {
            sent: before.sent + i64::from(work.drafts().len() > drafts),
            visible: before.visible + i64::from(done.is_news()),
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
    let of_members = |message: &&Message| message.sender.side() == Side::Member;
    let unread = messages.iter().filter(of_members).filter(|it| it.seq > found.desk_read_seq).count();
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
    if !messages.is_sorted_by(|one, next| one.time < next.time && one.change < next.change) {
        return Err("times or changes do not strictly increase".to_owned());
    }
    match messages.last() {
        Some(last) if (last.time, &last.content) != (found.last.time, &found.last.content) => {
            Err("the preview is not the newest message".to_owned())
        }
        _ => Ok(()),
    }
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
