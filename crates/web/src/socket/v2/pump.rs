//! One socket of somebody who has come in. Reading never waits for writing: what is heard is answered next, however
//! much waits to go down.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::{Instant, sleep_until};
use actix_web::web::Data;
use actix_ws::{AggregatedMessage, Session};
use kefu_domain::{ClientMsgId, ConversationId, Cursor, MessageId, Since};
use kefu_push::v2::{self, Action, Heard, Said, Up};
use kefu_push::{Ending, Inbox, Parcel, Seat};

use super::auth::Entered;
use super::followed::{Fate, Followed, Overdue};
use super::jobs::{Job, Jobs, What};
use super::outgoing::{Next, Outgoing, Page, Upon};
use super::resumes::{Ask, Read, Resumes};
use super::{End, Wire, frames};
use crate::admission::Admitted;
use crate::person::{self, Person};
use crate::socket::hand_over::{HandOver, finish};
use crate::socket::{GOODBYE, SILENCE};
use crate::{ApiError, Site, json};

/// Nobody hears more often than this that the same client is writing.
const TYPING_EVERY: Duration = Duration::from_secs(2);
/// What may be waited for to be resumed; whoever asks for more is told to come again.
const MOST_WAITING: usize = 256;

/// One socket.
pub(super) struct Pump {
    site: Data<Site>,
    person: Person,
    admitted: Admitted,
    inbox: Inbox,
    followed: Followed,
    resumes: Resumes,
    jobs: Jobs,
    out: Outgoing,
    /// News that do not follow from what was given, until what is between has been read.
    ahead: Option<Parcel>,
    /// A member's conversation, once it is known.
    own: Own,
    /// When the client was last heard.
    heard: Instant,
    /// When it was last passed on that the client is writing.
    typed: Option<Instant>,
    /// The server stops: answers that are under way still go out, until then.
    stops: Option<Instant>,
    #[expect(dead_code, reason = "held for its drop")]
    seat: Seat,
    #[expect(dead_code, reason = "held for its drop")]
    keeps: Option<Arc<dyn Any + Send + Sync>>,
}

/// What is known of a member's conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Own {
    /// Nothing.
    Unknown,
    /// There was none when the client wanted to resume it: it has all that will be in it.
    NotYet,
    /// Its id.
    Known(ConversationId),
}

impl Pump {
    pub(super) fn new(site: Data<Site>, entered: Entered) -> Self {
        let Entered { person, admitted, seat, inbox, keeps, resume } = entered;
        let mut pump = Self {
            resumes: Resumes::new(site.clone(), person.clone()),
            jobs: Jobs::new(site.clone(), person.clone()),
            site,
            person,
            admitted,
            inbox,
            followed: Followed::default(),
            out: Outgoing::default(),
            ahead: None,
            own: Own::Unknown,
            heard: Instant::now(),
            typed: None,
            stops: None,
            seat,
            keeps,
        };
        if let Some((epoch, cursors)) = resume {
            pump.resume(epoch.as_deref(), cursors, None);
        }
        pump
    }

    /// Runs until either side goes.
    pub(super) async fn run(mut self, wire: &mut Wire) -> End {
        let mut handing: Option<HandOver<Upon>> = None;
        loop {
            if let Some(end) = self.look() {
                return end;
            }
            if handing.is_none() {
                handing = self.next(&wire.session);
            }
            let idle = handing.is_none();
            if idle && self.stops.is_some() && self.out.is_empty() && self.jobs.is_idle() {
                return End::Stopping;
            }
            let reads = self.jobs.has_room() && self.out.has_room() && self.stops.is_none();
            if !reads {
                // Whoever is not listened to is not silent.
                self.heard = Instant::now();
            }
            let wakes = self.wakes(handing.as_ref());
            tokio::select! {
                () = sleep_until(wakes.at) => if let Some(end) = wakes.end { return end },
                heard = wire.stream.recv(), if reads => {
                    let message = match heard {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return wire.ended(Some(&error)),
                        None => return wire.ended(None),
                    };
                    if let Some(end) = self.hear(message) {
                        return end;
                    }
                }
                () = self.admitted.displaced() => return End::TooMany,
                handed = finish(&mut handing), if !idle => match handed {
                    Some(upon) => self.handed(upon),
                    None => return End::Gone,
                },
                answers = self.jobs.next() => {
                    answers.frames.into_iter().for_each(|frame| self.out.answer(frame));
                    if let Some(id) = answers.learnt {
                        self.learn(id);
                    }
                }
                read = self.resumes.next(), if self.out.has_room_for_pages() => self.read(read),
                parcel = self.inbox.next(), if idle && self.takes_news() => match parcel {
                    Some(parcel) => self.news(parcel),
                    None if self.inbox.ending() == Some(Ending::Stopping) => self.stops = Some(Instant::now() + GOODBYE),
                    None => return End::LetGo,
                },
            }
        }
    }

    /// What time and others have brought.
    fn look(&mut self) -> Option<End> {
        if self.inbox.ending() == Some(Ending::LetGo) {
            return Some(End::LetGo);
        }
        if self.ahead.is_some()
            && self.has_caught_up()
            && let Some(parcel) = self.ahead.take()
        {
            self.after_a_gap(parcel);
        }
        if self.has_caught_up() {
            match self.followed.overdue(Instant::now()) {
                Overdue::Again(cursors) => {
                    metrics::counter!("kefu_retransmissions_total").increment(cursors.len() as u64);
                    cursors.into_iter().for_each(|from| self.resumes.push(from.into()));
                }
                Overdue::TooLate => return Some(End::Unconfirmed),
            }
        }
        None
    }

    /// Whether nothing is missing that was asked for.
    fn has_caught_up(&self) -> bool {
        self.resumes.is_idle() && self.out.takes_news()
    }

    /// While something is being caught up with, news wait where they are.
    fn takes_news(&self) -> bool {
        self.has_caught_up() && self.ahead.is_none() && self.stops.is_none()
    }

    /// When to look again.
    fn wakes(&self, handing: Option<&HandOver<Upon>>) -> Wakes {
        let silent = self.heard + SILENCE;
        let lost = handing.map_or(silent, |handing| silent.min(handing.stuck_at()));
        if let Some(at) = self.stops.filter(|at| *at <= lost) {
            return Wakes { at, end: Some(End::Stopping) };
        }
        match self.followed.due().filter(|_| self.has_caught_up()) {
            Some(due) if due < lost => Wakes { at: due, end: None },
            _ => Wakes { at: lost, end: Some(End::Lost) },
        }
    }

    /// Starts handing over what goes next.
    fn next(&mut self, session: &Session) -> Option<HandOver<Upon>> {
        Some(match self.out.next()? {
            Next::Pong(bytes) => HandOver::pong(session, bytes, Upon::Answer),
            Next::Frame(text, upon) => HandOver::text(session, text, upon),
            Next::Heartbeat(heard) => {
                metrics::histogram!("kefu_pong_seconds").record(heard.elapsed().as_secs_f64());
                let desk = &self.site.0.desk;
                // Known since this client came in.
                let server_time = self.site.0.clock.at_once(desk)?;
                let heads = desk.heads(&self.followed.ids());
                HandOver::text(session, v2::heartbeat(server_time, desk.epoch(), &heads), Upon::Answer)
            }
        })
    }

    /// The writer has it.
    fn handed(&mut self, upon: Upon) {
        let (at, shown) = match upon {
            Upon::Answer => return,
            Upon::Page(page) => {
                if let Some(ask) = page.then {
                    self.resumes.push(ask);
                }
                (Some(page.at), page.shown)
            }
            Upon::News(parcel) => {
                let of = (parcel.at, parcel.shown);
                parcel.accepted();
                of
            }
        };
        if let Some((conversation, seq)) = shown {
            let (tenant, party) = self.person.who();
            self.site.0.desk.shown(tenant, party, conversation, seq);
        }
        if let Some(at) = at {
            self.followed.handed(at, Instant::now());
        }
    }

    /// Something that the hub has to tell.
    fn news(&mut self, parcel: Parcel) {
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
    fn after_a_gap(&mut self, parcel: Parcel) {
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
    fn read(&mut self, (ask, read): Read) {
        let asked = ask.from.map(|from| from.conversation);
        match read {
            Ok(Some(since)) => self.page(ask, &since),
            Ok(None) => {
                self.own = Own::NotYet;
                self.out.answer(v2::nothing_to_resume(self.site.0.desk.epoch(), ask.key.as_ref()));
            }
            Err(error) => {
                if let Some(id) = asked {
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
                self.followed.follow(Cursor { conversation: id, seq: -1, change: -1 });
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
    fn learn(&mut self, id: ConversationId) {
        if matches!(self.person, Person::Admin(_)) {
            return;
        }
        if self.own == Own::NotYet {
            self.followed.follow(Cursor { conversation: id, seq: 0, change: 0 });
            self.followed.give(Cursor { conversation: id, seq: 0, change: 0 });
        }
        self.own = Own::Known(id);
    }

    fn hear(&mut self, message: AggregatedMessage) -> Option<End> {
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
            Up::Resume { epoch, cursors } => self.resume(epoch.as_deref(), cursors, key),
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

    fn resume(&mut self, epoch: Option<&str>, cursors: Vec<Cursor>, key: Option<ClientMsgId>) {
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
            let from = if other_life { Cursor { seq: -1, change: -1, ..cursor } } else { cursor };
            self.followed.follow(from);
            self.resumes.push(Ask { from: Some(from), key: key.clone() });
        }
    }

    fn typing(&mut self, conversation: Option<ConversationId>, on: bool) {
        if self.typed.is_some_and(|typed| self.heard - typed < TYPING_EVERY) {
            return;
        }
        self.typed = Some(self.heard);
        self.person.clone().typing(&self.site, conversation, on);
    }
}

/// When a socket is to be looked after.
struct Wakes {
    at: Instant,
    /// If that is the end.
    end: Option<End>,
}
