//! What waits to go down, and in which order: answers before news, news in their order.

use std::collections::VecDeque;

use actix_web::rt::time::Instant;
use actix_web::web::Bytes;
use bytestring::ByteString;
use kefu_domain::{ConversationId, Cursor};
use kefu_push::Parcel;

use super::resumes::Ask;

/// Answers that wait; beyond that the client is not read from until it takes some.
const MOST: usize = 64;
/// Pages that wait; beyond that no more are read.
const PAGES: usize = 2;

/// A page of what was missed.
pub(super) struct Page {
    pub(super) text: ByteString,
    /// Where its conversation stands for whoever has it.
    pub(super) at: Cursor,
    /// The highest number in it.
    pub(super) shown: Option<(ConversationId, i64)>,
    /// What is to be read after it.
    pub(super) then: Option<Ask>,
}

/// What is known once the writer has it.
pub(super) enum Upon {
    Answer,
    Page(Box<Page>),
    News(Box<Parcel>),
}

/// The next thing to hand over.
pub(super) enum Next {
    Pong(Bytes),
    /// The answer to the one that was heard then.
    Heartbeat(Instant),
    Frame(ByteString, Upon),
}

/// The queues of one socket.
#[derive(Default)]
pub(super) struct Outgoing {
    pong: Option<Bytes>,
    heartbeat: Option<Instant>,
    answers: VecDeque<ByteString>,
    pages: VecDeque<Page>,
    news: Option<Parcel>,
}

impl Outgoing {
    /// Whether the client is to be read from.
    pub(super) fn has_room(&self) -> bool {
        self.answers.len() < MOST
    }

    /// Whether more of what was missed is to be read.
    pub(super) fn has_room_for_pages(&self) -> bool {
        self.pages.len() < PAGES
    }

    /// Whether news may be taken from the hub: what was missed goes before them.
    pub(super) fn takes_news(&self) -> bool {
        self.pages.is_empty() && self.news.is_none()
    }

    /// The last ping is the one to be answered.
    pub(super) fn pong(&mut self, bytes: Bytes) {
        self.pong = Some(bytes);
    }

    /// A heartbeat is to be answered; one answer does for several.
    pub(super) fn heartbeat(&mut self, heard: Instant) {
        self.heartbeat = self.heartbeat.or(Some(heard));
    }

    /// Whether everything has gone.
    pub(super) fn is_empty(&self) -> bool {
        self.heartbeat.is_none() && self.answers.is_empty() && self.pages.is_empty() && self.news.is_none()
    }

    pub(super) fn answer(&mut self, text: ByteString) {
        self.answers.push_back(text);
    }

    pub(super) fn page(&mut self, page: Page) {
        self.pages.push_back(page);
    }

    pub(super) fn news(&mut self, parcel: Parcel) {
        self.news = Some(parcel);
    }

    /// What goes next.
    pub(super) fn next(&mut self) -> Option<Next> {
        if let Some(bytes) = self.pong.take() {
            return Some(Next::Pong(bytes));
        }
        if let Some(heard) = self.heartbeat.take() {
            return Some(Next::Heartbeat(heard));
        }
        if let Some(text) = self.answers.pop_front() {
            return Some(Next::Frame(text, Upon::Answer));
        }
        if let Some(page) = self.pages.pop_front() {
            return Some(Next::Frame(page.text.clone(), Upon::Page(Box::new(page))));
        }
        self.news.take().map(|parcel| Next::Frame(parcel.text.clone(), Upon::News(Box::new(parcel))))
    }
}
