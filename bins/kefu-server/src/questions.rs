//! Questions to the database, put where blocking is allowed, by those who have only so much time.

use std::time::Duration;

use kefu_domain::StoreError;
use kefu_web::ApiError;
use tokio::sync::Semaphore;
use tokio::task::{JoinError, JoinHandle};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout, timeout_at};

/// Questions to the database that are being put or wait for a thread. More of them wait where waiting costs no
/// thread, as after a restart, when everybody comes back at once.
const QUESTIONS_AT_ONCE: usize = 256;

/// Asks the database something where blocking is allowed, and waits that long for the answer. A question that nobody
/// waits for any more is not put, unless it is being put already.
pub(crate) async fn ask<T: Send + 'static>(
    within: Duration,
    question: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    static ROOM: Semaphore = Semaphore::const_new(QUESTIONS_AT_ONCE);
    ask_in(&ROOM, within, question).await
}

async fn ask_in<T: Send + 'static>(
    room: &'static Semaphore,
    within: Duration,
    question: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    let until = Instant::now() + within;
    let Ok(Ok(place)) = timeout_at(until, room.acquire()).await else {
        return Err(ApiError::Desk(kefu::Error::Late));
    };
    let mut asked = Asked(tokio::task::spawn_blocking(move || {
        // Inside, since one that was abandoned stays in the queue until a thread finds it there.
        let _place = place;
        question()
    }));
    answer(timeout_at(until, &mut asked.0).await)
}

/// Like [`ask`], for what must be gone through with although nobody may be waiting any more.
pub(crate) async fn carry_out<T: Send + 'static>(
    within: Duration,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, ApiError> {
    answer(timeout(within, tokio::task::spawn_blocking(work)).await)
}

fn answer<T>(came: Result<Result<Result<T, StoreError>, JoinError>, Elapsed>) -> Result<T, ApiError> {
    match came {
        Ok(Ok(answer)) => answer.map_err(|error| ApiError::Desk(kefu::Error::Store(error))),
        Ok(Err(_)) => Err(ApiError::Desk(kefu::Error::Crashed)),
        Err(_) => Err(ApiError::Desk(kefu::Error::Late)),
    }
}

/// A question that is dropped from its queue with whoever asked it.
struct Asked<T>(JoinHandle<T>);

impl<T> Drop for Asked<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use actix_web::ResponseError;

    use super::*;

    /// A runtime with one thread for questions.
    fn alone(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(1).build();
        runtime.unwrap().block_on(test);
    }

    #[test]
    fn a_question_that_nobody_waits_for_any_more_is_not_put() {
        static ROOM: Semaphore = Semaphore::const_new(3);
        alone(async {
            let (go_on, hangs) = std::sync::mpsc::channel::<()>();
            let (note, put) = std::sync::mpsc::channel();

            let first = tokio::spawn(ask_in(&ROOM, Duration::from_secs(60), move || Ok(hangs.recv())));
            tokio::task::yield_now().await;
            let late = ask_in(&ROOM, Duration::ZERO, move || Ok(note.send(())));
            assert_eq!(late.await.unwrap_err().code(), 503);
            assert_eq!(ROOM.available_permits(), 1, "it keeps its place until a thread has found it");
            go_on.send(()).unwrap();

            assert!(first.await.unwrap().is_ok());
            assert_eq!(ask_in(&ROOM, Duration::from_secs(60), || Ok(7)).await.unwrap(), 7);
            assert!(put.try_recv().is_err(), "it was put although its asker had gone");
        });
    }

    #[test]
    fn where_many_questions_wait_the_next_has_its_turn_or_is_told_to_come_again() {
        static ROOM: Semaphore = Semaphore::const_new(1);
        alone(async {
            let (go_on, hangs) = std::sync::mpsc::channel::<()>();
            let first = tokio::spawn(ask_in(&ROOM, Duration::from_secs(60), move || Ok(hangs.recv())));
            tokio::task::yield_now().await;

            let refusal = ask_in(&ROOM, Duration::from_millis(1), || Ok(())).await.unwrap_err();
            let patient = tokio::spawn(ask_in(&ROOM, Duration::from_secs(60), || Ok(7)));
            go_on.send(()).unwrap();

            assert_eq!(refusal.code(), 503);
            let response = refusal.error_response();
            assert_eq!(response.headers().get("retry-after").map(|seconds| seconds.as_bytes()), Some(&b"1"[..]));
            assert!(first.await.unwrap().is_ok());
            assert_eq!(patient.await.unwrap().unwrap(), 7);
        });
    }
}
