//! The envelope of every success.

use actix_web::http::header::HeaderName;
use actix_web::{HttpRequest, HttpResponse, Responder};
use kefu_domain::Sent;
use kefu_push::MallId;
use serde::Serialize;

/// The number of the message in its conversation.
pub(crate) const SEQ: HeaderName = HeaderName::from_static("kefu-seq");
/// `true` when the key had been used before for this content.
pub(crate) const DUPLICATE: HeaderName = HeaderName::from_static("kefu-duplicate");
/// Where the next page of the conversation list begins; absent at its end.
pub(crate) const NEXT: HeaderName = HeaderName::from_static("kefu-next");
/// Whoever asks next for what has changed since this instant, in milliseconds, misses nothing.
pub(crate) const AS_OF: HeaderName = HeaderName::from_static("kefu-as-of");

/// `{"code":0,"msg":"","data":…}`.
#[derive(Debug)]
pub struct Reply<T> {
    data: T,
    headers: Vec<(HeaderName, String)>,
}

impl<T> Reply<T> {
    /// A success with this result.
    pub fn new(data: T) -> Self {
        Self { data, headers: Vec::new() }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

impl Reply<MallId> {
    /// What a sending answers: the id in the body, number and repetition in headers.
    pub(crate) fn sent(sent: &Sent) -> Self {
        let reply = Self::new(MallId(sent.message.id.0)).with(SEQ, sent.message.seq.to_string());
        if sent.duplicate { reply.with(DUPLICATE, "true".to_owned()) } else { reply }
    }
}

/// The code of an answer, in its extensions: the status of nearly all of them is 200, so logs and metrics need this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code(pub i32);

/// The three members of every answer, in the mall's order.
#[derive(Serialize)]
pub(crate) struct Envelope<'a, T> {
    pub(crate) code: i32,
    pub(crate) msg: &'a str,
    pub(crate) data: T,
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        let mut response = response.json(Envelope { code: 0, msg: "", data: &self.data });
        response.extensions_mut().insert(Code(0));
        response
    }
}
