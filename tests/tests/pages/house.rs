//! A server, the two pages before it on a line that may be cut, and who writes meanwhile.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, FaultProxy, MallPage, PATIENCE, Pace, PageState, Person, Server, SocketLog, text};

/// How long a page that is back has for listing what it missed.
pub(crate) const GRACE: Duration = Duration::from_millis(1_500);
/// How long a socket may go without a ping.
pub(crate) const HOLD: Duration = Duration::from_secs(15);

pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) proxy: FaultProxy,
    pub(crate) alice: Person,
    /// Somebody at the desk without a page.
    pub(crate) carol: Person,
    pub(crate) shopper: MallPage,
    pub(crate) console: MallPage,
    /// The conversation, with one message in it that both pages have heard.
    pub(crate) id: i64,
}

impl House {
    pub(crate) async fn open(seed: u64) -> Self {
        let server = Server::start(Backend::Sqlite, &[]).await;
        let proxy = server.behind_proxy(seed).await;
        let (alice, bob, carol) = (server.member(101), server.agent(7), server.agent(8));
        let shopper = MallPage::shopper(&alice.by_way_of(proxy.address()), Pace::shopper());
        let console = MallPage::console(&bob.by_way_of(proxy.address()), Pace::console());
        shopper.until("its socket", |state| state.open_sockets() == 1).await;
        // It opens two and drops the first.
        console.until("its socket", |state| state.sockets.len() == 2 && state.open_sockets() == 1).await;
        let house = Self { server, proxy, alice, carol, shopper, console, id: 0 };
        house.until_sockets(2).await;
        house.alice.send(&text("first"), None).await.ok();
        let id = house.server.books().conversation_of(101).expect("a conversation").id;
        for page in [&house.shopper, &house.console] {
            page.until("the first", |state| newest(state).pushes.len() == 1).await;
        }
        Self { id, ..house }
    }

    /// The desk writes so often; says the last number.
    pub(crate) async fn say(&self, times: usize) -> i64 {
        let mut last = 0;
        for n in 0..times {
            last = self.carol.send_to(self.id, &text(n), None).await.ok().seq();
        }
        last
    }

    /// Waits until the server knows of so many sockets.
    pub(crate) async fn until_sockets(&self, count: usize) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let sockets = self.server.metrics().await.sum("kefu_sockets");
            if (sockets - f64::from(u32::try_from(count).unwrap())).abs() < 0.5 {
                return;
            }
            assert!(Instant::now() < deadline, "{sockets} sockets and not {count}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Cuts both pages off, and waits until the server knows.
    pub(crate) async fn cut(&self) {
        self.proxy.cut(kefu_tests::Cut::Reset);
        self.until_sockets(0).await;
    }

    /// Nothing came twice or too early, and between pushes and lists the pages have everything.
    pub(crate) fn is_covered(&self) {
        for page in [&self.shopper, &self.console] {
            self.server.books().are_covered_by(page, self.id);
        }
    }
}

/// The socket that was begun last.
pub(crate) fn newest(state: &PageState) -> &SocketLog {
    state.sockets.last().expect("a socket")
}

/// The numbers that came over a socket, in the order of their coming.
pub(crate) fn seqs(socket: &SocketLog) -> Vec<i64> {
    socket.pushes.iter().map(|push| push.seq).collect()
}

/// Waits until the page has another socket than it had.
pub(crate) async fn back(page: &MallPage, had: usize) -> Duration {
    page.until("another socket", |state| state.sockets.len() > had && newest(state).opened.is_some()).await;
    newest(&page.state()).opened.expect("it is open")
}
