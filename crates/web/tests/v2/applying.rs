//! The rules of a client: what it shows after everything that it heard.

use std::collections::BTreeMap;

use serde_json::Value;

/// One conversation, as a client has it.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    pub(crate) seq: i64,
    pub(crate) change: i64,
    pub(crate) shown: BTreeMap<i64, String>,
    /// Frames that did not follow from what was here.
    pub(crate) gaps: usize,
    /// Messages that were here before.
    pub(crate) again: usize,
}

impl Screen {
    /// Takes a frame in.
    pub(crate) fn take(&mut self, frame: &Value) {
        let ext = &frame["ext"];
        match frame["action"].as_str().unwrap_or_default() {
            "resume" if ext["messages"].is_array() => self.resume(ext),
            "send" | "revoke" | "delete" | "read" | "update" if frame["category"] != "ack" => {
                let Some(change) = ext["change"].as_i64() else { return };
                if change <= self.change {
                    self.again += 1;
                    return;
                }
                if change > self.change + 1 {
                    self.gaps += 1;
                    return;
                }
                self.change = change;
                if frame["id"].is_i64() {
                    self.show(frame);
                }
            }
            _ => {}
        }
    }

    fn resume(&mut self, ext: &Value) {
        if ext["reset"] == true {
            *self = Self { gaps: self.gaps, again: self.again, ..Self::default() };
        }
        for message in ext["messages"].as_array().unwrap().iter().chain(ext["changed"].as_array().unwrap()) {
            self.show(message);
        }
        if ext["more"] == false {
            self.change = self.change.max(ext["change"].as_i64().unwrap());
        }
    }

    fn show(&mut self, message: &Value) {
        let seq = message["ext"]["seq"].as_i64().unwrap();
        if self.shown.insert(seq, message["content"].as_str().unwrap().to_owned()).is_some() {
            self.again += 1;
        }
        self.seq = self.seq.max(seq);
    }

    /// Whether it shows exactly these numbers, from the first to the last.
    pub(crate) fn is_whole(&self, first: i64, last: i64) -> bool {
        self.shown.keys().copied().eq(first..=last) && self.seq == last
    }
}
