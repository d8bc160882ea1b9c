//! Somebody at either end: asks over HTTP with a token of their own.

mod online;

use std::net::SocketAddr;

use kefu_domain::Permission;
use reqwest::{Method, RequestBuilder};
use serde::Serialize;
use serde_json::{Value, json};

use crate::canary;
use crate::door::Door;
use crate::{Answer, Nodes, Refused, Socket, SocketOptions, Unanswered, V2Client, V2Start};

/// Members' and agents' paths.
const APP: &str = "/app-api/promotion";
const DESK: &str = "/admin-api/promotion";

/// Which end of a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// A shopper.
    Member,
    /// Somebody at the desk.
    Agent,
}

/// What a signed token says.
#[derive(Debug, Clone, Serialize)]
pub struct Claims {
    /// Who.
    pub id: i64,
    /// `member` or `admin`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Where.
    pub tenant: i64,
    /// The end, in seconds since the epoch.
    pub exp: i64,
    /// How others see them.
    pub nickname: String,
    /// Their picture.
    pub avatar: String,
    /// What an agent may do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions: Option<Vec<&'static str>>,
    /// The shops that an agent serves; without it the platform.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shops: Option<Vec<i64>>,
}

impl Claims {
    /// A member of tenant 1, for an hour.
    #[must_use]
    pub fn member(id: i64) -> Self {
        let avatar = format!("https://mall.example/{id}.png");
        let exp = now() + 3_600;
        let nickname = canary::nickname(id);
        Self { id, kind: "member", tenant: 1, exp, nickname, avatar, permissions: None, shops: None }
    }

    /// An agent of tenant 1 who may do everything, for an hour.
    #[must_use]
    pub fn agent(id: i64) -> Self {
        let all = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
        Self { kind: "admin", permissions: Some(all), ..Self::member(id) }
    }

    /// The same at another tenant.
    #[must_use]
    pub fn at(self, tenant: i64) -> Self {
        Self { tenant, ..self }
    }

    /// The same at these shops only.
    #[must_use]
    pub fn serving(self, shops: &[i64]) -> Self {
        Self { shops: Some(shops.to_vec()), ..self }
    }

    /// The same with these permissions only.
    #[must_use]
    pub fn allowed(self, permissions: &[Permission]) -> Self {
        let names = permissions.iter().map(|permission| permission.as_str()).collect();
        Self { permissions: Some(names), ..self }
    }

    /// The same with an end so many seconds from now.
    #[must_use]
    pub fn for_seconds(self, seconds: i64) -> Self {
        Self { exp: now() + seconds, ..self }
    }

    /// Signed as the mall's server signs.
    #[must_use]
    pub fn signed(&self, secret: &str) -> String {
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        jsonwebtoken::encode(&jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256), self, &key).expect("a token")
    }
}

fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a token ends at an instant of the real clock")]
    let now = std::time::SystemTime::now();
    i64::try_from(now.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs())
        .expect("before the year 10^11")
}

/// A member or an agent with a token. Clones are the same person with the same token.
#[derive(Debug, Clone)]
pub struct Person {
    door: Door,
    /// Which end.
    pub side: Side,
    /// Who.
    pub id: i64,
    /// The token, to be shown wherever one is asked for.
    pub token: String,
}

impl Person {
    pub(crate) fn new(door: Door, side: Side, id: i64, token: String) -> Self {
        door.keep_secret(&token);
        Self { door, side, id, token }
    }

    /// A request of this person to a path below their own prefix.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let prefix = if self.side == Side::Member { APP } else { DESK };
        self.request_to(method, &format!("{prefix}{path}"))
    }

    /// A request of this person to any path.
    pub fn request_to(&self, method: Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{path}", self.door.address());
        self.door.http.request(method, url).header("authorization", format!("Bearer {}", self.token))
    }

    /// Sends a request and reads the answer, if there is one.
    pub async fn try_ask(&self, request: RequestBuilder) -> Result<Answer, Unanswered> {
        self.door.ask(request).await
    }

    /// Sends a request, which must be answered.
    pub async fn ask(&self, request: RequestBuilder) -> Answer {
        self.try_ask(request).await.expect("an answer")
    }

    /// The body of a sending; agents name the conversation.
    #[must_use]
    pub fn post(conversation: Option<i64>, text: &str, key: Option<&str>) -> Value {
        let mut body = json!({ "contentType": 1, "content": json!({ "text": text }).to_string() });
        if let Some(conversation) = conversation {
            body["conversationId"] = conversation.into();
        }
        if let Some(key) = key {
            body["clientMsgId"] = key.into();
        }
        body
    }

    /// A member writes.
    pub async fn send(&self, text: &str, key: Option<&str>) -> Answer {
        self.try_send(None, text, key).await.expect("an answer")
    }

    /// An agent writes.
    pub async fn send_to(&self, conversation: i64, text: &str, key: Option<&str>) -> Answer {
        self.try_send(Some(conversation), text, key).await.expect("an answer")
    }

    /// Writes, and may be left without an answer.
    pub async fn try_send(
        &self,
        conversation: Option<i64>,
        text: &str,
        key: Option<&str>,
    ) -> Result<Answer, Unanswered> {
        let request = self.request(Method::POST, "/kefu-message/send").json(&Self::post(conversation, text, key));
        self.try_ask(request).await
    }

    /// A page of messages; agents name the conversation among the parameters.
    pub async fn list(&self, query: &[(&str, &str)]) -> Answer {
        self.ask(self.request(Method::GET, "/kefu-message/list").query(query)).await
    }

    /// All messages of a conversation, oldest first, page by page.
    pub async fn history(&self, conversation: i64) -> Vec<Value> {
        let (conversation, mut all) = (conversation.to_string(), Vec::new());
        loop {
            let since = all.last().map_or(0, |row: &Value| row["seq"].as_i64().expect("a number")).to_string();
            let query = [("conversationId", conversation.as_str()), ("sinceSeq", since.as_str()), ("limit", "200")];
            let page = self.list(&query).await.ok();
            if page.rows().is_empty() {
                return all;
            }
            all.extend(page.rows().iter().cloned());
        }
    }

    /// Says that a conversation was read, up to a number.
    pub async fn read(&self, conversation: i64, seq: Option<i64>) -> Answer {
        let mut query = vec![("conversationId", conversation)];
        query.extend(seq.map(|seq| ("seq", seq)));
        self.ask(self.request(Method::PUT, "/kefu-message/update-read-status").query(&query)).await
    }

    /// The desk's list.
    pub async fn conversations(&self, query: &[(&str, &str)]) -> Answer {
        self.ask(self.request(Method::GET, "/kefu-conversation/list").query(query)).await
    }

    /// One conversation.
    pub async fn conversation(&self, id: i64) -> Answer {
        self.ask(self.request(Method::GET, "/kefu-conversation/get").query(&[("id", id)])).await
    }

    /// Pins a conversation, or no longer.
    pub async fn pin(&self, id: i64, pinned: bool) -> Answer {
        let body = json!({ "id": id, "adminPinned": pinned });
        self.ask(self.request(Method::PUT, "/kefu-conversation/update-conversation-pinned").json(&body)).await
    }

    /// Takes a conversation out of the desk's list.
    pub async fn hide(&self, id: i64) -> Answer {
        self.ask(self.request(Method::DELETE, "/kefu-conversation/delete").query(&[("id", id)])).await
    }

    /// The same person, who comes by way of that address: a proxy's.
    #[must_use]
    pub fn by_way_of(&self, address: SocketAddr) -> Self {
        Self { door: self.door.by_way_of(address), ..self.clone() }
    }

    /// Where the server is for this person now.
    pub(crate) fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// A one-time ticket for a socket; `None` where none is given.
    pub async fn ticket(&self) -> Option<String> {
        let answer = self.try_ask(self.request(Method::POST, "/kefu-socket/ticket")).await.ok()?;
        let ticket = answer.data["ticket"].as_str().filter(|_| answer.code == 0)?;
        self.door.keep_secret(ticket);
        Some(ticket.to_owned())
    }

    /// A device of this person that speaks kefu.v2, before it begins.
    #[must_use]
    pub fn v2(&self) -> V2Start {
        let door = self.door.clone();
        let nodes = Nodes::wherever(move || vec![door.address()]);
        match self.side {
            Side::Member => V2Start::member(nodes, &self.token),
            Side::Agent => V2Start::admin(nodes, &self.token),
        }
    }

    /// Such a device, with the usual manners.
    #[must_use]
    pub fn join(&self) -> V2Client {
        self.v2().join()
    }

    /// Listens, pinging every second.
    pub async fn listen(&self) -> Socket {
        self.listen_as(SocketOptions::default()).await
    }

    /// Listens as those options say.
    pub async fn listen_as(&self, options: SocketOptions) -> Socket {
        self.try_listen(options).await.expect("the server opens the socket")
    }

    /// Listens, and may be refused.
    pub async fn try_listen(&self, options: SocketOptions) -> Result<Socket, Refused> {
        Socket::open(self.door.address(), &self.token, options).await
    }

    /// A member listens at a shop.
    pub async fn listen_at(&self, shop: i64) -> Socket {
        let opened = Socket::open_at(self.door.address(), &self.token, shop, SocketOptions::default()).await;
        opened.expect("the server opens the socket")
    }
}
