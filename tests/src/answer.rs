//! What the server said, or that it said nothing.

use std::time::Duration;

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::canary::{Visitor, Watch, take_off};

/// An answer, taken apart.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status, nearly always 200.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The body as it came.
    pub body: String,
    /// The envelope's `code`; -1 where the body is no envelope.
    pub code: i64,
    /// The envelope's `msg`.
    pub msg: String,
    /// The envelope's `data`.
    pub data: Value,
    /// From the first byte out to the last byte in.
    pub took: Duration,
}

/// No answer: refused, cut, or out of time.
#[derive(Debug)]
pub struct Unanswered {
    /// What the client saw.
    pub error: reqwest::Error,
    /// How long it took to see it.
    pub took: Duration,
}

impl Answer {
    /// Takes in all of it, as far as it comes, under the eyes of the watch.
    pub(crate) async fn read(
        mut response: reqwest::Response,
        since: std::time::Instant,
        watch: &Watch,
        visitor: &Visitor,
    ) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let place = response.url().path().to_owned();
        let mut head = Vec::new();
        for (name, value) in &headers {
            head.extend_from_slice(&[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\n"].concat());
        }
        watch.must_see(std::slice::from_ref(visitor), &format!("the headers of {place}"), &head);
        let mut body = Vec::new();
        let end = loop {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let took = since.elapsed();
        watch.must_see(std::slice::from_ref(visitor), &place, &body);
        end?;
        let body = String::from_utf8_lossy(&take_off(&body)).into_owned();
        let envelope: Value = serde_json::from_str(&body).unwrap_or_default();
        Ok(Self {
            status,
            headers,
            code: envelope["code"].as_i64().unwrap_or(-1),
            msg: envelope["msg"].as_str().unwrap_or_default().to_owned(),
            data: envelope["data"].clone(),
            body,
            took,
        })
    }

    /// This answer, which must be a success.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!((self.status, self.code), (200, 0), "not a success: {}", self.body);
        self
    }

    /// This answer, which must have that code.
    #[track_caller]
    pub fn refused(self, code: i64) -> Self {
        assert_eq!((self.status, self.code), (200, code), "another answer: {}", self.body);
        self
    }

    /// A header's text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The number of the message, as `Kefu-Seq` says.
    #[track_caller]
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.header("kefu-seq").and_then(|seq| seq.parse().ok()).expect("an answer to a sending carries Kefu-Seq")
    }

    /// Whether the message had been sent before.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        self.header("kefu-duplicate") == Some("true")
    }

    /// The id in `data`, a number or the text of one.
    #[track_caller]
    #[must_use]
    pub fn id(&self) -> i64 {
        number(&self.data).expect("data is an id")
    }

    /// The rows in `data`.
    #[track_caller]
    #[must_use]
    pub fn rows(&self) -> &[Value] {
        self.data.as_array().expect("data is an array")
    }
}

/// An id: a number, or the text of one.
pub(crate) fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
