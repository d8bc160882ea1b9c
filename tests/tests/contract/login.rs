//! The mall's login, for accounts that are kept here: what the console needs to get to its page.

use kefu_domain::{Permission, TenantId};
use kefu_storage::NewAccount;
use kefu_tests::{Backend, off_the_runtime};
use serde_json::{Value, json};

use crate::asking::{Answer, Ask, Socket, World};

const PASSWORD: &str = "kefu-12345";

fn account(world: &World, username: &str, roles: &[&str]) {
    world.server.keep_secret(PASSWORD);
    let account = NewAccount {
        tenant: TenantId(1),
        username: username.to_owned(),
        password_hash: kefu_server::standalone::password::hash(PASSWORD).expect("a hash"),
        nickname: "小美".to_owned(),
        avatar: Some("https://mall.example/a.png".to_owned()),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
        shops: kefu_domain::Shops::platform(),
    };
    world.database().add_account(&account).expect("the database answers").expect("a new account");
}

fn login(world: &World, username: &str, password: &str) -> Answer {
    // As the console sends it, with members that nobody here asks for.
    let body = json!({ "tenantName": "mall", "username": username, "password": password, "rememberMe": false });
    Ask::post("/admin-api/system/auth/login").tenant(1).json(&body).at(world.addr)
}

/// Access and refresh token of a pair, to be found in no log.
fn tokens(world: &World, pair: &Value) -> (String, String) {
    let token = |name: &str| {
        let token = pair[name].as_str().expect("a token").to_owned();
        assert!(token.len() == 32 && token.bytes().all(|byte| byte.is_ascii_hexdigit()), "32 hex digits");
        world.server.keep_secret(&token);
        token
    };
    (token("accessToken"), token("refreshToken"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_gives_a_pair_of_tokens_that_both_open_doors() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["manager"]);

        let pair = login(&world, "agent1", PASSWORD).data();

        assert!(pair["userId"].as_i64().is_some_and(|id| id >= 1_000_000_000_000), "beyond the mall's own admins");
        assert!(pair["expiresTime"].as_i64().is_some_and(|time| time > 1_700_000_000_000), "milliseconds");
        let (access, refresh) = tokens(&world, &pair);
        for token in [&access, &refresh] {
            let list = Ask::get("/admin-api/promotion/kefu-conversation/list").bearer(token).tenant(1);
            assert_eq!(list.at(world.addr).code(), 0);
            // The console puts the refresh token into the socket's address.
            Socket::open(world.addr, token).assert_silent();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_names_and_wrong_passwords_cannot_be_told_apart_and_end_in_a_wait() {
    let world = World::start(Backend::Sqlite, &[("auth.login_failures", "3")]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["agent"]);

        for _ in 0..3 {
            let (known, unknown) = (login(&world, "agent1", "wrong-one"), login(&world, "agent2", "wrong-one"));
            assert_eq!((known.code(), known.msg()), (1_002_000_000, "登录失败，账号密码不正确".to_owned()));
            assert_eq!(known.telltale(), unknown.telltale());
        }
        for name in ["agent1", "AGENT1", "agent2"] {
            let waits = login(&world, name, PASSWORD);
            assert_eq!(waits.code(), 429, "{name}");
            assert!(waits.header("Retry-After").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|s| s >= 1)));
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_account_is_told_so_only_with_its_password() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["agent"]);
        let database = world.database();
        let id = database.account_by_name(TenantId(1), "agent1").expect("an answer").expect("an account").id;
        database.set_account_status(id, kefu_storage::AccountStatus::Disabled).expect("an answer");

        let told = login(&world, "agent1", PASSWORD);

        assert_eq!((told.code(), told.msg()), (1_002_000_001, "登录失败，账号被禁用".to_owned()));
        assert_eq!(login(&world, "agent1", "wrong-one").code(), 1_002_000_000);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_keeps_the_refresh_token_and_ends_the_old_access_token() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["agent"]);
        let (old, refresh) = tokens(&world, &login(&world, "agent1", PASSWORD).data());
        let renew =
            |token: &str| Ask::post(format!("/admin-api/system/auth/refresh-token?refreshToken={token}")).tenant(1);

        let pair = renew(&refresh).at(world.addr).data();

        let (new, kept) = tokens(&world, &pair);
        assert_eq!(kept, refresh, "the console's socket address is made once and holds it");
        assert_ne!(new, old);
        let list =
            |token: &str| Ask::get("/admin-api/promotion/kefu-conversation/list").bearer(token).at(world.addr).code();
        assert_eq!((list(&new), list(&refresh)), (0, 0));
        let unknown = renew("0123456789abcdef0123456789abcdef").at(world.addr);
        assert_eq!(
            (unknown.code(), unknown.msg()),
            (400, "无效的刷新令牌".to_owned()),
            "words that the console looks for"
        );
        assert_eq!(renew("").at(world.addr).msg(), "请求参数缺失:refreshToken");
        let access = renew(&new).at(world.addr);
        assert_eq!(access.code(), 400, "an access token renews nothing");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_logout_is_always_a_success_and_ends_the_pair() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["agent"]);
        let (access, refresh) = tokens(&world, &login(&world, "agent1", PASSWORD).data());
        let out =
            |token: &str| Ask::post("/admin-api/system/auth/logout").tenant(1).bearer(token).at(world.addr).data();

        assert_eq!([out(&access), out(&access), out("nobody")], [json!(true), json!(true), json!(true)]);

        for token in [&access, &refresh] {
            let list = Ask::get("/admin-api/promotion/kefu-conversation/list").bearer(token);
            assert_eq!(list.at(world.addr).code(), 401);
        }
        let renewal = Ask::post(format!("/admin-api/system/auth/refresh-token?refreshToken={refresh}")).tenant(1);
        assert_eq!(renewal.at(world.addr).msg(), "无效的刷新令牌");
        assert_eq!(Ask::post("/app-api/member/auth/logout").tenant(1).at(world.addr).data(), true);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_finds_its_menu_its_name_and_its_permissions() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        account(&world, "agent1", &["manager"]);
        let pair = login(&world, "agent1", PASSWORD).data();
        let (access, _) = tokens(&world, &pair);

        let info =
            Ask::get("/admin-api/system/auth/get-permission-info").bearer(&access).tenant(1).at(world.addr).data();

        assert_eq!(info["user"]["id"], pair["userId"]);
        assert_eq!((&info["user"]["nickname"], &info["user"]["username"]), (&json!("小美"), &json!("agent1")));
        assert_eq!(info["user"]["avatar"], "https://mall.example/a.png");
        assert!(info["roles"].is_array());
        let mut permissions: Vec<_> =
            info["permissions"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        let mut all = Permission::ALL.map(Permission::as_str);
        permissions.sort_unstable();
        all.sort_unstable();
        assert_eq!(permissions, all);
        let mall = &info["menus"][0];
        let page = &mall["children"][0];
        assert_eq!((&mall["id"], &mall["parentId"], &mall["path"]), (&json!(2362), &json!(0), &json!("/mall")));
        assert_eq!((&page["id"], &page["parentId"], &page["path"]), (&json!(2797), &json!(2362), &json!("kefu")));
        assert_eq!((&page["component"], &page["componentName"]), (&json!("mall/promotion/kefu/index"), &json!("KeFu")));
        for flag in ["visible", "keepAlive", "alwaysShow"] {
            assert_eq!((&mall[flag], &page[flag]), (&json!(true), &json!(true)));
        }
        assert!(page["children"].is_null() && mall["component"].is_null());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_little_questions_on_the_way_to_the_page_have_the_malls_shapes() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        world.conversation_of(&alice);
        let desk = |path: &str| agent.ask(Ask::get(format!("/admin-api{path}")).tenant(1)).data();
        let app = |path: &str| alice.ask(Ask::get(format!("/app-api{path}")).tenant(1)).data();
        let public = |path: &str| Ask::get(path).at(world.addr).data();

        assert_eq!(public("/admin-api/system/tenant/get-id-by-name?name=mall"), 1);
        assert!(public("/admin-api/system/tenant/get-id-by-name?name=nobody").is_null());
        assert!(public("/admin-api/system/tenant/get-by-website?website=x:80").is_null());
        assert!(public("/app-api/system/tenant/get-by-website?website=x").is_null());
        assert_eq!(desk("/system/tenant/simple-list"), json!([{ "id": 1, "name": "mall" }]));
        assert!(desk("/system/dict-data/simple-list").as_array().is_some_and(|words| !words.is_empty()));
        assert_eq!(desk("/system/notify-message/get-unread-count"), 0);
        let member = desk("/member/user/get?id=101");
        assert_eq!((&member["id"], &member["avatar"]), (&json!(101), &json!("https://mall.example/101.png")));
        assert!(desk("/member/user/get?id=987654321").is_object(), "the side panel breaks on null");
        assert_eq!(desk("/pay/wallet/get?userId=101")["balance"], 0);
        for page in ["/product/browse-history/page?pageNo=1", "/trade/order/page?pageNo=1"] {
            assert_eq!(desk(page), json!({ "list": [], "total": 0 }));
            assert_eq!(app(page), json!({ "list": [], "total": 0 }));
        }
        assert_eq!(app("/member/user/get")["id"], 101);
        let decoration = app("/promotion/diy-template/used");
        assert!(["home", "user"].iter().all(|part| decoration[part]["components"].is_array()), "{decoration}");
        assert_eq!(decoration["property"]["tabBar"]["theme"], "orange");
        assert!(app("/trade/cart/list").is_object() && app("/trade/order/get-count").is_object());
        assert_eq!(app("/promotion/coupon/get-unused-count"), 0);
    });
}
