//! The mall's own pages, as they behave: the console and the shopper's. They know one address, the proxy's.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kefu_tests::{MALL_PASSWORD, MallMember, PATIENCE, Refused, Socket, SocketOptions};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

/// Tokens, which no log may hold.
pub(crate) type Secrets = Arc<Mutex<BTreeSet<String>>>;

/// An open page of somebody who has signed in.
pub(crate) struct Page {
    http: reqwest::Client,
    proxy: SocketAddr,
    /// What paths begin with.
    api: &'static str,
    /// The path below it where tokens are renewed and signing out is said.
    auth: &'static str,
    tenant: &'static str,
    access: Mutex<String>,
    pub(crate) refresh: String,
    secrets: Secrets,
}

impl Page {
    /// The console, with an agent signed in.
    pub(crate) async fn console(proxy: SocketAddr, secrets: &Secrets, id: i64, tenant: &'static str) -> Self {
        let body = json!({"username": format!("agent{id}"), "password": MALL_PASSWORD, "rememberMe": true});
        Self::sign_in(proxy, secrets, ["/admin-api", "/system/auth", tenant], body).await
    }

    /// The shop, with a member signed in.
    pub(crate) async fn shop(proxy: SocketAddr, secrets: &Secrets, id: i64, tenant: &'static str) -> Self {
        let body = json!({"mobile": MallMember::new(id).mobile, "password": MALL_PASSWORD});
        Self::sign_in(proxy, secrets, ["/app-api", "/member/auth", tenant], body).await
    }

    async fn sign_in(
        proxy: SocketAddr,
        secrets: &Secrets,
        [api, auth, tenant]: [&'static str; 3],
        body: Value,
    ) -> Self {
        // A browser asks again by itself when the proxy has closed the connection that it had kept.
        let http = kefu_tests::http().timeout(PATIENCE).pool_max_idle_per_host(0).build().unwrap();
        let login = http.post(format!("http://{proxy}{api}{auth}/login")).header("tenant-id", tenant).json(&body);
        let tokens = good(login.send().await.unwrap().json().await.unwrap());
        let page = Self {
            http,
            proxy,
            api,
            auth,
            tenant,
            access: Mutex::default(),
            refresh: tokens["refreshToken"].as_str().unwrap().to_owned(),
            secrets: secrets.clone(),
        };
        secrets.lock().unwrap().insert(page.refresh.clone());
        page.keep(&tokens);
        page
    }

    fn keep(&self, tokens: &Value) {
        let access = tokens["accessToken"].as_str().unwrap().to_owned();
        assert_eq!(tokens["refreshToken"], self.refresh.as_str(), "the mall keeps it");
        self.secrets.lock().unwrap().insert(access.clone());
        *self.access.lock().unwrap() = access;
    }

    pub(crate) fn access(&self) -> String {
        self.access.lock().unwrap().clone()
    }

    fn request(&self, method: &Method, path: &str) -> RequestBuilder {
        let url = format!("http://{}{}{path}", self.proxy, self.api);
        self.http.request(method.clone(), url).bearer_auth(self.access()).header("tenant-id", self.tenant)
    }

    /// Asks once: the status and what the body says.
    pub(crate) async fn ask_once(&self, method: Method, path: &str, body: Option<&Value>) -> (u16, Value) {
        let request = self.request(&method, path);
        let request = body.iter().fold(request, |request, body| request.json(body));
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or_default())
    }

    /// Asks as the pages do: a 401 in the body makes them renew their token at the mall and ask again.
    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (_, envelope) = self.ask_once(method.clone(), path, body).await;
        if envelope["code"] != 401 {
            return envelope;
        }
        let renewal = self.request(&Method::POST, &format!("{}/refresh-token", self.auth));
        // The shopper's page still shows its old token there, the console none; neither matters to the mall.
        let renewed = renewal.query(&[("refreshToken", &self.refresh)]).send().await.unwrap();
        self.keep(&good(renewed.json().await.unwrap()));
        self.ask_once(method, path, body).await.1
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        good(self.ask(Method::GET, path, None).await)
    }

    /// Says something; an agent names the conversation. Returns the message's id.
    pub(crate) async fn say(&self, conversation: Option<i64>, text: &str) -> i64 {
        let mut body = json!({"contentType": 1, "content": json!({"text": text}).to_string()});
        if let Some(conversation) = conversation {
            body["conversationId"] = conversation.into();
        }
        good(self.ask(Method::POST, "/promotion/kefu-message/send", Some(&body)).await).as_i64().unwrap()
    }

    /// What a conversation's newest messages are, the oldest first; a member has one conversation only.
    pub(crate) async fn messages(&self, conversation: i64) -> Vec<Value> {
        let path = format!("/promotion/kefu-message/list?conversationId={conversation}&limit=200");
        let mut rows = self.get(&path).await.as_array().unwrap().clone();
        rows.reverse();
        rows
    }

    pub(crate) async fn conversations(&self) -> Vec<Value> {
        self.get("/promotion/kefu-conversation/list").await.as_array().unwrap().clone()
    }

    /// The socket, opened as both pages do: with the refresh token.
    pub(crate) async fn try_listen(&self) -> Result<Socket, Refused> {
        Socket::open(self.proxy, &self.refresh, SocketOptions::default()).await
    }

    /// Tries for the socket until it opens, as the pages do for ever.
    pub(crate) async fn listen(&self) -> Socket {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self.try_listen().await {
                Ok(socket) => return socket,
                Err(refused) => assert!(Instant::now() < deadline, "the socket stays closed: {refused:?}"),
            }
            // The console tries every second; nothing depends on when.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn sign_out(&self) {
        let path = format!("{}/logout", self.auth);
        assert_eq!(good(self.ask(Method::POST, &path, None).await), true);
    }
}

/// The data of a success.
#[track_caller]
pub(crate) fn good(envelope: Value) -> Value {
    assert_eq!(envelope["code"], 0, "not a success: {envelope}");
    envelope["data"].clone()
}
