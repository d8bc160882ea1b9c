//! One socket of somebody who has come in. Reading never waits for writing: what is heard is answered next, however
//! much waits to go down.

mod hearing;
mod telling;

use std::any::Any;
use std::sync::Arc;

use actix_web::rt::time::{Instant, sleep_until};
use actix_web::web::Data;
use actix_ws::Session;
use kefu_domain::ConversationId;
use kefu_push::v2;
use kefu_push::{Ending, Inbox, Parcel, Seat};

use super::auth::Entered;
use super::followed::{Followed, Overdue};
use super::jobs::Jobs;
use super::outgoing::{Next, Outgoing, Upon};
use super::resumes::Resumes;
use super::{End, Wire};
use crate::Site;
use crate::admission::Admitted;
use crate::person::Person;
use crate::socket::hand_over::{HandOver, finish};
use crate::socket::{GOODBYE, SILENCE};

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
    /// A page is being handed over that has another one behind it.
    turning: bool,
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
            turning: false,
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
        self.resumes.is_idle() && self.out.takes_news() && !self.turning
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
            Next::Frame(text, upon) => {
                self.turning = matches!(&upon, Upon::Page(page) if page.then.is_some());
                HandOver::text(session, text, upon)
            }
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
                self.turning = false;
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
}

/// When a socket is to be looked after.
struct Wakes {
    at: Instant,
    /// If that is the end.
    end: Option<End>,
}
