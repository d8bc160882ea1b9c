//! One request, one connection, one answer: bytes that are seen exactly as they travel.

use std::net::SocketAddr;

use kefu_tests::{Visitor, Watch};
use serde_json::Value;

use super::wire::{Wire, visitors_in};

/// A request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn new(method: &str, target: impl Into<String>) -> Self {
        Self { method: method.to_owned(), target: target.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(target: impl Into<String>) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: impl Into<String>) -> Self {
        Self::new("POST", target)
    }

    pub(crate) fn put(target: impl Into<String>) -> Self {
        Self::new("PUT", target)
    }

    pub(crate) fn delete(target: impl Into<String>) -> Self {
        Self::new("DELETE", target)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// As the console says who it is.
    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    pub(crate) fn tenant(self, id: impl std::fmt::Display) -> Self {
        self.header("tenant-id", id.to_string())
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.text(body.to_string())
    }

    /// A body that calls itself JSON, whatever it is.
    pub(crate) fn text(self, body: impl AsRef<[u8]>) -> Self {
        self.header("Content-Type", "application/json").body(body)
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = Some(body.as_ref().to_owned());
        self
    }

    /// A form with one file in it, as the pages upload.
    pub(crate) fn file(self, name: &str, bytes: &[u8]) -> Self {
        let mut body = format!(
            "--kefu\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--kefu--\r\n");
        self.header("Content-Type", "multipart/form-data; boundary=kefu").body(body)
    }

    /// The request as it travels, with a ring on what it says.
    pub(crate) fn bytes(&self, addr: SocketAddr) -> Vec<u8> {
        let Some((watch, body)) = Watch::at(addr).zip(self.body.as_deref()) else { return self.plain(addr) };
        let asking = Self { body: None, ..self.clone() }.plain(addr);
        let visitor = visitors_in(&watch, &asking).pop().unwrap_or_else(Visitor::nobody);
        let body = watch.ring_sent(&visitor, &self.target, body).into_owned();
        Self { body: Some(body), ..self.clone() }.plain(addr)
    }

    fn plain(&self, addr: SocketAddr) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\nHost: {addr}\r\n", self.method, self.target).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        if let Some(body) = &self.body {
            bytes.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// Asks, over a connection of its own.
    #[track_caller]
    pub(crate) fn at(&self, addr: SocketAddr) -> Answer {
        let mut line = Wire::open(addr);
        // A server that refuses a long body may close before it has read all of it.
        let _ = line.try_write(&self.bytes(addr));
        let mut answer = line.answer();
        // "Go on" is not an answer yet.
        while answer.as_ref().is_some_and(|answer| answer.status == 100) {
            answer = line.answer();
        }
        let answer = answer.unwrap_or_else(|| panic!("no answer to {} {}", self.method, self.target));
        if let Some(watch) = Watch::at(addr) {
            let tenant = self.headers.iter().find(|(name, _)| name == "tenant-id").map(|(_, value)| value);
            let tenant = tenant.and_then(|tenant| std::str::from_utf8(tenant).ok());
            watch.learn(&self.target, tenant, &answer.body);
        }
        answer
    }
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: HTTP {} {:?}", self.status, String::from_utf8_lossy(&self.body)))
    }

    /// The code of the envelope.
    #[track_caller]
    pub(crate) fn code(&self) -> i64 {
        self.json()["code"].as_i64().unwrap_or_else(|| panic!("no code in {self:?}"))
    }

    #[track_caller]
    pub(crate) fn msg(&self) -> String {
        self.json()["msg"].as_str().unwrap_or_else(|| panic!("no msg in {self:?}")).to_owned()
    }

    /// What a success brought.
    #[track_caller]
    pub(crate) fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(json["code"], 0, "{json}");
        json["data"].take()
    }

    /// The number of a message that was sent.
    #[track_caller]
    pub(crate) fn seq(&self) -> i64 {
        self.header("Kefu-Seq").unwrap_or_else(|| panic!("no Kefu-Seq in {self:?}")).parse().expect("a number")
    }

    /// Everything by which one answer could be told from another: all but the date.
    pub(crate) fn telltale(&self) -> (u16, Vec<(String, String)>, Vec<u8>) {
        let mut headers = self.headers.clone();
        headers.retain(|(name, _)| name != "date");
        for (_, value) in &mut headers {
            // The order of a list says which of the server's threads answered, and nothing else.
            let mut words: Vec<_> = value.split(", ").collect();
            words.sort_unstable();
            *value = words.join(", ");
        }
        headers.sort();
        (self.status, headers, self.body.clone())
    }
}

/// A value as it stands in a query.
pub(crate) fn encoded(text: impl AsRef<[u8]>) -> String {
    let mut encoded = String::new();
    for &byte in text.as_ref() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
