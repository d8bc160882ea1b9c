//! People at both servers, who write to each other all the time, and what all of them must have seen in the end.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use kefu_tests::{Books, MallPage, Nodes, Pace, PageState, Person, Server, V2Client, V2State, text};

/// Between two messages of one person.
const BREATH: Duration = Duration::from_millis(100);
/// Each so many messages the last one is taken back, and something is read.
const REVOKES: usize = 7;
const READS: usize = 5;

/// Where people sit down.
pub(crate) struct Seats<'a> {
    a: &'a Server,
    b: &'a Server,
    roam: bool,
    pages: Option<SocketAddr>,
}

impl<'a> Seats<'a> {
    /// Each at one of them.
    pub(crate) fn at(a: &'a Server, b: &'a Server) -> Self {
        Self { a, b, roam: false, pages: None }
    }

    /// Whoever speaks kefu.v2 knows both addresses, and the mall's pages only this one.
    pub(crate) fn with_pages_at(self, balancer: SocketAddr) -> Self {
        Self { roam: true, pages: Some(balancer), ..self }
    }

    fn client(&self, at: &Server, who: impl Fn(&Server) -> Person) -> V2Client {
        let other = if at.address() == self.a.address() { self.b } else { self.a };
        let start = who(at).v2();
        if self.roam { start.at(Nodes::of(&[at, other])).join() } else { start.join() }
    }

    fn before_page(&self, at: &Server, who: impl Fn(&Server) -> Person) -> Person {
        let person = who(at);
        self.pages.map_or(person.clone(), |balancer| person.by_way_of(balancer))
    }
}

/// A member with a device at each server, another at the second, an agent with a device at each, and a mall page at
/// each.
pub(crate) struct Company {
    /// Member 101 at the first server.
    pub(crate) alice: V2Client,
    /// Member 102 at the second.
    pub(crate) carol: V2Client,
    /// Agent 7 at each.
    pub(crate) desks: [V2Client; 2],
    /// The page of member 101, at the second.
    pub(crate) shopper: MallPage,
    /// The page of agent 8, at the first, open at member 101's conversation.
    pub(crate) console: MallPage,
    /// Member 101's.
    pub(crate) of_alice: i64,
    /// Member 102's.
    pub(crate) of_carol: i64,
    took: Mutex<Vec<Duration>>,
}

/// Whoever writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    Alice,
    Carol,
    /// The agent at the first server, to member 102, who is at the second.
    FirstDesk,
    /// The agent at the second server, to member 101, who is at the first.
    SecondDesk,
}

impl Writer {
    pub(crate) const ALL: [Self; 4] = [Self::Alice, Self::Carol, Self::FirstDesk, Self::SecondDesk];
    /// Those at the first server: of what they say the second hears from outside alone.
    pub(crate) const FIRST: [Self; 2] = [Self::Alice, Self::FirstDesk];
    /// Those at the second server.
    pub(crate) const SECOND: [Self; 2] = [Self::Carol, Self::SecondDesk];
}

impl Company {
    /// They come, and everybody has said something.
    pub(crate) async fn gather(seats: &Seats<'_>) -> Self {
        let (a, b) = (seats.a, seats.b);
        let shopper = MallPage::shopper(&seats.before_page(b, |server| server.member(101)), Pace::shopper());
        let console = MallPage::console(&seats.before_page(a, |server| server.agent(8)), Pace::console());
        for page in [&shopper, &console] {
            page.until("its socket", |state| state.open_sockets() == 1).await;
        }
        let alice = seats.client(a, |server| server.member(101));
        let carol = seats.client(b, |server| server.member(102));
        let desks = [a, b].map(|server| seats.client(server, |server| server.agent(7)));
        let of_alice = alice.send(&text("first")).await.conversation;
        let of_carol = carol.send(&text("first")).await.conversation;
        for desk in &desks {
            desk.open(of_alice).await;
            desk.open(of_carol).await;
        }
        console.select(of_alice).await;
        Self { alice, carol, desks, shopper, console, of_alice, of_carol, took: Mutex::default() }
    }

    /// Whoever speaks kefu.v2.
    pub(crate) fn clients(&self) -> [&V2Client; 4] {
        let [first, second] = &self.desks;
        [&self.alice, &self.carol, first, second]
    }

    fn pen(&self, writer: Writer) -> (&V2Client, Option<i64>) {
        match writer {
            Writer::Alice => (&self.alice, None),
            Writer::Carol => (&self.carol, None),
            Writer::FirstDesk => (&self.desks[0], Some(self.of_carol)),
            Writer::SecondDesk => (&self.desks[1], Some(self.of_alice)),
        }
    }

    /// All of them write for as long as that takes.
    pub(crate) async fn talk<T>(&self, meanwhile: impl Future<Output = T>) -> T {
        self.write(&Writer::ALL, meanwhile).await
    }

    /// These write for as long as that takes; then everything that was begun is stored.
    pub(crate) async fn write<T>(&self, writers: &[Writer], meanwhile: impl Future<Output = T>) -> T {
        let over = Cell::new(false);
        let meanwhile = async {
            let result = meanwhile.await;
            over.set(true);
            result
        };
        let all = futures_util::future::join_all(writers.iter().map(|writer| self.pour_out(*writer, &over)));
        tokio::join!(meanwhile, all).0
    }

    async fn pour_out(&self, writer: Writer, over: &Cell<bool>) {
        let (client, to) = self.pen(writer);
        let mut count = 0;
        while !over.get() {
            count += 1;
            let since = Instant::now();
            let ack = client.try_send(to, &text(count)).await.expect("a sending that is stored");
            self.took.lock().unwrap_or_else(PoisonError::into_inner).push(since.elapsed());
            if count % REVOKES == 0 {
                client.revoke(Some(ack.conversation), ack.id).await.expect("one's own of a moment ago");
            }
            if count % READS == 0 {
                client.read(ack.conversation, ack.seq).await.expect("what was shown");
            }
            tokio::time::sleep(BREATH).await;
        }
    }

    /// Waits until each of these has so many more things stored.
    pub(crate) async fn flow(&self, writers: &[Writer], more: usize) {
        let goals: Vec<_> = writers.iter().map(|writer| self.pen(*writer).0.acks().len() + more).collect();
        for (writer, goal) in writers.iter().zip(goals) {
            let enough = |state: &V2State| state.outbox().acks().len() >= goal;
            self.pen(*writer).0.wait(&format!("more of {writer:?}"), 2 * kefu_tests::PATIENCE, enough).await;
        }
    }

    /// What the members have last had stored is at the agent's other device in time, and the other way round.
    pub(crate) async fn crosses(&self, within: Duration) {
        let [first, second] = &self.desks;
        for (from, to, conversation) in [
            (&self.alice, second, self.of_alice),
            (&self.carol, first, self.of_carol),
            (first, &self.carol, self.of_carol),
            (second, &self.alice, self.of_alice),
        ] {
            let last = from.acks().iter().map(|ack| ack.change).max().unwrap_or(0);
            let there = |state: &V2State| state.thread(conversation).is_some_and(|it| it.cursor().change >= last);
            to.wait("what was stored at the other server", within, there).await;
        }
    }

    /// How many sendings were answered so far.
    pub(crate) fn answered(&self) -> usize {
        self.took.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// How long half of the sendings since then took at most.
    pub(crate) fn usual_answer_since(&self, before: usize) -> Duration {
        let mut took = self.took.lock().unwrap_or_else(PoisonError::into_inner)[before..].to_vec();
        took.sort_unstable();
        took[took.len() / 2]
    }

    /// Both sides say and read the last word, so that nothing changes any more; and everybody shows what the books hold.
    pub(crate) async fn ends_well(&self, books: &Books) {
        self.clients_end_well(books).await;
        for (page, conversation) in
            [(&self.shopper, self.of_alice), (&self.console, self.of_alice), (&self.console, self.of_carol)]
        {
            covered(page, conversation, books).await;
        }
        books.audit();
    }

    /// The same of those who speak kefu.v2.
    pub(crate) async fn clients_end_well(&self, books: &Books) {
        for (member, conversation) in [(&self.alice, self.of_alice), (&self.carol, self.of_carol)] {
            // Reading on over one's own words is told to nobody.
            self.desks[0].send_to(conversation, &text("anything else")).await;
            let last = member.send(&text("nothing")).await;
            for reader in [member, &self.desks[0]] {
                reader.read(conversation, last.seq).await.expect("it is read");
            }
        }
        for client in self.clients() {
            shows_all(client, books).await;
        }
    }
}

/// Waits until a client has all that the books hold of what it follows, and looks whether that is what it shows. For
/// when nothing changes any more.
pub(crate) async fn shows_all(client: &V2Client, books: &Books) {
    let rows = books.conversations();
    let all = |state: &V2State| {
        let whole = |id: &i64, cursor: kefu_tests::Cursor| {
            let row = rows.iter().find(|row| row.id == *id);
            row.is_some_and(|row| (row.head, row.change) == (cursor.seq, cursor.change))
        };
        let mut threads = state.notebook().threads().iter();
        state.is_at_rest() && threads.all(|(id, thread)| whole(id, thread.cursor()))
    };
    client.until("all that the books hold", all).await;
    books.are_shown_by(client);
}

/// A page that may have missed something, while its server was gone or stood still, was told nothing twice; and the
/// same page, loaded again, finds everything. The conversation is the one that it shows.
pub(crate) async fn found_by_reloading(page: &MallPage, again: &MallPage, conversation: i64, books: &Books) {
    books.came_once_to(page, conversation);
    let all = books.messages(conversation).len();
    again.until("its first page", |state| !state.screen.is_empty()).await;
    // Each asking brings something, except one that crosses another.
    for _ in 0..all {
        if again.state().heard_of(conversation).len() == all {
            break;
        }
        again.scroll_up().await;
    }
    covered(again, conversation, books).await;
}

/// Waits until a page has heard all that the books hold of a conversation, and looks whether it heard it rightly.
pub(crate) async fn covered(page: &MallPage, conversation: i64, books: &Books) {
    let all = books.messages(conversation).len();
    let heard = |state: &PageState| state.heard_of(conversation).len() >= all;
    page.until("all that the books hold", heard).await;
    books.are_covered_by(page, conversation);
}
