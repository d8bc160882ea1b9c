//! A bound on what a client may begin without finishing it, in bytes and in time.
//!
//! actix looks at the size of a frame when it has all of it, and keeps what has come until then; it waits for the rest
//! for ever. So a client that announces a frame of a terabyte and sends on would fill the memory, and one that sends
//! half a frame would hold a place. Here the bytes are looked at before actix has them.

mod frames;

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;
use tokio::time::{Instant, Sleep, sleep_until};

use frames::Frames;

/// How long a frame, or a message of several, may take from its first byte to its last.
const WITHIN: Duration = Duration::from_secs(10);

/// Why a socket's stream ended with an error that is the client's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A message longer than the dialect allows was begun.
    TooLong,
    /// A frame or a message was begun and not finished in ten seconds.
    TooSlow,
}

/// What a socket's client has begun and not finished; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Rc<Cell<Option<Fault>>>);

impl Unfinished {
    /// Why the stream ended with an error; `None` while it has not, and for every other reason.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.0.get()
    }
}

/// The same payload, which ends with an error as soon as a message of more than `longest` bytes is announced, and when
/// one stays unfinished for too long.
pub(crate) async fn watched(
    request: &HttpRequest,
    payload: Payload,
    longest: usize,
) -> actix_web::Result<(Payload, Unfinished)> {
    let unfinished = Unfinished::default();
    let watched = Watched::new(payload.into_inner(), longest, unfinished.clone());
    let watched: Pin<Box<dyn Stream<Item = _>>> = Box::pin(watched);
    let payload = Payload::from_request(request, &mut actix_web::dev::Payload::from(watched)).await?;
    Ok((payload, unfinished))
}

/// A client's bytes on their way to actix.
struct Watched<S> {
    bytes: S,
    frames: Frames,
    /// Runs while something is unfinished.
    patience: Option<Pin<Box<Sleep>>>,
    unfinished: Unfinished,
}

impl<S> Watched<S> {
    fn new(bytes: S, longest: usize, unfinished: Unfinished) -> Self {
        Self { bytes, frames: Frames::new(longest), patience: None, unfinished }
    }

    fn end(&self, fault: Fault) -> Poll<Option<Result<Bytes, PayloadError>>> {
        self.unfinished.0.set(Some(fault));
        Poll::Ready(Some(Err(PayloadError::Overflow)))
    }
}

impl<S: Stream<Item = Result<Bytes, PayloadError>> + Unpin> Stream for Watched<S> {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let heard = Pin::new(&mut self.bytes).poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &heard {
            let Ok(progress) = self.frames.take(bytes) else { return self.end(Fault::TooLong) };
            if progress.finished {
                self.patience = None;
            }
            if progress.unfinished && self.patience.is_none() {
                self.patience = Some(Box::pin(sleep_until(Instant::now() + WITHIN)));
            }
        }
        let late = self.patience.as_mut().is_some_and(|patience| patience.as_mut().poll(context).is_ready());
        if late { self.end(Fault::TooSlow) } else { heard }
    }
}

#[cfg(test)]
mod tests;
