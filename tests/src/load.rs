//! Many people writing at once, who repeat with the same key whatever was not acknowledged.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::{PATIENCE, Person};

/// Something to be sent until it is acknowledged.
#[derive(Debug, Clone)]
pub struct Errand {
    /// By whom.
    pub person: Person,
    /// Where, for agents.
    pub conversation: Option<i64>,
    /// The same for every attempt.
    pub key: String,
    /// What.
    pub text: String,
}

/// An errand that was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledged {
    /// Whose.
    pub sender: i64,
    /// Under which key.
    pub key: String,
    /// What.
    pub text: String,
    /// The id that was answered.
    pub id: i64,
    /// The number that was answered.
    pub seq: i64,
}

/// What a client does when it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenCut {
    /// Tries again.
    Retry,
    /// Keeps the errand for later and goes home.
    GoHome,
}

/// What has happened so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    /// Answered with code 0.
    pub acknowledged: usize,
    /// Answered with code 503.
    pub unavailable: usize,
    /// Answered with code 429.
    pub busy: usize,
    /// Not answered: the connection was refused or cut.
    pub cut: usize,
    /// The longest time that any attempt took.
    pub longest: Duration,
}

/// What came of it all.
#[derive(Debug, Default)]
pub struct Outcome {
    /// What was acknowledged.
    pub acknowledged: Vec<Acknowledged>,
    /// What was not, and may have happened or not.
    pub unanswered: Vec<Errand>,
    /// The numbers.
    pub tally: Tally,
}

/// People at work.
pub struct Load {
    workers: JoinSet<(Vec<Acknowledged>, Vec<Errand>)>,
    tally: watch::Receiver<Tally>,
    errands: Errands,
}

type Source = Box<dyn FnMut() -> Option<Errand> + Send>;

/// Where the next errand comes from; empty once nothing new is to be begun.
#[derive(Clone)]
struct Errands(Arc<Mutex<Option<Source>>>);

impl Errands {
    fn next(&self) -> Option<Errand> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().and_then(|next| next())
    }

    fn close(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Load {
    /// That many workers take one errand after the other.
    pub fn start(workers: usize, when_cut: WhenCut, errands: impl FnMut() -> Option<Errand> + Send + 'static) -> Self {
        let errands = Errands(Arc::new(Mutex::new(Some(Box::new(errands)))));
        let (count, tally) = watch::channel(Tally::default());
        let count = Arc::new(count);
        let mut set = JoinSet::new();
        for _ in 0..workers {
            set.spawn(work(errands.clone(), count.clone(), when_cut));
        }
        Self { workers: set, tally, errands }
    }

    /// These errands, until all are done.
    pub fn of(workers: usize, when_cut: WhenCut, errands: Vec<Errand>) -> Self {
        let mut errands = VecDeque::from(errands);
        Self::start(workers, when_cut, move || errands.pop_front())
    }

    /// Everybody writes one message after the other, each with a key of its own.
    pub fn endless(people: Vec<Person>, when_cut: WhenCut) -> Self {
        let workers = people.len();
        let mut count = 0_usize;
        Self::start(workers, when_cut, move || {
            count += 1;
            let person = people[count % people.len()].clone();
            Some(Errand { person, conversation: None, key: format!("key-{count}"), text: crate::text(count) })
        })
    }

    /// The numbers so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        *self.tally.borrow()
    }

    /// Waits until the numbers are as they should be.
    pub async fn wait_until(&mut self, what: &str, mut holds: impl FnMut(&Tally) -> bool) -> Tally {
        let waited = tokio::time::timeout(2 * PATIENCE, self.tally.wait_for(|tally| holds(tally))).await;
        let reached = waited.is_ok_and(|reached| reached.is_ok());
        assert!(reached, "in vain waited for {what}: {:?}", self.tally());
        self.tally()
    }

    /// Begins nothing new, and waits until everything begun is acknowledged or given up.
    pub async fn finish(self) -> Outcome {
        self.errands.close();
        self.join().await
    }

    /// Waits until all errands are done, or everybody has gone home.
    pub async fn join(mut self) -> Outcome {
        let mut outcome = Outcome::default();
        let joined = tokio::time::timeout(4 * PATIENCE, async {
            while let Some(worker) = self.workers.join_next().await {
                let (acknowledged, unanswered) = worker.expect("a worker does not panic");
                outcome.acknowledged.extend(acknowledged);
                outcome.unanswered.extend(unanswered);
            }
        });
        assert!(joined.await.is_ok(), "some errands are never acknowledged: {:?}", self.tally.borrow());
        outcome.tally = *self.tally.borrow();
        outcome
    }
}

async fn work(
    errands: Errands,
    tally: Arc<watch::Sender<Tally>>,
    when_cut: WhenCut,
) -> (Vec<Acknowledged>, Vec<Errand>) {
    let (mut acknowledged, mut unanswered) = (Vec::new(), Vec::new());
    while let Some(errand) = errands.next() {
        loop {
            let sent = errand.person.try_send(errand.conversation, &errand.text, Some(&errand.key)).await;
            let took = match &sent {
                Ok(answer) => answer.took,
                Err(unanswered) => unanswered.took,
            };
            let code = sent.as_ref().ok().map(|answer| answer.code);
            tally.send_modify(|tally| {
                tally.longest = tally.longest.max(took);
                match code {
                    Some(0) => tally.acknowledged += 1,
                    Some(503) => tally.unavailable += 1,
                    Some(429) => tally.busy += 1,
                    Some(_) => {}
                    None => tally.cut += 1,
                }
            });
            match sent {
                Ok(answer) if answer.code == 0 => {
                    let (id, seq) = (answer.id(), answer.seq());
                    let Errand { person, key, text, .. } = errand;
                    acknowledged.push(Acknowledged { sender: person.id, key, text, id, seq });
                    break;
                }
                Ok(answer) => {
                    assert!([429, 503].contains(&answer.code), "another answer: {}", answer.body);
                    let later = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
                    assert!(later.is_some_and(|seconds| seconds >= 1), "whoever is put off is told until when");
                }
                Err(_) if when_cut == WhenCut::GoHome => {
                    unanswered.push(errand);
                    return (acknowledged, unanswered);
                }
                Err(_) => {}
            }
            // Less patient than it was asked to be, so that an outage of seconds is felt by many attempts.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    (acknowledged, unanswered)
}
