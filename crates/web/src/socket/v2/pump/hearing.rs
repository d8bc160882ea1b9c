//! What comes up: each frame is understood and put where it belongs; nothing is waited for.

use std::time::Duration;

use actix_web::rt::time::Instant;
use actix_ws::AggregatedMessage;
use kefu_domain::{ClientMsgId, ConversationId, MessageId};
use kefu_push::v2::{self, Action, Heard, Said, Up};

use super::super::jobs::{Job, What};
use super::super::{End, frames};
use super::{Own, Pump};
use crate::{ApiError, json, person};

/// Nobody hears more often than this that the same client is writing.
const TYPING_EVERY: Duration = Duration::from_secs(2);

impl Pump {
    /// The client was heard; says whether that was the end.
    pub(super) fn hear(&mut self, message: AggregatedMessage) -> Option<End> {
        self.heard = Instant::now();
        self.admitted.heard();
        match message {
            AggregatedMessage::Text(text) => self.say(&text),
            AggregatedMessage::Ping(bytes) => self.out.pong(bytes),
            AggregatedMessage::Pong(_) => {}
            AggregatedMessage::Binary(_) => return Some(End::NoText),
            AggregatedMessage::Close(_) => return Some(End::Gone),
        }
        None
    }

    fn say(&mut self, text: &str) {
        let frame = match json::object(text.as_bytes()) {
            Ok(frame) => frame,
            Err(flaw) => {
                return self.out.answer(frames::refused(None, &ApiError::Invalid(flaw.to_string().into()), None));
            }
        };
        let Heard { up, client_msg_id: key } = match v2::hear(&frame) {
            Ok(heard) => heard,
            Err(misheard) => return self.out.answer(frames::misheard(&misheard)),
        };
        let job = |what, conversation| Job { what, conversation, key: key.clone() };
        match up {
            Up::Auth(_) => {
                let error = ApiError::Invalid("auth is the first frame and no other".into());
                self.out.answer(frames::refused(Some(Action::Auth), &error, key.as_ref()));
            }
            Up::Resume { epoch, cursors, drop } => {
                drop.into_iter().for_each(|id| self.followed.forget(id));
                if let Some(cursors) = cursors {
                    self.resume(epoch.as_deref(), cursors, key);
                }
            }
            Up::Send(Said { conversation, kind, content, key: of_message, quote }) => {
                match self.post(kind, &content, of_message, quote) {
                    Ok(what) => self.ask(job(what, conversation)),
                    Err(error) => self.out.answer(frames::refused(Some(Action::Send), &error, key.as_ref())),
                }
            }
            Up::Read { conversation, seq } => self.ask(job(What::Read(seq), conversation)),
            Up::Revoke { conversation, message } => self.ask(job(What::Revoke(message), conversation)),
            Up::Delete { conversation, message } => self.ask(job(What::Delete(message), conversation)),
            Up::Typing { conversation, on } => self.typing(conversation, on),
            Up::Heartbeat { received } => {
                self.followed.received(&received, self.heard);
                self.followed.beat();
                self.out.heartbeat(self.heard);
            }
            Up::Receive { received } => self.followed.received(&received, self.heard),
        }
    }

    fn post(&self, kind: i32, content: &str, key: ClientMsgId, quote: Option<MessageId>) -> Result<What, ApiError> {
        let post = person::post(self.person.side(), kind.into(), content, Some(key), quote)?;
        Ok(What::Send(Box::new(post)))
    }

    /// A member's own conversation is known to be theirs, or found by whoever does it.
    fn ask(&mut self, mut job: Job) {
        if let Own::Known(own) = self.own {
            let is_send = matches!(job.what, What::Send(_));
            match job.conversation {
                Some(id) if id == own && is_send => job.conversation = None,
                None if !is_send => job.conversation = Some(own),
                _ => {}
            }
        }
        self.jobs.push(job);
    }

    fn typing(&mut self, conversation: Option<ConversationId>, on: bool) {
        if self.typed.is_some_and(|typed| self.heard - typed < TYPING_EVERY) {
            return;
        }
        self.typed = Some(self.heard);
        self.person.clone().typing(&self.site, conversation, on);
    }
}
