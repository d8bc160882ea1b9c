//! What clients have missed, being read for them: a few conversations side by side, of each one page after another.

use std::collections::VecDeque;

use actix_web::web::Data;
use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use kefu_domain::{ClientMsgId, Cursor, Since};

use crate::person::Person;
use crate::{ApiError, Site};

/// Conversations that are being read at once.
const SIDE_BY_SIDE: usize = 4;

/// What is to be read.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    /// From here on; without it a member's conversation from its newest page.
    pub(super) from: Option<Cursor>,
    /// What an answer that says no carries back.
    pub(super) key: Option<ClientMsgId>,
}

impl From<Cursor> for Ask {
    fn from(from: Cursor) -> Self {
        Self { from: Some(from), key: None }
    }
}

/// What was read.
pub(super) type Read = (Ask, Result<Option<Since>, ApiError>);

/// The readings of one socket.
pub(super) struct Resumes {
    site: Data<Site>,
    person: Person,
    waiting: VecDeque<Ask>,
    running: FuturesUnordered<LocalBoxFuture<'static, Read>>,
}

impl Resumes {
    pub(super) fn new(site: Data<Site>, person: Person) -> Self {
        Self { site, person, waiting: VecDeque::new(), running: FuturesUnordered::new() }
    }

    /// Whether there is nothing to read.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn push(&mut self, ask: Ask) {
        self.waiting.push_back(ask);
    }

    /// Waits for the next page; for ever, where nothing is to be read. Nothing is lost when it is dropped.
    pub(super) async fn next(&mut self) -> Read {
        while self.running.len() < SIDE_BY_SIDE {
            let Some(ask) = self.waiting.pop_front() else { break };
            self.running.push(Box::pin(read(self.site.clone(), self.person.clone(), ask)));
        }
        match self.running.next().await {
            Some(read) => read,
            None => std::future::pending().await,
        }
    }
}

async fn read(site: Data<Site>, person: Person, ask: Ask) -> Read {
    let read = person.resume(&site, ask.from).await;
    (ask, read)
}
