//! What a client has asked for and was not answered yet.
//!
//! What concerns one conversation is done in the order in which it came, one after another; several conversations go
//! side by side. When something could not be said in time, what was said after it in the same conversation and waits
//! is not said either: the client says all of it again, in its order.

use std::collections::{HashSet, VecDeque};

use actix_web::web::Data;
use bytestring::ByteString;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use kefu::Post;
use kefu_domain::{ClientMsgId, ConversationId, MessageId};
use kefu_push::v2::{self, Action};

use super::frames;
use crate::person::Person;
use crate::{ApiError, Site};

/// Asked for and not answered; beyond that the client is not read from until something is.
const MOST: usize = 64;
/// Conversations in which something is being done at once.
const SIDE_BY_SIDE: usize = 8;

/// Something to do.
pub(super) struct Job {
    pub(super) what: What,
    /// A member need not say.
    pub(super) conversation: Option<ConversationId>,
    /// What the answer carries back.
    pub(super) key: Option<ClientMsgId>,
}

pub(super) enum What {
    Send(Box<Post>),
    Read(i64),
    Revoke(MessageId),
    Delete(MessageId),
}

/// A job that is done, for better or worse.
struct Done {
    lane: Option<ConversationId>,
    was_send: bool,
    answer: ByteString,
    /// Why it is to be asked for again.
    again: Option<ApiError>,
    learnt: Option<ConversationId>,
}

/// The jobs of one socket.
pub(super) struct Jobs {
    site: Data<Site>,
    person: Person,
    waiting: VecDeque<Job>,
    running: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    /// Conversations in which one is being done.
    busy: HashSet<Option<ConversationId>>,
}

/// What came of one or several jobs.
pub(super) struct Answers {
    pub(super) frames: Vec<ByteString>,
    /// The conversation in which a message was stored.
    pub(super) learnt: Option<ConversationId>,
}

impl Jobs {
    pub(super) fn new(site: Data<Site>, person: Person) -> Self {
        Self { site, person, waiting: VecDeque::new(), running: FuturesUnordered::new(), busy: HashSet::new() }
    }

    /// Whether the client is to be read from.
    pub(super) fn has_room(&self) -> bool {
        self.waiting.len() + self.running.len() < MOST
    }

    /// Whether everything is answered.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    pub(super) fn push(&mut self, job: Job) {
        self.waiting.push_back(job);
        self.start();
    }

    /// Waits until something is done; for ever, where there is nothing to do. Nothing is lost when it is dropped.
    pub(super) async fn next(&mut self) -> Answers {
        let Some(done) = self.running.next().await else { return std::future::pending().await };
        self.busy.remove(&done.lane);
        let mut frames = vec![done.answer];
        if let Some(error) = done.again.filter(|_| done.was_send) {
            let (behind, stay) = std::mem::take(&mut self.waiting).into_iter().partition::<VecDeque<_>, _>(|job| {
                matches!(job.what, What::Send(_)) && lane(&self.person, job) == done.lane
            });
            self.waiting = stay;
            frames.extend(behind.into_iter().map(|job| frames::refused(Some(Action::Send), &error, job.key.as_ref())));
        }
        self.start();
        Answers { frames, learnt: done.learnt }
    }

    fn start(&mut self) {
        let mut behind = HashSet::new();
        let mut later = VecDeque::new();
        for job in std::mem::take(&mut self.waiting) {
            let lane = lane(&self.person, &job);
            if self.running.len() >= SIDE_BY_SIDE || self.busy.contains(&lane) || behind.contains(&lane) {
                behind.insert(lane);
                later.push_back(job);
                continue;
            }
            self.busy.insert(lane);
            self.running.push(Box::pin(carry(self.site.clone(), self.person.clone(), job, lane)));
        }
        self.waiting = later;
    }
}

/// A member has one conversation, whether it is named or not.
fn lane(person: &Person, job: &Job) -> Option<ConversationId> {
    job.conversation.filter(|_| matches!(person, Person::Admin(_)))
}

async fn carry(site: Data<Site>, person: Person, job: Job, lane: Option<ConversationId>) -> Done {
    let Job { what, conversation, key } = job;
    let key = key.as_ref();
    let was_send = matches!(what, What::Send(_));
    let (action, result) = match what {
        What::Send(post) => {
            let sent = person.send(&site, conversation, *post).await;
            (Action::Send, sent.map(|sent| (v2::sent(&sent, key), Some(sent.message.conversation))))
        }
        What::Read(seq) => {
            let read = person.read(&site, conversation, Some(seq)).await;
            (Action::Read, read.map(|()| (v2::done(Action::Read, None, key), None)))
        }
        What::Revoke(message) => {
            let after = person.revoke(&site, conversation, message).await;
            (Action::Revoke, after.map(|after| (v2::done(Action::Revoke, Some(after.cursor()), key), None)))
        }
        What::Delete(message) => {
            let after = person.delete(&site, conversation, message).await;
            (Action::Delete, after.map(|after| (v2::done(Action::Delete, Some(after.cursor()), key), None)))
        }
    };
    match result {
        Ok((answer, learnt)) => Done { lane, was_send, answer, again: None, learnt },
        Err(error) => {
            let answer = frames::refused(Some(action), &error, key);
            Done { lane, was_send, answer, again: error.told().retry_after.is_some().then_some(error), learnt: None }
        }
    }
}
