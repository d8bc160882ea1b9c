//! Who comes and goes here: agents of shops, accounts with passwords, and what they are heard to say.

use std::time::{Duration, Instant};

use kefu_domain::{AdminId, Scope, ShopId, TenantId};
use kefu_storage::NewAccount;
use kefu_tests::{Backend, Claims, Side};
use serde_json::{Value, json};

use crate::asking::{Answer, Ask, Who, World, id};
use crate::{A, B};

pub(crate) const PASSWORD: &str = "kefu-12345";
/// Three seconds are promised.
const SEEN_WITHIN: Duration = Duration::from_secs(4);
pub(crate) const GIF: &[u8] = b"GIF89a\x01\x00\x01\x00\x00\x00\x00;";

/// A server whose tenant 1 has the shops A and B.
pub(crate) async fn mall(backend: Backend) -> World {
    let world = World::start(backend, &[]).await;
    kefu_tests::off_the_runtime(|| [A, B].map(|shop| world.shop(1, shop)));
    world
}

pub(crate) const fn at(shop: i64) -> Scope {
    Scope { tenant: TenantId(1), shop: ShopId(shop) }
}

/// An agent of tenant 1 whose token names these shops.
pub(crate) fn agent_of(world: &World, id: i64, shops: &[i64]) -> Who {
    world.who(&Claims::agent(id).serving(shops))
}

/// The id of the member's conversation at a shop, with one message in it.
#[track_caller]
pub(crate) fn opened(member: &Who, shop: i64) -> i64 {
    member.say_at(shop, "hello").data();
    id(&member.list(&format!("shopId={shop}&limit=1"))[0]["conversationId"])
}

/// An account of tenant 1 that was given these shops.
pub(crate) fn account(world: &World, username: &str, role: &str, shops: &[i64]) -> AdminId {
    world.server.keep_secret(PASSWORD);
    let account = NewAccount {
        tenant: TenantId(1),
        username: username.to_owned(),
        password_hash: kefu_server::standalone::password::hash(PASSWORD).expect("a hash"),
        nickname: username.to_owned(),
        avatar: None,
        roles: vec![role.to_owned()],
        shops: shops.iter().copied().map(ShopId).collect(),
    };
    world.database().add_account(&account).expect("the database answers").expect("a new account")
}

/// Logs in with that account.
#[track_caller]
pub(crate) fn login(world: &World, username: &str) -> Who {
    let body = json!({ "username": username, "password": PASSWORD });
    let pair = Ask::post("/admin-api/system/auth/login").tenant(1).json(&body).at(world.addr).data();
    let token = |name: &str| pair[name].as_str().expect("a token").to_owned();
    world.server.keep_secret(&token("refreshToken"));
    let person = world.server.person_with(Side::Agent, id(&pair["userId"]), &token("accessToken"));
    world.known(&person)
}

/// An upload's answer.
#[track_caller]
pub(crate) fn upload(who: &Who, query: &str) -> Answer {
    let side = if who.side == Side::Member { "app-api" } else { "admin-api" };
    who.ask(Ask::post(format!("/{side}/infra/file/upload{query}")).file("a.gif", GIF))
}

/// The path of a file that was uploaded.
#[track_caller]
pub(crate) fn path_of(answer: &Answer) -> String {
    let address = answer.data();
    address.as_str().and_then(|address| address.strip_prefix("http://kefu.example")).expect("an address").to_owned()
}

/// The ids of the conversations in an agent's list.
#[track_caller]
pub(crate) fn listed(agent: &Who, query: &str) -> Vec<i64> {
    agent.conversations(query).iter().map(|row| id(&row["id"])).collect()
}

/// The numbers of the shops in an answer.
pub(crate) fn numbers(shops: &Value) -> Vec<i64> {
    shops.as_array().expect("a list").iter().map(|shop| id(&shop["id"])).collect()
}

/// Asks until it is as it should be. An asking that begins later than is promised, and a moment for a busy machine,
/// must find it so.
#[track_caller]
pub(crate) fn soon(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    loop {
        let began = since.elapsed();
        if holds() {
            return;
        }
        assert!(began < SEEN_WITHIN, "{what}: not yet after {began:?}");
    }
}
