//! A bound on what a client may send without finishing a message.
//!
//! actix looks at the size of a frame when it has all of it, and keeps what has come until then: a client that
//! announces a frame of a terabyte and sends on would fill the memory.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use actix_web::{FromRequest, HttpRequest};
use futures_util::Stream;

/// Bytes without a message, at most. The longest message, in the smallest fragments with their headers, fits.
const MOST: usize = 256 * 1024;

/// The bytes of a client since its last message.
#[derive(Clone, Default)]
pub(crate) struct Unfinished(Rc<Cell<usize>>);

impl Unfinished {
    /// A message came of them.
    pub(crate) fn forget(&self) {
        self.0.set(0);
    }
}

/// The same payload, which ends with an error when too much came without a message.
pub(crate) async fn bounded(request: &HttpRequest, payload: Payload) -> actix_web::Result<(Payload, Unfinished)> {
    let unfinished = Unfinished::default();
    let counted = Counted { payload: payload.into_inner(), unfinished: unfinished.clone() };
    let counted: Pin<Box<dyn Stream<Item = _>>> = Box::pin(counted);
    let payload = Payload::from_request(request, &mut actix_web::dev::Payload::from(counted)).await?;
    Ok((payload, unfinished))
}

struct Counted {
    payload: actix_web::dev::Payload,
    unfinished: Unfinished,
}

impl Stream for Counted {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let heard = ready!(Pin::new(&mut self.payload).poll_next(context));
        if let Some(Ok(bytes)) = &heard {
            let count = self.unfinished.0.get() + bytes.len();
            self.unfinished.0.set(count);
            if count > MOST {
                return Poll::Ready(Some(Err(PayloadError::Overflow)));
            }
        }
        Poll::Ready(heard)
    }
}
