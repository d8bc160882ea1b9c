//! A server with a bad line before it, a member and an agent, and what must hold of all of them in the end.

use std::collections::BTreeMap;

use kefu_tests::{
    Backend, Books, ConversationRow, FaultProxy, MallPage, PATIENCE, Person, Server, Thread, V2Client, V2State,
};

/// A server behind a line that a test may spoil.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) proxy: FaultProxy,
    /// A member, who comes straight to the server.
    pub(crate) alice: Person,
    /// An agent, likewise.
    pub(crate) bob: Person,
}

impl House {
    pub(crate) async fn start(backend: Backend, seed: u64) -> Self {
        let server = Server::start(backend, &[]).await;
        let proxy = server.behind_proxy(seed).await;
        let (alice, bob) = (server.member(101), server.agent(7));
        Self { server, proxy, alice, bob }
    }

    /// The same person over the bad line.
    pub(crate) fn badly(&self, person: &Person) -> Person {
        person.by_way_of(self.proxy.address())
    }

    pub(crate) async fn agree(&self, conversation: i64, clients: &[&V2Client]) {
        agree(&self.server.books(), conversation, clients).await;
    }
}

/// Waits until everybody, who follows that conversation at least, has come as far as the books in all that they
/// follow, and compares all that they show with what the books hold.
pub(crate) async fn agree(books: &Books, conversation: i64, clients: &[&V2Client]) {
    let rows: BTreeMap<i64, _> =
        books.conversations().into_iter().map(|row| (row.id, (row.head, row.change))).collect();
    for client in clients {
        let there = |thread: &Thread| {
            let cursor = thread.cursor();
            rows.get(&cursor.conversation) == Some(&(cursor.seq, cursor.change))
        };
        let all = |state: &V2State| {
            let threads = state.notebook().threads();
            state.is_at_rest() && threads.contains_key(&conversation) && threads.values().all(there)
        };
        client.wait("all that the books hold", 2 * PATIENCE, all).await;
        books.are_shown_by(client);
    }
    books.audit();
}

pub(crate) fn row(books: &Books, conversation: i64) -> ConversationRow {
    books.conversations().into_iter().find(|row| row.id == conversation).expect("the conversation")
}

/// The user of a page reads back to the beginning.
pub(crate) async fn look_through(page: &MallPage, books: &Books, conversation: i64) {
    let all = books.log_of(conversation, page.side()).len();
    for _ in 0..all {
        if page.state().heard_of(conversation).len() == all {
            return;
        }
        page.scroll_up().await;
    }
}
