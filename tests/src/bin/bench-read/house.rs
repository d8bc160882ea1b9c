//! A server over a filled database, and those who ask it.

use std::time::Duration;

use kefu_tests::{Backend, Claims, Dice, PATIENCE, Server, Setup};

use crate::fill::{AGENT, Size, Sums};
use crate::line::Line;
use crate::machine::cpu_time;
use crate::question::Question;

/// Members whose tokens are shown; no more than fit into the small house.
const MEMBERS: usize = 500;
/// Lines of the list where no page is asked for: as many as the small house has.
const LIST: usize = 1_000;

/// A server over a filled database.
pub(crate) struct House {
    size: Size,
    pub(crate) server: Server,
    /// The database's process, where it is one of its own.
    database_pid: Option<i32>,
    filled: Option<Sums>,
    agent: String,
    members: Vec<String>,
    dice: Dice,
}

impl House {
    /// Makes the tables. The server does not run afterwards.
    pub(crate) async fn build(backend: Backend, database_pid: Option<i32>, size: Size) -> Self {
        let setup = Setup::on(backend).set("log.level", "\"warn\"").set("desk.list_limit", LIST);
        let mut server = setup.start().await;
        let stopped = server.terminate(PATIENCE).await;
        assert!(stopped.is_some_and(|status| status.success()), "it did not stop well: {stopped:?}");
        let mut dice = Dice::new(0);
        let member = |_| Claims::member(size.any_read(|bound| dice.below(bound)).1).signed(server.secret());
        let members = (0..MEMBERS).map(member).collect();
        let agent = Claims::agent(AGENT).signed(server.secret());
        Self { size, server, database_pid, filled: None, agent, members, dice }
    }

    pub(crate) fn database(&self) -> &'static str {
        if self.database_pid.is_some() { "MariaDB" } else { "SQLite" }
    }

    /// How long its server and its database have been on a core so far.
    pub(crate) fn cpu_time(&self) -> Duration {
        cpu_time(self.server.process().pid()) + self.database_pid.map_or(Duration::ZERO, cpu_time)
    }

    /// Blocks for long.
    pub(crate) fn fill(&mut self) {
        let books = self.server.books();
        self.size.fill(&books, self.database_pid.is_some());
        self.filled = Some(self.size.check(&books));
        // The same words fill a large house, whose rows are too many to be looked at one by one.
        if self.size.messages() <= 100_000 {
            books.audit();
        }
    }

    /// Starts the server, and asks everything once, or once per member, so that whatever is remembered is remembered.
    /// Returns the length that each question's answers have.
    pub(crate) async fn warm_up(&mut self) -> [usize; Question::ALL.len()] {
        self.server.start_again().await;
        let mut line = Line::open(self.server.address()).await;
        for token in &self.members {
            line.ask(&Question::MemberPage.request(self.server.address(), token, self.size, &mut self.dice)).await;
        }
        let mut lengths = [0; Question::ALL.len()];
        for (question, length) in Question::ALL.into_iter().zip(&mut lengths) {
            let request = self.request(question);
            let body = line.ask(&request).await;
            question.check(body, LIST);
            *length = body.len();
        }
        lengths
    }

    /// A request by somebody, about something, as the dice have it.
    pub(crate) fn request(&mut self, question: Question) -> Vec<u8> {
        let token = if question.is_a_members() {
            let members = u64::try_from(self.members.len()).expect("a small number");
            &self.members[usize::try_from(self.dice.below(members)).expect("a small number")]
        } else {
            &self.agent
        };
        question.request(self.server.address(), token, self.size, &mut self.dice)
    }

    /// Everything that was measured must have been reading.
    pub(crate) fn check(&self) {
        let now = self.size.check(&self.server.books());
        assert_eq!(Some(now), self.filled, "{}: something was written", self.database());
    }
}
