//! A lane: one thread that carries many commands to the database in one transaction, commits once, and then
//! tells and answers, in commit order.
//!
//! It never waits for more work than is there: the commit in progress is the window in which the next batch
//! gathers. A refusal or a panic concerns its own job, bad data is halved down to its culprit, a lost race or
//! connection repeats the batch.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use kefu_domain::{Announcement, Announcer, Chain, Committed, Done, Refusal, Store, StoreError, UnitOfWork, rules};
use tokio::sync::oneshot;

use crate::Error;
use crate::job::{Answer, Job};

/// How long a job waits for a row that somebody else holds; its caller has been answered by then.
const PATIENCE: Duration = Duration::from_secs(6);
/// How long a job waits while the database does not answer.
const PATIENCE_WITHOUT_DATABASE: Duration = Duration::from_secs(2);
/// How long a lane goes on asking for the fate of a commit when nobody waits for it any more.
const PATIENCE_FOR_FATE: Duration = Duration::from_secs(60);
/// Between two looks at a row that somebody else holds.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// What became of one job of a batch.
enum Ran {
    Done(Done),
    Refused(Refusal),
    Crashed,
    /// Its conversation is locked elsewhere.
    MustWait,
}

/// Where a lane's jobs wait, and how many it takes.
pub(crate) struct Queue {
    pub(crate) jobs: Receiver<Job>,
    /// How many are in there.
    pub(crate) queued: Arc<AtomicUsize>,
    /// Most jobs in one transaction.
    pub(crate) limit: usize,
    /// Most jobs taken off the queue and waiting in the lane.
    pub(crate) room: usize,
}

pub(crate) struct Lane {
    store: Arc<dyn Store>,
    announcer: Arc<dyn Announcer>,
    queue: Queue,
    /// The lane's number, for metrics.
    name: String,
    /// Jobs taken off the queue, in order: held back by a row's lock, or gathered while the database was away.
    waiting: VecDeque<Job>,
}

impl Lane {
    pub(crate) fn new(store: Arc<dyn Store>, announcer: Arc<dyn Announcer>, queue: Queue, name: String) -> Self {
        Self { store, announcer, queue, name, waiting: VecDeque::new() }
    }

    /// Carries jobs until the queue is closed and empty.
    pub(crate) fn run(mut self) {
        while let Some(batch) = self.take() {
            let queued = self.queue.queued.load(Ordering::Relaxed) + self.waiting.len();
            metrics::gauge!("kefu_lane_queue_jobs", "lane" => self.name.clone()).set(small(queued));
            if !batch.is_empty() {
                let held_back = self.carry(batch);
                for job in held_back.into_iter().rev() {
                    self.waiting.push_front(job);
                }
            }
        }
    }

    /// What is there now, at most a batch; waits only when there is nothing at all. `None` at the end.
    fn take(&mut self) -> Option<Vec<Job>> {
        let held_back = !self.waiting.is_empty();
        if self.waiting.is_empty() {
            let job = self.queue.jobs.recv().ok()?;
            self.admit(job);
        } else {
            // Something is locked elsewhere: new work may go on at once, a lone wait must not spin.
            match self.queue.jobs.recv_timeout(LOOK_AGAIN) {
                Ok(job) => self.admit(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK_AGAIN),
            }
        }
        self.gather(self.queue.limit);
        if held_back {
            self.shed(PATIENCE);
        }
        let count = self.waiting.len().min(self.queue.limit);
        Some(self.waiting.drain(..count).filter(|job| !job.is_abandoned()).collect())
    }

    /// Takes jobs off the queue without waiting, until this many are here.
    fn gather(&mut self, most: usize) {
        while self.waiting.len() < most {
            match self.queue.jobs.try_recv() {
                Ok(job) => self.admit(job),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
    }

    fn admit(&mut self, job: Job) {
        self.queue.queued.fetch_sub(1, Ordering::Relaxed);
        self.waiting.push_back(job);
    }

    /// Turns away the jobs that have waited too long.
    fn shed(&mut self, patience: Duration) {
        let before = self.waiting.len();
        self.waiting.retain_mut(|job| {
            let late = job.arrived.elapsed() >= patience;
            if late {
                job.answer(Err(Error::Late));
            }
            !late
        });
        metrics::counter!("kefu_lane_shed_total").increment((before - self.waiting.len()) as u64);
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
                    jobs.iter_mut().for_each(|job| job.answer(Err(Error::Crashed)));
                    return Vec::new();
                }
            };
            metrics::counter!("kefu_lane_retries_total", "reason" => reason).increment(1);
            tracing::warn!(lane = %self.name, jobs = jobs.len(), tries, reason, error = %Chain(&error), "a batch will be repeated");
            self.gather(self.queue.room);
            self.shed(patience);
            jobs.retain_mut(|job| still_waits(job, patience));
            if jobs.is_empty() {
                return jobs;
            }
            std::thread::sleep(backoff(tries));
            tries += 1;
        }
    }

    /// A store that panics is a store that failed: the lane goes on.
    fn attempt_safely(&self, jobs: &mut [Job]) -> Result<(Vec<Ran>, Committed), StoreError> {
        catch_unwind(AssertUnwindSafe(|| self.attempt(jobs)))
            .unwrap_or_else(|_| Err(StoreError::Failed("the store panicked".into())))
    }

    /// One transaction: lock, load, run each rule, commit.
    fn attempt(&self, jobs: &mut [Job]) -> Result<(Vec<Ran>, Committed), StoreError> {
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
                Ran::Done(done) => {
                    let found_again = job.is_found_again();
                    let sent = done.sent(committed, found_again);
                    let handed = done.event(committed, found_again).map(|event| {
                        let (guard, handed) = oneshot::channel::<()>();
                        let avatar = job.avatar.take();
                        news.push(Announcement { event, avatar, handed: Some(Arc::new(guard)) });
                        handed
                    });
                    answers.push((job, Ok(Answer { sent, handed })));
                }
            }
        }
        if !news.is_empty() {
            let told = catch_unwind(AssertUnwindSafe(|| self.announcer.announce(news)));
            if told.is_err() {
                tracing::error!("the announcer panicked; what was to be told is found by asking");
            }
        }
        for (mut job, answer) in answers {
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
    let mark = work.mark(id);
    let result = catch_unwind(AssertUnwindSafe(|| rules::run(work, &job.command)));
    match result {
        Ok(Ok(done)) => {
            job.was_news |= done.is_news();
            Ran::Done(done)
        }
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
/// whose fate is unknown is asked after for longer, since somebody may have to be told of it.
fn still_waits(job: &mut Job, patience: Duration) -> bool {
    let age = job.arrived.elapsed();
    if age >= patience {
        job.answer(Err(Error::Late));
    }
    age < if job.unsure { PATIENCE_FOR_FATE } else { patience }
}

/// 10, 20, 40 … at most 320 ms.
fn backoff(tries: u32) -> Duration {
    Duration::from_millis(10 << tries.min(5))
}

#[expect(clippy::cast_precision_loss, reason = "a metric; counts here are far below 2^52")]
fn small(count: usize) -> f64 {
    count as f64
}
