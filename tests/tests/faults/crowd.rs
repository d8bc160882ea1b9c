//! Many people at work in both dialects while something dies.

use kefu_tests::{Load, MallPage, Outcome, Pace, Person, Server, V2Client, V2State, WhenCut, text};

use crate::house::{agree, look_through, row};

/// So many members have a device of kefu.v2.
const MEMBERS: i64 = 3;
/// So many messages each of them has to say, and the desk to each of them.
const EACH: usize = 60;

/// Members and agents with devices, the two pages of the mall, and people who write over HTTP.
pub(crate) struct Crowd {
    phones: Vec<V2Client>,
    desks: [V2Client; 2],
    conversations: Vec<i64>,
    shopper: MallPage,
    console: MallPage,
    load: Load,
}

impl Crowd {
    /// Everybody comes, and begins to talk. The first member also has the shoppers' page open.
    pub(crate) async fn gather(server: &Server) -> Self {
        let (bob, carol) = (server.agent(7), server.agent(8));
        let members: Vec<Person> = (0..MEMBERS).map(|n| server.member(101 + n)).collect();
        let phones: Vec<V2Client> = members.iter().map(Person::join).collect();
        let desks = [bob.v2().with_tickets_of(&bob).join(), carol.join()];
        let shopper = MallPage::shopper(&members[0], Pace::shopper());
        let console = MallPage::console(&bob, Pace::console());
        shopper.until("its socket", |state| state.open_sockets() == 1).await;
        console.until("its socket", |state| state.open_sockets() == 1).await;

        let mut conversations = Vec::new();
        for phone in &phones {
            let id = phone.send(&text("first")).await.conversation;
            conversations.push(id);
            for desk in &desks {
                desk.open(id).await;
            }
        }
        for n in 0..EACH {
            for (phone, id) in phones.iter().zip(&conversations) {
                phone.post(None, &text(n));
                desks[n % 2].post(Some(*id), &text(n));
            }
        }
        let others = (0..4).map(|n| server.member(301 + n)).collect();
        let load = Load::endless(others, WhenCut::Retry);
        Self { phones, desks, conversations, shopper, console, load }
    }

    /// Waits until so much more was said over HTTP.
    pub(crate) async fn until_more_was_said(&mut self, more: usize) {
        let until = self.load.tally().acknowledged + more;
        self.load.wait_until("a flow", |tally| tally.acknowledged >= until).await;
    }

    /// Whether some device has something to say yet.
    pub(crate) fn is_busy(&self) -> bool {
        self.devices().any(|device| !device.state().outbox().is_empty())
    }

    fn devices(&self) -> impl Iterator<Item = &V2Client> {
        self.phones.iter().chain(&self.desks)
    }

    /// Everybody has said everything, and has what the books hold.
    pub(crate) async fn settle(self, server: &Server) -> Outcome {
        let Self { phones, desks, conversations, shopper, console, load } = self;
        let outcome = load.finish().await;
        let books = server.books();
        books.hold(&outcome.acknowledged);
        for device in phones.iter().chain(&desks) {
            device.wait("an empty outbox", 3 * kefu_tests::PATIENCE, |state: &V2State| state.outbox().is_empty()).await;
        }

        // The pages learn of what they missed when their user looks.
        let first = conversations[0];
        shopper.until("a socket", |state| state.open_sockets() >= 1).await;
        shopper.send_picture("https://mall.example/1.png").await.expect("a sending that is stored");
        console.select(first).await;
        console.until("its list", |state| state.lists.iter().any(|list| !list.is_empty())).await;
        // From here on nothing that a page reads changes anything.
        for (id, phone) in conversations.iter().zip(&phones) {
            let head = row(&books, *id).head;
            desks[0].read(*id, head).await.expect("it is read");
            phone.read(*id, head).await.expect("it is read");
        }
        for (id, phone) in conversations.iter().zip(&phones) {
            agree(&books, *id, &[phone, &desks[0], &desks[1]]).await;
        }
        for page in [&shopper, &console] {
            look_through(page, &books, first).await;
            books.are_covered_by(page, first);
            conversations.iter().for_each(|id| books.came_once_to(page, *id));
        }
        outcome
    }
}
