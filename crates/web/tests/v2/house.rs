//! A host with the desk in it, listening on a port of its own.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage, HttpServer, web};
use futures_util::future::BoxFuture;
use kefu::{Desk, Post};
use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    AdminId, Agent, ConversationId, Kind, Member, MemberId, MockAdminDirectory, MockMemberDirectory, MockShopDirectory,
    Permission, Profile, Scope, ShopId, Standing, TenantId,
};
use kefu_push::{Credential, Hub};
use kefu_web::{ApiError, Caller, Doorkeeper, Settings, Site};

pub(crate) const MALL: TenantId = TenantId(1);
pub(crate) const ALICE: Member = Member { scope: Scope::platform(MALL), id: MemberId(101) };

/// A running host.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) desk: Desk,
    pub(crate) hub: Hub,
    pub(crate) store: MemoryStore,
    /// While it is held, who admin 9 is cannot be found out, and does not come to an end either.
    pub(crate) directory: Arc<Mutex<()>>,
    server: ServerHandle,
}

impl House {
    /// With a doorkeeper who believes what people say they are, as in `member:101`.
    pub(crate) async fn open() -> Self {
        Self::with(kefu_push::Settings::default(), Settings::default(), |site| site.doorkeeper(Credulous::default()))
            .await
    }

    pub(crate) async fn with(
        push: kefu_push::Settings,
        settings: Settings,
        furnish: impl FnOnce(Site) -> Site,
    ) -> Self {
        Self::built(push, settings, furnish, |builder| builder).await
    }

    /// As one of several nodes at one store.
    pub(crate) async fn among_others() -> Self {
        let furnish = |site: Site| site.doorkeeper(Credulous::default());
        let several = |builder: kefu::Builder| builder.several_nodes(Duration::from_secs(2));
        Self::built(kefu_push::Settings::default(), Settings::default(), furnish, several).await
    }

    async fn built(
        push: kefu_push::Settings,
        settings: Settings,
        furnish: impl FnOnce(Site) -> Site,
        build: impl FnOnce(kefu::Builder) -> kefu::Builder,
    ) -> Self {
        let store = MemoryStore::new();
        let hub = Hub::with(push);
        let directory = Arc::default();
        let desk = build(books(&store, hub.clone(), &directory)).build();
        let site = furnish(Site::new(desk.clone(), hub.clone(), settings));
        let app = move || {
            App::new()
                .wrap(from_fn(host_auth))
                .service(web::scope("/app").configure(site.member_routes()))
                .service(web::scope("/desk").configure(site.admin_routes()))
                .service(web::scope("/infra").configure(site.socket_route()))
        };
        let server = HttpServer::new(app).workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        Self { address, desk, hub, store, directory, server: handle }
    }

    /// Alice's conversation, with so many messages of hers in it.
    pub(crate) async fn talk_of(&self, messages: usize) -> ConversationId {
        let mut id = None;
        for number in 1..=messages {
            id = Some(self.alice_says(&format!("message {number}")).await);
        }
        id.unwrap()
    }

    /// A message of hers that another node stores, without a word to this one.
    pub(crate) async fn alice_says_elsewhere(&self, text: &str) {
        Self::say_at(&books(&self.store, Hub::new(), &Arc::default()).build(), text).await;
    }

    /// One more message of hers.
    pub(crate) async fn alice_says(&self, text: &str) -> ConversationId {
        Self::say_at(&self.desk, text).await
    }

    /// A conversation of this member, and a word of admin 9 in it.
    pub(crate) async fn answered_by_nine(&self, member: i64) -> ConversationId {
        let post = || Post::new(kefu_domain::Content::new(Kind::Text, "x").unwrap());
        let member = self.desk.member(Member { id: MemberId(member), ..ALICE }, Profile::default());
        let id = member.send(post()).await.unwrap().message.conversation;
        let nine = caller("admin:9").unwrap();
        let nine = Agent { tenant: MALL, id: AdminId(9), shops: nine.shops };
        self.desk.admin(nine, Profile::default()).send(id, post()).await.unwrap();
        id
    }

    async fn say_at(desk: &Desk, text: &str) -> ConversationId {
        let post = Post::new(kefu_domain::Content::new(Kind::Text, text).unwrap());
        desk.member(ALICE, Profile::default()).send(post).await.unwrap().message.conversation
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.server.stop(false));
    }
}

fn face(nickname: &str) -> Profile {
    Profile { nickname: Some(nickname.into()), avatar: Some(format!("https://x/{nickname}.png")) }
}

/// A desk over a store, in the making.
fn books(store: &MemoryStore, hub: Hub, directory: &Arc<Mutex<()>>) -> kefu::Builder {
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    members.expect_profiles().returning(|_, _| Ok([].into()));
    let mut admins = MockAdminDirectory::new();
    let directory = directory.clone();
    admins.expect_profiles().returning(move |_, ids| {
        let _held = ids.contains(&AdminId(9)).then(|| directory.lock());
        Ok([(AdminId(7), face("admin"))].into())
    });
    let mut shops = MockShopDirectory::new();
    shops
        .expect_standing()
        .returning(|scope| Ok(if scope.shop == ShopId(3) { Standing::Open } else { Standing::Unknown }));
    kefu::builder(store.clone(), members, admins, hub).shops(shops).epoch("e1")
}

/// `member:101`, `admin:7` with all permissions, `trainee:8` with none; an admin serves the platform and shop 3.
pub(crate) fn caller(who: &str) -> Option<Caller> {
    let (kind, id) = who.split_once(':')?;
    let id = id.parse().ok()?;
    let caller = match kind {
        "member" => Caller::member(MALL, MemberId(id)),
        "admin" => Caller::admin(MALL, AdminId(id), Permission::ALL).serving([ShopId::PLATFORM, ShopId(3)]),
        "trainee" => Caller::admin(MALL, AdminId(id), [Permission::MessageQuery]),
        _ => return None,
    };
    Some(caller.shown_as(face(kind)).with_credential(credential(who)))
}

/// What somebody's sockets are found by.
pub(crate) fn credential(who: &str) -> Credential {
    let mut name = [0; 16];
    name[..who.len()].copy_from_slice(who.as_bytes());
    Credential(name)
}

/// The host's authentication of requests: who is calling stands in a header.
async fn host_auth(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let who = request.headers().get("x-who").and_then(|who| caller(who.to_str().ok()?));
    if let Some(caller) = who {
        request.extensions_mut().insert(caller);
    }
    next.call(request).await
}

/// Believes everybody, but does not always find out.
#[derive(Default)]
pub(crate) struct Credulous {
    pub(crate) tickets: Mutex<HashMap<String, Caller>>,
    /// What is held by the sockets of those whom this one has let in.
    pub(crate) kept: Option<Arc<()>>,
}

impl Doorkeeper for Credulous {
    fn identify<'a>(&'a self, credential: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        Box::pin(async move {
            match credential {
                "puzzle" => Err(ApiError::Desk(kefu::Error::Late)),
                "riddle" => std::future::pending().await,
                "banned" => Err(ApiError::Own(1_002_015_001, "no".into())),
                who => Ok(caller(who).map(|caller| match &self.kept {
                    Some(kept) => caller.keeping(kept.clone()),
                    None => caller,
                })),
            }
        })
    }

    fn issue_ticket<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<String, ApiError>> {
        Box::pin(async move {
            let ticket = kefu_web::ticket().unwrap();
            self.tickets.lock().unwrap().insert(ticket.clone(), caller.clone());
            Ok(ticket)
        })
    }

    fn redeem_ticket<'a>(&'a self, ticket: &'a str) -> BoxFuture<'a, Result<Option<Caller>, ApiError>> {
        Box::pin(async move {
            if ticket == "kt_riddle" {
                return std::future::pending().await;
            }
            Ok(self.tickets.lock().unwrap().remove(ticket))
        })
    }
}
