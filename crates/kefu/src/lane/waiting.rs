//! The jobs of a lane that are not being carried: in its queue, or taken off it and waiting for a row that somebody
//! else holds. A conversation that is held delays nobody but itself.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant};

use kefu_domain::ConversationId;

use crate::job::Job;

/// Between two looks at a row that somebody else holds.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Where a lane's jobs wait, and how many it takes.
pub(crate) struct Queue {
    pub(crate) jobs: Receiver<Job>,
    /// Most jobs in one transaction.
    pub(crate) limit: usize,
    /// Most jobs taken off the queue and waiting in the lane.
    pub(crate) room: usize,
}

pub(super) struct Waiting {
    queue: Queue,
    /// Taken off the queue, in order.
    jobs: VecDeque<Job>,
    /// Conversations that somebody else holds, and when to look again.
    held: HashMap<ConversationId, Instant>,
    /// The queue is empty and takes no more.
    closed: bool,
}

impl Waiting {
    pub(super) fn new(queue: Queue) -> Self {
        Self { queue, jobs: VecDeque::new(), held: HashMap::new(), closed: false }
    }

    /// What may go now, at most a batch; waits only when nothing may. `None` when the queue is closed and all is done.
    pub(super) fn next_batch(&mut self) -> Option<Vec<Job>> {
        if self.jobs.is_empty() {
            self.held.clear();
            let job = self.queue.jobs.recv().ok()?;
            self.jobs.push_back(job);
        }
        self.gather();
        let batch = self.choose();
        if !batch.is_empty() || self.jobs.is_empty() {
            return Some(batch);
        }
        match self.queue.jobs.recv_timeout(LOOK_AGAIN) {
            Ok(job) => self.jobs.push_back(job),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => std::thread::sleep(LOOK_AGAIN),
        }
        Some(self.choose())
    }

    /// Takes jobs off the queue, without waiting, until a batch of them may go.
    fn gather(&mut self) {
        let mut free = self.jobs.iter().filter(|job| self.may_go(job)).count();
        while free < self.queue.limit && self.jobs.len() < self.queue.room {
            let Some(job) = self.take() else { break };
            free += usize::from(self.may_go(&job));
            self.jobs.push_back(job);
        }
    }

    fn may_go(&self, job: &Job) -> bool {
        !self.held.contains_key(&job.command.conversation)
    }

    /// Takes off the queue what there is room for: those who wait in it are to be turned away in time too.
    pub(super) fn gather_all(&mut self) {
        while self.jobs.len() < self.queue.room {
            let Some(job) = self.take() else { break };
            self.jobs.push_back(job);
        }
    }

    /// The next one of the queue, if it is there.
    fn take(&mut self) -> Option<Job> {
        let taken = self.queue.jobs.try_recv();
        self.closed = matches!(taken, Err(TryRecvError::Disconnected));
        taken.ok()
    }

    /// Whether no more jobs will come, as far as was found out when the queue was looked into last.
    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// A batch, in order. Of a conversation that was held, one job goes to look again; the others stay behind it.
    fn choose(&mut self) -> Vec<Job> {
        let now = Instant::now();
        let mut looks = (self.queue.limit / 2).max(1);
        let mut batch = Vec::new();
        let mut behind = HashSet::new();
        let mut later = VecDeque::new();
        for job in std::mem::take(&mut self.jobs) {
            if job.is_given_up() && !job.unsure {
                continue;
            }
            let id = job.command.conversation;
            let due = self.held.get(&id).is_none_or(|due| *due <= now && looks > 0);
            if batch.len() >= self.queue.limit || behind.contains(&id) || !due {
                behind.insert(id);
                later.push_back(job);
                continue;
            }
            if self.held.remove(&id).is_some() {
                looks -= 1;
                behind.insert(id);
            }
            batch.push(job);
        }
        self.jobs = later;
        batch
    }

    /// Takes back jobs whose conversations are held elsewhere; they stay the first in line.
    pub(super) fn put_back(&mut self, jobs: Vec<Job>) {
        let again = Instant::now() + LOOK_AGAIN;
        for job in jobs.into_iter().rev() {
            self.held.insert(job.command.conversation, again);
            self.jobs.push_front(job);
        }
    }

    /// Keeps those of whom `stays` says so.
    pub(super) fn retain(&mut self, stays: impl FnMut(&mut Job) -> bool) {
        let before = self.jobs.len();
        self.jobs.retain_mut(stays);
        metrics::counter!("kefu_lane_shed_total").increment((before - self.jobs.len()) as u64);
    }
}
