//! People who ask byte by byte: for answers that must be seen exactly as they travel.
#![allow(dead_code, unused_imports, reason = "each of the test programs asks in its own way")]

pub(crate) mod http;
pub(crate) mod socket;
pub(crate) mod time;
pub(crate) mod wire;

use std::net::SocketAddr;

use kefu_domain::{Permission, ShopId, TenantId};
use kefu_storage::{Database, Options};
use kefu_tests::{Backend, Claims, Person, Server, Side, text};
use serde_json::{Value, json};

pub(crate) use http::{Answer, Ask, encoded};
pub(crate) use socket::{Frame, Heard, Socket};
pub(crate) use wire::Wire;

pub(crate) const APP: &str = "/app-api/promotion";
pub(crate) const DESK: &str = "/admin-api/promotion";

/// A running server and where it is.
pub(crate) struct World {
    pub(crate) server: Server,
    pub(crate) addr: SocketAddr,
}

impl World {
    /// A server of its own on that kind of database, with these settings over the usual ones.
    pub(crate) async fn start(backend: Backend, settings: &[(&str, &str)]) -> Self {
        let server = Server::start(backend, settings).await;
        Self { addr: server.address(), server }
    }

    /// A member of tenant 1.
    pub(crate) fn member(&self, id: i64) -> Who {
        self.who(&Claims::member(id))
    }

    /// An agent of tenant 1 who may do everything.
    pub(crate) fn agent(&self, id: i64) -> Who {
        self.who(&Claims::agent(id))
    }

    /// An agent of tenant 1 who may do everything but this.
    pub(crate) fn agent_without(&self, id: i64, permission: Permission) -> Who {
        let rest: Vec<_> = Permission::ALL.into_iter().filter(|other| *other != permission).collect();
        self.who(&Claims::agent(id).allowed(&rest))
    }

    pub(crate) fn who(&self, claims: &Claims) -> Who {
        Who::of(self.addr, &self.server.person(claims))
    }

    /// Somebody whom the server's tests know already.
    pub(crate) fn known(&self, person: &Person) -> Who {
        Who::of(self.addr, person)
    }

    /// A shop of this number, open from the start.
    #[track_caller]
    pub(crate) fn shop(&self, tenant: i64, id: i64) {
        let made = self.database().add_shop(TenantId(tenant), Some(ShopId(id)), &format!("shop {id}"));
        made.expect("the database answers").expect("a new number");
    }

    /// Its database, by way of the product's own code: for tenants, shops and accounts.
    pub(crate) fn database(&self) -> Database {
        Database::connect(self.server.place().url(), &Options::default()).expect("the database opens")
    }

    /// Rows of every table that requests may add to, and of the tables that nobody may drop.
    pub(crate) fn rows(&self) -> [(&'static str, i64); 4] {
        ["promotion_kefu_message", "promotion_kefu_conversation", "kefu_file", "kefu_token"]
            .map(|table| (table, self.server.books().count(table)))
    }

    /// How many messages there are.
    pub(crate) fn messages(&self) -> i64 {
        self.server.books().count("promotion_kefu_message")
    }

    /// How many errors were logged, and what they were.
    pub(crate) fn errors(&self) -> Vec<String> {
        self.server
            .log()
            .lines()
            .into_iter()
            .filter(|line| line.contains("ERROR") || line.contains("panicked"))
            .collect()
    }

    /// A conversation of this member, with one message in it.
    #[track_caller]
    pub(crate) fn conversation_of(&self, member: &Who) -> i64 {
        member.say("hello").data();
        let page = member.list("limit=1");
        id(&page[0]["conversationId"])
    }

    /// The server answers, takes a message and tells it: whatever was done to it before.
    #[track_caller]
    pub(crate) fn assert_alive(&self) {
        assert_eq!(Ask::get("/healthz").at(self.addr).status, 200);
        let (member, before) = (self.member(777_777), self.messages());
        let mut socket = member.listen();
        member.say("still there?").data();
        assert_eq!(socket.expect(1)[0].kind, "kefu_message_type");
        assert_eq!(self.messages(), before + 1);
    }
}

/// Somebody with a token.
#[derive(Clone)]
pub(crate) struct Who {
    addr: SocketAddr,
    pub(crate) side: Side,
    pub(crate) id: i64,
    pub(crate) token: String,
}

impl Who {
    fn of(addr: SocketAddr, person: &Person) -> Self {
        Self { addr, side: person.side, id: person.id, token: person.token.clone() }
    }

    /// A path below this person's prefix.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}{path}", if self.side == Side::Member { APP } else { DESK })
    }

    /// Asks with this person's token.
    #[track_caller]
    pub(crate) fn ask(&self, ask: Ask) -> Answer {
        ask.bearer(&self.token).at(self.addr)
    }

    /// A member says something.
    #[track_caller]
    pub(crate) fn say(&self, what: impl std::fmt::Display) -> Answer {
        self.post(&json!({ "contentType": 1, "content": text(what) }))
    }

    /// An agent says something.
    #[track_caller]
    pub(crate) fn say_to(&self, conversation: i64, what: impl std::fmt::Display) -> Answer {
        self.post(&json!({ "conversationId": conversation, "contentType": 1, "content": text(what) }))
    }

    /// Sends any body.
    #[track_caller]
    pub(crate) fn post(&self, body: &Value) -> Answer {
        self.ask(Ask::post(self.path("/kefu-message/send")).json(body))
    }

    /// A page of messages.
    #[track_caller]
    pub(crate) fn list(&self, query: &str) -> Vec<Value> {
        rows(self.ask(Ask::get(self.path(&format!("/kefu-message/list?{query}")))).data())
    }

    /// Says that a conversation was read; `query` is what follows its id.
    #[track_caller]
    pub(crate) fn read(&self, conversation: i64, query: &str) -> Answer {
        self.ask(Ask::put(self.path(&format!("/kefu-message/update-read-status?conversationId={conversation}{query}"))))
    }

    /// The desk's list.
    #[track_caller]
    pub(crate) fn conversations(&self, query: &str) -> Vec<Value> {
        rows(self.ask(Ask::get(self.path(&format!("/kefu-conversation/list?{query}")))).data())
    }

    /// One conversation.
    #[track_caller]
    pub(crate) fn conversation(&self, id: i64) -> Value {
        self.ask(Ask::get(self.path(&format!("/kefu-conversation/get?id={id}")))).data()
    }

    #[track_caller]
    pub(crate) fn pin(&self, id: i64, pinned: bool) -> Answer {
        let body = json!({ "id": id, "adminPinned": pinned });
        self.ask(Ask::put(self.path("/kefu-conversation/update-conversation-pinned")).json(&body))
    }

    #[track_caller]
    pub(crate) fn hide(&self, id: i64) -> Answer {
        self.ask(Ask::delete(self.path(&format!("/kefu-conversation/delete?id={id}"))))
    }

    /// A member says something at a shop.
    #[track_caller]
    pub(crate) fn say_at(&self, shop: i64, what: impl std::fmt::Display) -> Answer {
        self.post(&json!({ "shopId": shop, "contentType": 1, "content": text(what) }))
    }

    /// A socket at a member's shop, unless it is refused.
    pub(crate) fn try_listen_at(&self, shop: impl std::fmt::Display) -> Result<Socket, Answer> {
        Socket::try_open_at(self.addr, &self.token, shop)
    }

    #[track_caller]
    pub(crate) fn listen(&self) -> Socket {
        Socket::open(self.addr, &self.token)
    }
}

#[track_caller]
pub(crate) fn rows(data: Value) -> Vec<Value> {
    match data {
        Value::Array(rows) => rows,
        other => panic!("{other} where rows were awaited"),
    }
}

/// An id: a number, or the text of one.
#[track_caller]
pub(crate) fn id(value: &Value) -> i64 {
    let text = value.as_str().and_then(|text| text.parse().ok());
    value.as_i64().or(text).unwrap_or_else(|| panic!("{value} is no id"))
}
