//! Handing something to a socket's writer, which takes 32 frames before it makes us wait.

use std::future::pending;
use std::pin::Pin;

use actix_web::rt::time::Instant;
use actix_web::web::Bytes;
use actix_ws::{Closed, Session};
use bytestring::ByteString;

use super::STUCK;

/// What is being handed over, with what is to be known or let go when the writer has it.
pub(super) struct HandOver<T> {
    done: Pin<Box<dyn Future<Output = Result<(), Closed>>>>,
    since: Instant,
    upon: T,
}

impl<T> HandOver<T> {
    /// A frame.
    pub(super) fn text(session: &Session, text: ByteString, upon: T) -> Self {
        let mut session = session.clone();
        Self { done: Box::pin(async move { session.text(text).await }), since: Instant::now(), upon }
    }

    /// The answer to a ping of the protocol's own.
    pub(super) fn pong(session: &Session, bytes: Bytes, upon: T) -> Self {
        let mut session = session.clone();
        Self { done: Box::pin(async move { session.pong(&bytes).await }), since: Instant::now(), upon }
    }

    /// When it has taken so long that there is nobody at the other end.
    pub(super) fn stuck_at(&self) -> Instant {
        self.since + STUCK
    }
}

/// Waits until the writer has it; `None` when the peer has gone. Nothing is lost when the future is dropped.
pub(super) async fn finish<T>(handing: &mut Option<HandOver<T>>) -> Option<T> {
    let Some(current) = handing else { return pending().await };
    let handed = current.done.as_mut().await;
    let upon = handing.take()?.upon;
    handed.ok().map(|()| upon)
}
