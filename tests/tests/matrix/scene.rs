//! Who is there: two members and an agent of one tenant, with a second shop and its agent; a member of another tenant;
//! an account with a password.

use kefu_domain::TenantId;
use kefu_storage::NewAccount;
use kefu_tests::Claims;
use kefu_web::serving::{Access, Route};
use serde_json::json;

use crate::asking::{Ask, Who, World, id};

pub(crate) const PASSWORD: &str = "kefu-12345";

pub(crate) struct Scene<'a> {
    pub(crate) world: &'a World,
    pub(crate) alice: Who,
    pub(crate) bob: Who,
    /// A member who has written to the second shop only.
    pub(crate) dave: Who,
    pub(crate) agent: Who,
    /// An agent who serves the second shop and nothing else.
    pub(crate) neighbour: Who,
    /// A member of tenant 2.
    pub(crate) carol: Who,
    /// Conversations: Alice's; Bob's, of the same tenant; Carol's, of another; Alice's own at the second shop.
    pub(crate) alices: i64,
    pub(crate) bobs: i64,
    pub(crate) carols: i64,
    pub(crate) alices_elsewhere: i64,
    /// Messages in Alice's conversation: one of hers, and one of the agent's.
    pub(crate) alices_word: i64,
    pub(crate) agents_word: i64,
    /// The key of the mall's server.
    pub(crate) api_key: String,
    /// An id that nobody has.
    pub(crate) nobodys: i64,
    /// The names of uploaded pictures: Alice's, Carol's, and one that the neighbour brought.
    pub(crate) picture: String,
    pub(crate) carols_picture: String,
    pub(crate) neighbours_picture: String,
}

/// The second shop of tenant 1, one that only tenant 2 has, and one that samples may open, close and give away.
pub(crate) const SECOND: i64 = 5;
pub(crate) const FOREIGN: i64 = 6;
pub(crate) const SPARE: i64 = 7;

/// The smallest picture there is.
pub(crate) const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

impl<'a> Scene<'a> {
    pub(crate) fn set(world: &'a World) -> Self {
        let [alice, bob, dave] = [101, 102, 104].map(|id| world.member(id));
        let agent = world.agent(7);
        let carol = world.who(&Claims::member(103).at(2));
        let neighbour = world.who(&Claims::agent(17).serving(&[SECOND]));
        for (tenant, shop) in [(1, SECOND), (1, SPARE), (2, FOREIGN)] {
            world.shop(tenant, shop);
        }
        let [alices, bobs, carols] = [&alice, &bob, &carol].map(|who| world.conversation_of(who));
        dave.say_at(SECOND, "hello").data();
        alice.say_at(SECOND, "hello").data();
        let alices_word = id(&alice.say("a word").data());
        let agents_word = id(&agent.say_to(alices, "another").data());
        let alices_elsewhere = id(&neighbour.conversations("")[0]["id"]);
        world.server.keep_secret(PASSWORD);
        let account = NewAccount {
            tenant: TenantId(1),
            username: "agent1".to_owned(),
            password_hash: kefu_server::standalone::password::hash(PASSWORD).expect("a hash"),
            nickname: "agent".to_owned(),
            avatar: None,
            roles: vec!["agent".to_owned()],
            shops: kefu_domain::Shops::platform(),
        };
        world.database().add_account(&account).expect("the database answers").expect("a new account");
        let api_key = kefu_server::entrance::new_key().expect("random bytes");
        world.server.keep_secret(&api_key);
        let kept = world.database().add_api_key(&kefu_server::entrance::hash(&api_key), TenantId(1), "mall");
        assert!(kept.expect("the database answers"), "the first key of that name");
        let picture = uploaded_by(&alice, "/app-api");
        let (carols_picture, neighbours_picture) =
            (uploaded_by(&carol, "/app-api"), uploaded_by(&neighbour, "/admin-api"));
        Self {
            world,
            alice,
            bob,
            dave,
            agent,
            neighbour,
            carol,
            alices,
            bobs,
            carols,
            alices_elsewhere,
            alices_word,
            agents_word,
            api_key,
            nobodys: 987_654_321,
            picture,
            carols_picture,
            neighbours_picture,
        }
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

    /// The refresh token of a member for whom the mall's server asked.
    pub(crate) fn fresh_member(&self) -> String {
        let ask = Ask::post("/open-api/member-token").header("X-Api-Key", &self.api_key);
        let pair = ask.json(&json!({ "userId": 106 })).at(self.world.addr).data();
        for name in ["accessToken", "refreshToken"] {
            self.world.server.keep_secret(pair[name].as_str().expect("a token"));
        }
        pair["refreshToken"].as_str().expect("a token").to_owned()
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

/// The name of a picture that somebody brings.
fn uploaded_by(who: &Who, prefix: &str) -> String {
    let uploaded = who.ask(Ask::post(format!("{prefix}/infra/file/upload")).file("a.gif", GIF)).data();
    let address = uploaded.as_str().expect("an address");
    address.rsplit('/').next().expect("a name").to_owned()
}
