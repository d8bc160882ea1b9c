//! What comes down: news in their order, and before them whatever was missed.

use std::time::Duration;

use kefu_domain::{ClientMsgId, ConversationId, Cursor, Since};
use kefu_push::Parcel;
use kefu_push::v2::{self, Action};

use super::super::followed::Fate;
use super::super::frames;
use super::super::outgoing::Page;
use super::super::resumes::{Ask, Read};
use super::{Own, Pump};
use crate::ApiError;
use crate::person::Person;

/// What may wait to be resumed; whoever asks for more is told to come again.
const MOST_WAITING: usize = 256;

impl Pump {
    /// What a client wants to have that it missed.
    pub(super) fn resume(&mut self, epoch: Option<&str>, cursors: Vec<Cursor>, key: Option<ClientMsgId>) {
        if self.resumes.waiting() + cursors.len() > MOST_WAITING {
            let told = ApiError::TooMany(1).told();
            let later = frames::later(Action::Resume, told.code, &told.msg, Duration::from_secs(1), key.as_ref());
            return self.out.answer(later);
        }
        if cursors.is_empty() && matches!(self.person, Person::Member(_)) {
            return self.resumes.push(Ask { from: None, key });
        }
        let other_life = epoch.is_some_and(|epoch| epoch != self.site.0.desk.epoch());
        for cursor in cursors {
            let from = if other_life { Cursor::of_nothing(cursor.conversation) } else { cursor };
            self.followed.follow(from);
            self.resumes.push(Ask { from: Some(from), key: key.clone() });
        }
    }

    /// Something that the hub has to tell.
    pub(super) fn news(&mut self, parcel: Parcel) {
        if self.inbox.has_lagged() {
            // This frame says so. What fell out is read, from what was given of each conversation.
            self.followed.cursors().into_iter().for_each(|from| self.resumes.push(from.into()));
        }
        let Some(at) = parcel.at else { return self.out.news(parcel) };
        self.learn(at.conversation);
        match self.followed.judge(at) {
            Fate::Next => self.out.news(parcel),
            Fate::Old => {}
            Fate::Gap(from) => {
                self.ahead = Some(parcel);
                self.resumes.push(from.into());
            }
        }
    }

    /// What is between has been read. Where there is still something between, nobody here knows what: the client is
    /// given what there is, and sees for itself.
    pub(super) fn after_a_gap(&mut self, parcel: Parcel) {
        let Some(at) = parcel.at else { return };
        match self.followed.judge(at) {
            Fate::Old => {}
            Fate::Next => self.out.news(parcel),
            Fate::Gap(_) => {
                self.followed.give(at);
                self.out.news(parcel);
            }
        }
    }

    /// A page of what was missed.
    pub(super) fn read(&mut self, (ask, read): Read) {
        let asked = ask.from.map(|from| from.conversation);
        match read {
            Ok(Some(since)) => self.page(ask, &since),
            Ok(None) => {
                self.own = Own::NotYet;
                self.out.answer(v2::nothing_to_resume(self.site.0.desk.epoch(), ask.key.as_ref()));
            }
            Err(error) => {
                // One that is there and could not be read is asked for again.
                if let Some(id) = asked.filter(|_| error.is_for_good()) {
                    self.followed.forget(id);
                }
                self.out.answer(frames::refused_in(Some(Action::Resume), &error, asked, ask.key.as_ref()));
            }
        }
    }

    fn page(&mut self, ask: Ask, since: &Since) {
        let id = since.outline.conversation;
        let asked = ask.from.filter(|from| from.conversation == id);
        // One that was merged into another is followed as that other.
        if let Some(gone) = ask.from.filter(|_| asked.is_none()) {
            self.followed.forget(gone.conversation);
        }
        if since.reset || asked.is_none() {
            if !self.followed.follows(id) {
                self.followed.follow(Cursor::of_nothing(id));
            }
            self.followed.start_over(id);
        }
        if matches!(self.person, Person::Member(_)) {
            self.own = Own::Known(id);
        }

        let last = since.messages.last().map(|message| message.seq);
        let (at, then) = match (asked.filter(|_| since.more), last) {
            (Some(from), Some(seq)) => {
                let at = Cursor { seq, ..from };
                (at, Some(Ask { from: Some(at), key: ask.key }))
            }
            _ => (since.outline.cursor(), None),
        };
        self.followed.give(at);
        let text = v2::since(since, self.person.side(), Some(self.site.0.desk.epoch())).frame();
        self.out.page(Page { text, at, shown: last.map(|seq| (id, seq)), then });
    }

    /// A member has one conversation: this. Where there was none when it was to be resumed, it is followed from its
    /// very beginning.
    pub(super) fn learn(&mut self, id: ConversationId) {
        if matches!(self.person, Person::Admin(_)) {
            return;
        }
        if self.own == Own::NotYet {
            self.followed.follow(Cursor { conversation: id, seq: 0, change: 0 });
            self.followed.give(Cursor { conversation: id, seq: 0, change: 0 });
        }
        self.own = Own::Known(id);
    }
}
