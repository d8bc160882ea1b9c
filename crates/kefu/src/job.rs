//! A command on its way through a lane, and the answer on its way back.

use std::time::Instant;

use kefu_domain::{Act, Command, Outline, Sent};
use tokio::sync::oneshot;

use crate::Error;

/// What came of a command. `handed` ends when the news was handed to the writers of the sender's own sockets.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The conversation as the command left it.
    pub(crate) after: Outline,
    pub(crate) sent: Option<Sent>,
    pub(crate) handed: Option<oneshot::Receiver<()>>,
}

/// A command, waiting for its turn.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) command: Command,
    /// The sender's picture, for the frame.
    pub(crate) avatar: Option<String>,
    pub(crate) arrived: Instant,
    /// A commit that carried this job was sent and not answered.
    pub(crate) unsure: bool,
    /// An attempt of this job would have been news, had its commit been answered.
    pub(crate) was_news: bool,
    answer: Option<oneshot::Sender<Result<Answer, Error>>>,
    counted: Option<Counted>,
}

/// A job in a lane's gauge, from its acceptance until it is gone.
#[derive(Debug)]
pub(crate) struct Counted(metrics::Gauge);

impl Counted {
    pub(crate) fn new(gauge: &metrics::Gauge) -> Self {
        gauge.increment(1.0);
        Self(gauge.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

impl Job {
    pub(crate) fn new(command: Command, avatar: Option<String>) -> (Self, oneshot::Receiver<Result<Answer, Error>>) {
        let (answer, receiver) = oneshot::channel();
        (
            Self {
                command,
                avatar,
                arrived: Instant::now(),
                unsure: false,
                was_news: false,
                answer: Some(answer),
                counted: None,
            },
            receiver,
        )
    }

    /// Whether a commit of ours that was not answered may have done it. Nobody was told yet: what is found of it now
    /// counts as new, and whoever drops it must say that something may be missing.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.unsure && self.was_news
    }

    /// Notes that it is run, with so many messages said before it. Run again, it hides nothing that was said since.
    pub(crate) fn is_run(&mut self, head_seq: i64) {
        if let Act::Hide(up_to @ None) = &mut self.command.act {
            *up_to = Some(head_seq);
        }
    }

    /// Shows the job in its lane's gauge.
    pub(crate) fn count(&mut self, gauge: &metrics::Gauge) {
        self.counted = Some(Counted::new(gauge));
    }

    /// Whether nobody waits for the answer any more: what was not done by now must not be done behind their back.
    pub(crate) fn is_given_up(&self) -> bool {
        self.answer.as_ref().is_none_or(oneshot::Sender::is_closed)
    }

    /// Answers, once. Nobody listening is no reason for anything.
    pub(crate) fn answer(&mut self, result: Result<Answer, Error>) {
        if let Some(answer) = self.answer.take() {
            let _ = answer.send(result);
        }
    }
}
