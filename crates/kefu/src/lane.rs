//! A lane: one thread that carries many commands to the database in one transaction, commits once, and then
//! tells and answers, in commit order.
//!
//! It never waits for more work than is there: the commit in progress is the window in which the next batch
//! gathers. A refusal or a panic concerns its own job, bad data is halved down to its culprit, a lost race or
//! connection repeats the batch.

mod waiting;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kefu_domain::{Announcement, Chain, Committed, Done, Outline, Refusal, Store, StoreError, UnitOfWork, rules};
use tokio::sync::oneshot;

use crate::Error;
use crate::job::{Answer, Job};
use crate::live::{Live, Told};
use waiting::Waiting;

pub(crate) use waiting::Queue;

/// How long a job waits for a row that somebody else holds; its caller has been answered by then.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a job waits while the database does not answer.
const PATIENCE_WITHOUT_DATABASE: Duration = Duration::from_secs(2);
/// How long a lane that takes no more jobs goes on asking for the fate of a commit when nobody waits for it any more.
/// Until then it asks as long as it takes: what was done must be told.
const PATIENCE_FOR_FATE: Duration = Duration::from_secs(60);
/// A lane that has waited for its database for this long hangs.
const HANGS_AFTER: Duration = Duration::from_secs(15);

/// What became of one job of a batch.
enum Ran {
    Done(Box<Done>, Outline),
    Refused(Refusal),
    Crashed,
    /// It would have done something new for a caller who was told long ago that it was not done.
    GivenUp,
    /// Its conversation is locked elsewhere.
    MustWait,
}

/// Since when a lane has been waiting for its database, if it is.
#[derive(Default)]
pub(crate) struct Pulse(Mutex<Option<Instant>>);

impl Pulse {
    fn set(&self, waiting: Option<Instant>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = waiting;
    }

    pub(crate) fn hangs(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|since| since.elapsed() > HANGS_AFTER)
    }
}

pub(crate) struct Lane {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    waiting: Waiting,
    pulse: Arc<Pulse>,
    /// The lane's number, for the log.
    name: String,
}

impl Lane {
    pub(crate) fn new(store: Arc<dyn Store>, live: Arc<Live>, queue: Queue, pulse: Arc<Pulse>, name: String) -> Self {
        Self { store, live, waiting: Waiting::new(queue), pulse, name }
    }

    /// Carries jobs until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while let Some(batch) = self.waiting.next_batch() {
            if !batch.is_empty() {
                let held_back = self.carry(batch);
                self.waiting.put_back(held_back);
            }
            let stopped = self.waiting.is_closed();
            self.waiting.retain(|job| still_waits(job, PATIENCE, stopped, &self.live));
        }
    }

    /// Brings a batch to an end; returns the jobs whose conversations are locked elsewhere.
    fn carry(&mut self, mut jobs: Vec<Job>) -> Vec<Job> {
        let mut tries = 0;
        loop {
            let error = match self.attempt_safely(&mut jobs) {
                Ok((ran, committed)) => return self.settle(jobs, ran, &committed),
                Err(error) => error,
            };
            let (reason, patience) = match &error {
                StoreError::Failed(_) if jobs.len() > 1 => {
                    let second = jobs.split_off(jobs.len() / 2);
                    let mut held_back = self.carry(jobs);
                    held_back.extend(self.carry(second));
                    return held_back;
                }
                StoreError::Contended(_) => ("contended", PATIENCE),
                StoreError::Unavailable(_) => ("unavailable", PATIENCE_WITHOUT_DATABASE),
                StoreError::FateUnknown(_) => {
                    jobs.iter_mut().for_each(|job| job.unsure = true);
                    ("fate unknown", PATIENCE_WITHOUT_DATABASE)
                }
                _ => {
                    tracing::error!(error = %Chain(&error), "a request was refused by the database");
                    for job in &mut jobs {
                        job.answer(Err(Error::Crashed));
                        doubt(&self.live, job);
                    }
                    return Vec::new();
                }
            };
            metrics::counter!("kefu_lane_retries_total", "reason" => reason).increment(1);
            tracing::warn!(lane = %self.name, jobs = jobs.len(), tries, reason, error = %Chain(&error), "a batch will be repeated");
            self.waiting.gather_all();
            let stopped = self.waiting.is_closed();
            self.waiting.retain(|job| still_waits(job, patience, stopped, &self.live));
            let before = jobs.len();
            jobs.retain_mut(|job| still_waits(job, patience, stopped, &self.live));
            if jobs.len() < before {
                let given_up = before - jobs.len();
                metrics::counter!("kefu_lane_shed_total").increment(given_up as u64);
                tracing::warn!(lane = %self.name, jobs = given_up, reason, "their callers were told to come again");
            }
            if jobs.is_empty() {
                return jobs;
            }
            std::thread::sleep(backoff(tries));
            tries += 1;
        }
    }

    /// A store that panics is a store that failed, or, once it commits, one whose fate is unknown: the lane goes on.
    fn attempt_safely(&self, jobs: &mut [Job]) -> Result<(Vec<Ran>, Committed), StoreError> {
        let commits = Cell::new(false);
        self.pulse.set(Some(Instant::now()));
        let result = catch_unwind(AssertUnwindSafe(|| self.attempt(jobs, &commits)));
        self.pulse.set(None);
        result.unwrap_or_else(|_| {
            let panicked = "the store panicked".into();
            Err(if commits.get() { StoreError::FateUnknown(panicked) } else { StoreError::Failed(panicked) })
        })
    }

    /// One transaction: lock, load, run each rule, commit.
    fn attempt(&self, jobs: &mut [Job], commits: &Cell<bool>) -> Result<(Vec<Ran>, Committed), StoreError> {
        let needs: Vec<_> = jobs.iter().map(|job| job.command.need(job.unsure)).collect();
        let mut transaction = self.store.begin(&needs)?;
        let work = transaction.work();
        let ran: Vec<_> = jobs.iter_mut().map(|job| run_rule(work, job)).collect();
        metrics::histogram!("kefu_lane_batch_jobs").record(small(jobs.len()));
        if work.is_untouched() {
            return Ok((ran, Committed::default()));
        }
        metrics::histogram!("kefu_lane_batch_messages").record(small(work.drafts().len()));
        let started = Instant::now();
        commits.set(true);
        let committed = transaction.commit()?;
        metrics::histogram!("kefu_lane_commit_seconds").record(started.elapsed().as_secs_f64());
        Ok((ran, committed))
    }

    /// The facts exist: tell, then answer. Returns the jobs that must wait.
    fn settle(&self, jobs: Vec<Job>, ran: Vec<Ran>, committed: &Committed) -> Vec<Job> {
        let mut news = Vec::new();
        let mut answers = Vec::new();
        let mut held_back = Vec::new();
        for (mut job, ran) in jobs.into_iter().zip(ran) {
            match ran {
                Ran::MustWait => held_back.push(job),
                Ran::Refused(refusal) => answers.push((job, Err(refusal.into()))),
                Ran::Crashed => answers.push((job, Err(Error::Crashed))),
                Ran::GivenUp => {}
                Ran::Done(done, after) => {
                    let found_again = job.is_in_doubt();
                    let sent = done.sent(committed, found_again);
                    let handed = done.event(committed, found_again).map(|event| {
                        let (guard, handed) = oneshot::channel::<()>();
                        let avatar = job.avatar.take();
                        let news_of_it = Announcement { event, avatar, handed: Some(Arc::new(guard)) };
                        news.push(Told { news: news_of_it, found_again });
                        handed
                    });
                    answers.push((job, Ok(Answer { after, sent, handed })));
                }
            }
        }
        self.live.tell(news);
        for (mut job, answer) in answers {
            if answer.is_err() {
                doubt(&self.live, &job);
            }
            job.answer(answer);
        }
        held_back
    }
}

/// Runs one rule from a mark that is restored when it refuses or panics.
fn run_rule(work: &mut UnitOfWork, job: &mut Job) -> Ran {
    let id = job.command.conversation;
    if work.must_wait_for(id) {
        return Ran::MustWait;
    }
    job.is_run(work.conversation(id).map_or(0, |conversation| conversation.head_seq));
    let mark = work.mark(id);
    let result = catch_unwind(AssertUnwindSafe(|| rules::run(work, &job.command)));
    match result {
        Ok(Ok(done)) if done.is_news() && job.is_given_up() => {
            work.restore(id, mark);
            Ran::GivenUp
        }
        Ok(Ok(done)) => match work.conversation(id) {
            Some(after) => {
                job.was_news |= done.is_news();
                Ran::Done(Box::new(done), after.into())
            }
            None => Ran::Refused(Refusal::NoSuchConversation(id)),
        },
        Ok(Err(refusal)) => {
            work.restore(id, mark);
            Ran::Refused(refusal)
        }
        Err(_) => {
            work.restore(id, mark);
            tracing::error!(conversation.id = %id, "a rule panicked");
            Ran::Crashed
        }
    }
}

/// Whether a job of a failed batch is carried again. Callers are turned away when their patience ends; a commit
/// whose fate is unknown is asked after until the database answers, since somebody may have to be told of it.
fn still_waits(job: &mut Job, patience: Duration, stopped: bool, live: &Live) -> bool {
    let age = job.arrived.elapsed();
    if age >= patience {
        job.answer(Err(Error::Late));
    }
    let stays = age < patience || (job.unsure && (!stopped || age < PATIENCE_FOR_FATE));
    if !stays {
        doubt(live, job);
    }
    stays
}

/// A job that is dropped may have been done, and is never told.
fn doubt(live: &Live, job: &Job) {
    if job.is_in_doubt() {
        live.doubt(job.command.conversation, job.command.scope);
    }
}

/// 10, 20, 40 … at most 320 ms.
fn backoff(tries: u32) -> Duration {
    Duration::from_millis(10 << tries.min(5))
}

#[expect(clippy::cast_precision_loss, reason = "a metric; counts here are far below 2^52")]
fn small(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
