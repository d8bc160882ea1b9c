//! The ten endpoints, and the ways in which an input gets into a request to one of them.

use std::cell::Cell;

use serde_json::json;

use crate::asking::{APP, Ask, DESK, Who, World, encoded};
use crate::notation;
use crate::table::Outcome;

/// One of the ten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    ConversationList,
    ConversationGet,
    ConversationPin,
    ConversationDelete,
    AdminSend,
    AdminRead,
    AdminList,
    MemberSend,
    MemberRead,
    MemberList,
}

use Endpoint::*;

impl Endpoint {
    pub(crate) const ALL: [Self; 10] = [
        ConversationList,
        ConversationGet,
        ConversationPin,
        ConversationDelete,
        AdminSend,
        AdminRead,
        AdminList,
        MemberSend,
        MemberRead,
        MemberList,
    ];

    /// The endpoints that a column of the file speaks of.
    pub(crate) fn of_column(column: &str) -> Vec<Self> {
        let named: Vec<_> =
            Self::ALL.into_iter().filter(|endpoint| column == "every" || endpoint.name() == column).collect();
        assert!(!named.is_empty(), "no endpoint is called {column}");
        named
    }

    /// As the file calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            ConversationList => "c.list",
            ConversationGet => "c.get",
            ConversationPin => "c.pin",
            ConversationDelete => "c.delete",
            AdminSend => "a.send",
            AdminRead => "a.read",
            AdminList => "a.list",
            MemberSend => "m.send",
            MemberRead => "m.read",
            MemberList => "m.list",
        }
    }

    pub(crate) fn verb(self) -> &'static str {
        match self {
            ConversationList | ConversationGet | AdminList | MemberList => "GET",
            AdminSend | MemberSend => "POST",
            ConversationPin | AdminRead | MemberRead => "PUT",
            ConversationDelete => "DELETE",
        }
    }

    pub(crate) fn path(self) -> String {
        let (prefix, path) = match self {
            ConversationList => (DESK, "/kefu-conversation/list"),
            ConversationGet => (DESK, "/kefu-conversation/get"),
            ConversationPin => (DESK, "/kefu-conversation/update-conversation-pinned"),
            ConversationDelete => (DESK, "/kefu-conversation/delete"),
            AdminSend => (DESK, "/kefu-message/send"),
            AdminRead => (DESK, "/kefu-message/update-read-status"),
            AdminList => (DESK, "/kefu-message/list"),
            MemberSend => (APP, "/kefu-message/send"),
            MemberRead => (APP, "/kefu-message/update-read-status"),
            MemberList => (APP, "/kefu-message/list"),
        };
        format!("{prefix}{path}")
    }

    /// What it calls the id of the conversation, if it asks for one.
    fn id_name(self) -> Option<&'static str> {
        match self {
            ConversationGet | ConversationPin | ConversationDelete => Some("id"),
            AdminSend | AdminRead | AdminList | MemberRead => Some("conversationId"),
            ConversationList | MemberSend | MemberList => None,
        }
    }

    fn takes_a_body(self) -> bool {
        matches!(self, ConversationPin | AdminSend | MemberSend)
    }

    /// What the file says of it; a column for every endpoint cannot say which of them store something.
    pub(crate) fn expectation(self, column: &str, outcome: &str) -> Outcome {
        let outcome = Outcome::parse(outcome).unwrap_or_else(|| panic!("{outcome} is no outcome"));
        let stores = column == "every" && outcome.code == 0 && matches!(self, AdminSend | MemberSend);
        Outcome { stored: outcome.stored + i64::from(stores), ..outcome }
    }
}

/// A member with a conversation, and an agent.
pub(crate) struct Stage<'a> {
    pub(crate) world: &'a World,
    pub(crate) member: Who,
    pub(crate) agent: Who,
    pub(crate) own: i64,
    /// Messages there were when somebody last looked.
    stored: Cell<i64>,
}

/// Puts an input into a request to an endpoint.
pub(crate) type Placing = fn(&Stage<'_>, Endpoint, &str) -> Ask;

impl<'a> Stage<'a> {
    pub(crate) fn set(world: &'a World) -> Self {
        let (member, agent) = (world.member(101), world.agent(7));
        let own = world.conversation_of(&member);
        Self { world, member, agent, own, stored: Cell::new(world.messages()) }
    }

    pub(crate) fn bytes(&self, input: &str, token: &str) -> Option<Vec<u8>> {
        notation::bytes(input, |name| match name {
            "own" => Some(self.own.to_string()),
            "token" => Some(token.to_owned()),
            _ => None,
        })
    }

    fn caller(&self, endpoint: Endpoint) -> &Who {
        match endpoint {
            MemberSend | MemberRead | MemberList => &self.member,
            _ => &self.agent,
        }
    }

    /// A request to the endpoint with everything right but what is still to come, and without a token.
    fn bare(&self, endpoint: Endpoint, query: &str, body: Option<Vec<u8>>) -> Ask {
        let target = if query.is_empty() { endpoint.path() } else { format!("{}?{query}", endpoint.path()) };
        let ask = Ask::new(endpoint.verb(), target);
        match body {
            Some(body) => ask.text(body),
            None => ask,
        }
    }

    fn request(&self, endpoint: Endpoint, query: &str, body: Option<Vec<u8>>) -> Ask {
        self.bare(endpoint, query, body).bearer(&self.caller(endpoint).token)
    }

    /// `id=7`, where the endpoint asks for one in its query.
    fn own_in_query(&self, endpoint: Endpoint) -> String {
        match endpoint.id_name() {
            Some(name) if !endpoint.takes_a_body() => format!("{name}={}", self.own),
            _ => String::new(),
        }
    }

    /// A good body, where the endpoint asks for one.
    fn good_body(&self, endpoint: Endpoint) -> Option<Vec<u8>> {
        let body = match endpoint {
            ConversationPin => json!({ "id": self.own, "adminPinned": true }),
            AdminSend => json!({ "conversationId": self.own, "contentType": 1, "content": "hi" }),
            MemberSend => json!({ "contentType": 1, "content": "hi" }),
            _ => return None,
        };
        Some(body.to_string().into_bytes())
    }

    /// How many messages more there are than when somebody last asked.
    pub(crate) fn stored_since(&self) -> i64 {
        let now = self.world.messages();
        now - self.stored.replace(now)
    }

    /// Asks, and says what was not as it should be.
    pub(crate) fn check(&self, outcome: &Outcome, ask: &Ask) -> Option<String> {
        let answer = ask.at(self.world.addr);
        let stored = self.stored_since();
        let code = serde_json::from_slice(&answer.body)
            .ok()
            .and_then(|body: serde_json::Value| body["code"].as_i64())
            .unwrap_or(-i64::from(answer.status));
        let as_said = answer.status == 200 && code == outcome.code && stored == outcome.stored;
        (!as_said).then(|| {
            let body = String::from_utf8_lossy(&answer.body).chars().take(120).collect::<String>();
            format!("HTTP {} code {code}, stored {stored} instead of {outcome:?}: {body}", answer.status)
        })
    }
}

pub(crate) fn id_in_query(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    let name = endpoint.id_name().expect("it asks for an id");
    let query = stage.bytes(input, "").map(|id| format!("{name}={}", encoded(id)));
    stage.request(endpoint, &query.unwrap_or_default(), None)
}

pub(crate) fn id_in_body(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    member_of_body(stage, endpoint, endpoint.id_name().expect("it asks for an id"), input)
}

/// A good body in which one member is the input, as raw JSON.
pub(crate) fn member_of_body(stage: &Stage<'_>, endpoint: Endpoint, name: &str, input: &str) -> Ask {
    let good = stage.good_body(endpoint).expect("it takes a body");
    let mut good: serde_json::Map<_, _> = serde_json::from_slice(&good).expect("a good body is an object");
    good.remove(name);
    let mut body: Vec<u8> = b"{".to_vec();
    for (name, value) in &good {
        body.extend_from_slice(format!("{}{name:?}:{value}", if body.len() > 1 { "," } else { "" }).as_bytes());
    }
    if let Some(value) = stage.bytes(input, "") {
        body.extend_from_slice(format!("{}{name:?}:", if body.len() > 1 { "," } else { "" }).as_bytes());
        body.extend_from_slice(&value);
    }
    body.push(b'}');
    stage.request(endpoint, "", Some(body))
}

/// A body in which everything but the conversation is the input.
pub(crate) fn rest_of_body(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    let mut body = b"{".to_vec();
    if endpoint == AdminSend {
        body.extend_from_slice(format!("\"conversationId\":{},", stage.own).as_bytes());
    }
    body.extend_from_slice(&stage.bytes(input, "").expect("there is a body"));
    body.push(b'}');
    stage.request(endpoint, "", Some(body))
}

pub(crate) fn whole_body(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    stage.request(endpoint, "", Some(stage.bytes(input, "").expect("there is a body")))
}

pub(crate) fn type_of_body(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    let body = stage.good_body(endpoint).expect("it takes a body");
    let ask = stage.request(endpoint, "", None).body(body);
    match stage.bytes(input, "") {
        Some(name) => ask.header("Content-Type", name),
        None => ask,
    }
}

pub(crate) fn parameter(stage: &Stage<'_>, endpoint: Endpoint, name: &str, input: &str) -> Ask {
    let mut query = stage.own_in_query(endpoint);
    if let Some(value) = stage.bytes(input, "") {
        query = format!("{query}{}{name}={}", if query.is_empty() { "" } else { "&" }, encoded(value));
    }
    stage.request(endpoint, &query, None)
}

pub(crate) fn whole_query(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    let query = stage.bytes(input, "").expect("there is a query");
    stage.request(endpoint, &String::from_utf8(query).expect("a query is text"), None)
}

/// Header lines; those that begin with `Authorization` stand in place of a good one.
pub(crate) fn headers(stage: &Stage<'_>, endpoint: Endpoint, input: &str) -> Ask {
    let token = &stage.caller(endpoint).token;
    let mut ask = stage.bare(endpoint, &stage.own_in_query(endpoint), stage.good_body(endpoint));
    if !input.starts_with("Authorization") {
        ask = ask.bearer(token);
    }
    match stage.bytes(input, token) {
        Some(line) => {
            // A line may bring further lines with it.
            let colon = line.iter().position(|byte| *byte == b':').expect("a header has a name");
            let name = String::from_utf8(line[..colon].to_vec()).expect("a name is text");
            ask.header(&name, line[colon + 1..].trim_ascii_start())
        }
        None => ask,
    }
}
