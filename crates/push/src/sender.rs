//! Sending frames of any type: the mall's `WebSocketSenderApi`, in Rust.

use kefu_domain::Recipient;
use serde::Serialize;

use crate::guest::Dialect;
use crate::hub::Hub;
use crate::mall;
use crate::parcel::{Frame, Offer};

/// Sends frames to whoever is connected.
pub trait WebSocketSender: Send + Sync {
    /// Sends one frame of type `kind`, with `content` as ready JSON text, and says how many sockets took it.
    ///
    /// It never waits, and nobody hears it who is not the recipient. Only sockets of the mall's dialect do: in
    /// [`Dialect::V2`] such a frame has no form.
    fn send(&self, to: &Recipient, kind: &str, content: &str) -> usize;
}

/// Sends what can be serialised, on every [`WebSocketSender`].
pub trait SendObject {
    /// Encodes the object, then sends it as [`WebSocketSender::send`] does; an error when it cannot be encoded.
    fn send_object<T: Serialize + ?Sized>(
        &self,
        to: &Recipient,
        kind: &str,
        object: &T,
    ) -> Result<usize, serde_json::Error>;
}

impl<S: WebSocketSender + ?Sized> SendObject for S {
    fn send_object<T: Serialize + ?Sized>(
        &self,
        to: &Recipient,
        kind: &str,
        object: &T,
    ) -> Result<usize, serde_json::Error> {
        Ok(self.send(to, kind, &serde_json::to_string(object)?))
    }
}

impl WebSocketSender for Hub {
    fn send(&self, to: &Recipient, kind: &str, content: &str) -> usize {
        let mut chairs = self.sockets(std::slice::from_ref(to));
        chairs.retain(|chair| chair.guest.dialect == Dialect::Mall);
        if chairs.is_empty() {
            return 0;
        }
        let frame = Frame { text: mall::frame(kind, content), ..Frame::default() };
        self.offer(&chairs, |_| Some(Offer { frame: &frame, handed: None }))
    }
}
