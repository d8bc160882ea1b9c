//! The lanes of a desk: a conversation's id chooses its lane, so two commands for one conversation never wait
//! for each other's locks in this process.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use kefu_domain::{ConversationId, Store};

use crate::Error;
use crate::job::Job;
use crate::lane::{Lane, Pulse, Queue};
use crate::live::Live;

/// When a queue is full, a batch or two will have gone by after this long.
const RETRY_AFTER: Duration = Duration::from_secs(1);

pub(crate) struct Lanes {
    queues: RwLock<Vec<Entrance>>,
    /// Hears when the last lane has ended: each holds a sender and never sends.
    ended: Mutex<Receiver<()>>,
    threads: Vec<(JoinHandle<()>, Arc<Pulse>)>,
    count: usize,
}

/// Where a lane's jobs come in.
struct Entrance {
    queue: SyncSender<Job>,
    /// Jobs that the lane has accepted and not finished.
    gauge: metrics::Gauge,
}

impl Lanes {
    pub(crate) fn start(store: &Arc<dyn Store>, live: &Arc<Live>, count: usize, limit: usize, queue: usize) -> Self {
        let (alive, ended) = sync_channel(1);
        let mut threads = Vec::new();
        let queues = (0..count)
            .map(|number| {
                let (sender, receiver) = sync_channel(queue);
                let gauge = metrics::gauge!("kefu_lane_queue_jobs", "lane" => number.to_string());
                let entrance = Entrance { queue: sender, gauge };
                let queue = Queue { jobs: receiver, limit, room: queue };
                let pulse = Arc::new(Pulse::default());
                let lane = Lane::new(store.clone(), live.clone(), queue, pulse.clone(), number.to_string());
                let alive = alive.clone();
                let work = move || {
                    lane.run();
                    drop(alive);
                };
                match std::thread::Builder::new().name(format!("lane-{number}")).spawn(work) {
                    Ok(thread) => threads.push((thread, pulse)),
                    Err(error) => {
                        tracing::error!(%error, "a lane could not start; its conversations will be answered 503");
                    }
                }
                entrance
            })
            .collect();
        Self { queues: RwLock::new(queues), ended: Mutex::new(ended), threads, count }
    }

    /// Puts a job on its conversation's lane.
    pub(crate) fn put(&self, id: ConversationId, mut job: Job) -> Result<(), Error> {
        let queues = self.queues.read().unwrap_or_else(PoisonError::into_inner);
        let lane = usize::try_from(id.0.unsigned_abs() % self.count.max(1) as u64).unwrap_or(0);
        let Some(entrance) = queues.get(lane) else { return Err(Error::Late) };
        job.count(&entrance.gauge);
        entrance.queue.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => Error::Busy(RETRY_AFTER),
            TrySendError::Disconnected(_) => Error::Late,
        })
    }

    /// Whether jobs are accepted, every lane runs, and none has been waiting for its database for too long.
    pub(crate) fn all_run(&self) -> bool {
        let accepts = !self.queues.read().unwrap_or_else(PoisonError::into_inner).is_empty();
        accepts
            && self.threads.len() == self.count
            && self.threads.iter().all(|(thread, pulse)| !thread.is_finished() && !pulse.hangs())
    }

    /// Takes no more jobs, and waits until those taken are done; says whether they were, in time. A lane that
    /// hangs in its database is not waited for beyond that.
    pub(crate) fn stop(&self, within: Duration) -> bool {
        self.queues.write().unwrap_or_else(PoisonError::into_inner).clear();
        let deadline = Instant::now() + within;
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        let left = deadline.saturating_duration_since(Instant::now());
        matches!(ended.recv_timeout(left), Err(std::sync::mpsc::RecvTimeoutError::Disconnected))
    }
}
