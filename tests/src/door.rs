//! The way to a server, past the watch.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use reqwest::RequestBuilder;

use crate::canary::{self, Owner, Visitor, Watch};
use crate::{Answer, Claims, Unanswered};

/// Longer than the server may take, so that a late answer is seen as late and not as none.
const LONGEST: Duration = Duration::from_secs(20);

/// The way to a server: where it is now, after every restart too, and what must never stand in its log.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) address: Arc<RwLock<SocketAddr>>,
    pub(crate) http: reqwest::Client,
    pub(crate) secrets: Arc<Mutex<BTreeSet<String>>>,
    pub(crate) watch: Arc<Watch>,
}

impl Door {
    pub(crate) fn new() -> Self {
        let http = crate::http().timeout(LONGEST).build().expect("a client");
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let secrets = canary::unspeakable().into();
        let (address, secrets) = (Arc::new(RwLock::new(nowhere)), Arc::new(Mutex::new(secrets)));
        Self { address, http, secrets, watch: Watch::new() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        *self.address.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn moved_to(&self, address: SocketAddr) {
        *self.address.write().unwrap_or_else(PoisonError::into_inner) = address;
        self.watch.stand_at(address);
        self.watch.forget();
    }

    /// The way to another node, under the same eyes.
    pub(crate) fn beside(&self) -> Self {
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        Self { address: Arc::new(RwLock::new(nowhere)), ..self.clone() }
    }

    /// The same server, and whoever comes goes there by way of that address: a proxy's.
    pub(crate) fn by_way_of(&self, address: SocketAddr) -> Self {
        self.watch.stand_at(address);
        Self { address: Arc::new(RwLock::new(address)), ..self.clone() }
    }

    pub(crate) fn keep_secret(&self, secret: &str) {
        let mut secrets = self.secrets.lock().unwrap_or_else(PoisonError::into_inner);
        secrets.insert(secret.to_owned());
        // What makes a signed token good is its end, which is not for the log without the rest either.
        let signature = secret.rsplit_once('.').map(|(_, signature)| signature).filter(|end| end.len() >= 32);
        secrets.extend(signature.map(str::to_owned));
    }

    /// A token of whoever those claims describe, under a name that says where they are at home.
    pub(crate) fn sign(&self, claims: &Claims, secret: &str) -> String {
        let owner = if claims.kind == "member" { Owner::Member(claims.id) } else { Owner::Agent(claims.id) };
        let nickname = self.watch.ring(claims.tenant, owner).put_on_text(&claims.nickname);
        let token = Claims { nickname, ..claims.clone() }.signed(secret);
        self.watch.admit(Visitor::of(claims, &token));
        token
    }

    pub(crate) async fn ask(&self, request: RequestBuilder) -> Result<Answer, Unanswered> {
        let since = Instant::now();
        self.pass(request, since).await.map_err(|error| Unanswered { error, took: since.elapsed() })
    }

    /// Sends a request with the rings on, and looks at what comes back to whoever sent it.
    async fn pass(&self, request: RequestBuilder, since: Instant) -> Result<Answer, reqwest::Error> {
        let (client, request) = request.build_split();
        let mut request = request?;
        let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
        let query = |name: &str| request.url().query_pairs().find(|(known, _)| known == name).map(|(_, value)| value);
        let shown = query("token");
        let token = header("authorization").map(canary::bearer).or(shown.as_deref());
        let shop = query("shopId").and_then(|shop| shop.parse().ok()).unwrap_or(0);
        let visitor = self.watch.visitor(token).at(shop);
        let tenant = header("tenant-id").map(str::to_owned);
        let target = request.url().path().to_owned();
        if let Some(body) = request.body().and_then(|body| body.as_bytes()) {
            let ringed = self.watch.ring_sent(&visitor, &target, body);
            if let Cow::Owned(ringed) = ringed {
                *request.body_mut() = Some(ringed.into());
            }
        }
        let answer = Answer::read(client.execute(request).await?, since, &self.watch, &visitor).await?;
        self.watch.learn(&target, tenant.as_deref(), answer.body.as_bytes());
        Ok(answer)
    }
}
