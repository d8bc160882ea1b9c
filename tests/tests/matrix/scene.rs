//! Who is there: two members and an agent of one tenant, a member of another, an account with a password.

use kefu_domain::TenantId;
use kefu_storage::NewAccount;
use kefu_tests::Claims;
use kefu_web::{Access, Route};
use serde_json::json;

use crate::asking::{Ask, Who, World};

pub(crate) const PASSWORD: &str = "kefu-12345";

pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) alice: Who,
    pub(crate) agent: Who,
    /// A member of tenant 2.
    pub(crate) carol: Who,
    /// Conversations: Alice's; Bob's, of the same tenant; Carol's, of another.
    pub(crate) alices: i64,
    pub(crate) bobs: i64,
    pub(crate) carols: i64,
    /// An id that nobody has.
    pub(crate) nobodys: i64,
    /// The name of an uploaded picture.
    pub(crate) picture: String,
}

/// The smallest picture there is.
pub(crate) const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

impl<'a> Scene<'a> {
    pub(crate) fn set(world: &'a World) -> Self {
        let (alice, bob, agent) = (world.member(101), world.member(102), world.agent(7));
        let carol = world.who(&Claims::member(103).at(2));
        let [alices, bobs, carols] = [&alice, &bob, &carol].map(|who| world.conversation_of(who));
        world.server.keep_secret(PASSWORD);
        let account = NewAccount {
            tenant: TenantId(1),
            username: "agent1".to_owned(),
            password_hash: kefu_server::standalone::password::hash(PASSWORD).expect("a hash"),
            nickname: "agent".to_owned(),
            avatar: None,
            roles: vec!["agent".to_owned()],
        };
        world.database().add_account(&account).expect("the database answers").expect("a new account");
        let uploaded = alice.ask(Ask::post("/app-api/infra/file/upload").file("a.gif", GIF)).data();
        let address = uploaded.as_str().expect("an address");
        let picture = address.rsplit('/').next().expect("a name").to_owned();
        Self { world, alice, agent, carol, alices, bobs, carols, nobodys: 987_654_321, picture }
    }

    /// Who should ask for a route.
    pub(crate) fn token_for(&self, route: &Route) -> &str {
        match route.access {
            Access::Member => &self.alice.token,
            Access::AnyAdmin | Access::Admin(_) => &self.agent.token,
            Access::Anyone | Access::SignedIn if route.path.starts_with("/admin-api/") => &self.agent.token,
            Access::Anyone | Access::SignedIn => &self.alice.token,
        }
    }

    /// A pair of tokens that nobody else uses.
    pub(crate) fn fresh_login(&self) -> (String, String) {
        let body = json!({ "username": "agent1", "password": PASSWORD });
        let pair = Ask::post("/admin-api/system/auth/login").tenant(1).json(&body).at(self.world.addr).data();
        let token = |name: &str| {
            let token = pair[name].as_str().expect("a token").to_owned();
            self.world.server.keep_secret(&token);
            token
        };
        (token("accessToken"), token("refreshToken"))
    }
}
