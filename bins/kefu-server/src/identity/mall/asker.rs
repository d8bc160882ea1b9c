//! A source with patience: bounded in time, left alone for a moment after it hung, counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kefu_domain::Chain;
use tokio::time::timeout;

use super::source::{Asked, Bearer, Sighting, Silent, Source};
use crate::config::MallSource;
use crate::identity::Token;

/// How long a source that hung is left alone; then one question finds out whether it still does.
const PAUSE: Duration = Duration::from_secs(2);
/// A failure that took no longer costs nobody anything, so the next question may try again.
const QUICK: Duration = Duration::from_millis(250);

/// One source of the settings' list.
pub(super) struct Asker {
    pub(super) kind: MallSource,
    source: Box<dyn Source>,
    /// How long an answer may take.
    within: Duration,
    left_alone: LeftAlone,
    /// Whether its last answer failed to come.
    is_silent: AtomicBool,
}

impl Asker {
    pub(super) fn new(kind: MallSource, source: Box<dyn Source>, within: Duration) -> Self {
        Self { kind, source, within, left_alone: LeftAlone::default(), is_silent: AtomicBool::new(false) }
    }

    /// Says at start, and only to the log, what cannot be asked.
    pub(super) async fn greet(&self) {
        let answer = timeout(self.within.max(PAUSE), self.source.greet()).await;
        let error = match answer {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error,
            Err(_) => Silent::because("it takes too long"),
        };
        self.is_silent.store(true, Ordering::Relaxed);
        let (source, error) = (self.kind.as_str(), Chain(&error));
        tracing::warn!(source, %error, "the mall cannot be asked there (mall.tokens); whoever only it knows stays out");
    }

    pub(super) async fn find(&self, asked: &Asked) -> Result<Sighting, Silent> {
        self.put(self.source.find(asked), outcome).await
    }

    pub(super) fn can_add(&self, bearer: &Bearer) -> bool {
        self.source.can_add(bearer)
    }

    pub(super) async fn add(&self, token: &Token, bearer: Bearer) -> Result<Sighting, Silent> {
        self.put(self.source.add(token, bearer), outcome).await
    }

    /// Puts one question.
    pub(super) async fn put<T>(
        &self,
        question: impl Future<Output = Result<T, Silent>>,
        outcome: impl Fn(&T) -> &'static str,
    ) -> Result<T, Silent> {
        let source = self.kind.as_str();
        let began = Instant::now();
        if !self.left_alone.may_be_asked(began) {
            metrics::counter!("kefu_mall_questions_total", "source" => source, "outcome" => "spared").increment(1);
            return Err(Silent::because("it hung a moment ago"));
        }
        let answer = timeout(self.within, question).await;
        let answer = answer.unwrap_or_else(|_| Err(Silent::because("it takes too long")));
        let took = began.elapsed();
        let said = answer.as_ref().map_or("unavailable", outcome);
        metrics::counter!("kefu_mall_questions_total", "source" => source, "outcome" => said).increment(1);
        metrics::histogram!("kefu_mall_question_seconds", "source" => source).record(took.as_secs_f64());
        self.left_alone.came_back(answer.is_ok(), took, Instant::now());
        match &answer {
            Ok(_) if self.is_silent.swap(false, Ordering::Relaxed) => {
                tracing::info!(source, "the mall answers there again");
            }
            Err(error) if !self.is_silent.swap(true, Ordering::Relaxed) => {
                let error = Chain(error);
                tracing::warn!(source, %error, "the mall does not answer there; whoever was in goes on for a while");
            }
            _ => {}
        }
        answer
    }
}

fn outcome(sighting: &Sighting) -> &'static str {
    match sighting {
        Sighting::Of(_) => "found",
        Sighting::Unknown => "unknown",
        Sighting::Nobody => "nobody",
    }
}

/// Until when a source is left alone.
#[derive(Default)]
struct LeftAlone(Mutex<Option<Instant>>);

impl LeftAlone {
    /// Whether somebody may ask now. After a pause it is one at a time, until an answer comes.
    fn may_be_asked(&self, now: Instant) -> bool {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *until {
            None => true,
            Some(over) if now < over => false,
            Some(_) => {
                *until = Some(now + PAUSE);
                true
            }
        }
    }

    fn came_back(&self, answered: bool, took: Duration, now: Instant) {
        let mut until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answered {
            *until = None;
        } else if took > QUICK {
            *until = Some(now + PAUSE);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_that_hung_is_asked_by_one_at_a_time_until_it_answers() {
        let alone = LeftAlone::default();
        let start = Instant::now();
        assert!(alone.may_be_asked(start) && alone.may_be_asked(start));

        alone.came_back(false, Duration::from_secs(3), start);

        assert!(!alone.may_be_asked(start + PAUSE / 2));
        assert!(alone.may_be_asked(start + PAUSE));
        assert!(!alone.may_be_asked(start + PAUSE), "somebody is finding out");
        alone.came_back(true, Duration::from_millis(5), start + PAUSE);
        assert!(alone.may_be_asked(start + PAUSE) && alone.may_be_asked(start + PAUSE));
    }

    #[test]
    fn a_source_that_fails_at_once_is_asked_again_at_once() {
        let alone = LeftAlone::default();
        let start = Instant::now();

        alone.came_back(false, Duration::from_millis(1), start);

        assert!(alone.may_be_asked(start));
    }
}
