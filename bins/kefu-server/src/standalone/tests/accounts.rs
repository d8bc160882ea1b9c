use kefu_domain::TenantId;
use kefu_storage::{AccountStatus, NewAccount};
use serde_json::{Value, json};

use crate::standalone::password;
use crate::testing::{Answer, World, ask_once, request, world, world_with};

const LOGIN: &str = "/admin-api/system/auth/login";
const INFO: &str = "/admin-api/system/auth/get-permission-info";
const TENANT: (&str, &str) = ("tenant-id", "1");

fn with_account(world: &World) -> kefu_domain::AdminId {
    let account = NewAccount {
        tenant: TenantId(1),
        username: "kefu".into(),
        password_hash: password::hash("kefu1234").unwrap(),
        nickname: "Bob".into(),
        avatar: Some("https://cdn.example.com/bob.png".into()),
        roles: vec!["agent".into()],
        shops: kefu_domain::Shops::platform(),
    };
    world.database.add_account(&account).unwrap().unwrap()
}

async fn login(world: &World, body: Value) -> Answer {
    let request = request("POST", LOGIN, None, &[TENANT]).set_json(body);
    ask_once(world, request).await
}

async fn code(world: &World, body: Value) -> i64 {
    login(world, body).await.code()
}

#[actix_web::test]
async fn a_console_logs_in_finds_its_page_renews_and_logs_out() {
    let world = world();
    let id = with_account(&world);

    let pair = login(&world, json!({"tenantName": "mall 1", "username": "kefu", "password": "kefu1234"})).await.data();
    let access = pair["accessToken"].as_str().unwrap().to_owned();
    let refresh = pair["refreshToken"].as_str().unwrap().to_owned();
    assert_eq!(pair["userId"], id.0);

    let info = ask_once(&world, request("GET", INFO, Some(&access), &[TENANT])).await.data();
    assert_eq!(info["user"]["nickname"], "Bob");
    assert_eq!(info["permissions"].as_array().unwrap().len(), 5);
    assert_eq!(info["menus"][0]["children"][0]["name"], "客服中心");

    let again = format!("/admin-api/system/auth/refresh-token?refreshToken={refresh}");
    let renewed = ask_once(&world, request("POST", &again, None, &[TENANT])).await.data();
    assert_eq!(renewed["refreshToken"], refresh.as_str());
    let access = renewed["accessToken"].as_str().unwrap();

    let logout = request("POST", "/admin-api/system/auth/logout", Some(access), &[TENANT]);
    assert_eq!(ask_once(&world, logout).await.data(), true);
    for token in [access, &refresh] {
        assert_eq!(ask_once(&world, request("GET", INFO, Some(token), &[TENANT])).await.code(), 401);
    }
    assert_eq!(ask_once(&world, request("POST", &again, None, &[TENANT])).await.json()["msg"], "无效的刷新令牌");
}

#[actix_web::test]
async fn wrong_names_and_wrong_passwords_are_told_the_same() {
    let world = world();
    with_account(&world);

    assert_eq!(code(&world, json!({"username": "kefu", "password": "kefu12345"})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "nobody", "password": "kefu1234"})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "x' or 1=1 --", "password": "kefu1234"})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "kefu", "password": "x".repeat(100_000)})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "kefu"})).await, 400);
    assert_eq!(code(&world, json!({"username": "", "password": "kefu1234"})).await, 400);
    assert_eq!(code(&world, json!({"username": {"$ne": 1}, "password": "kefu1234"})).await, 400);
    assert_eq!(code(&world, json!({"username": "KEFU", "password": "kefu1234"})).await, 0, "whatever the case");
}

#[actix_web::test]
async fn that_an_account_is_disabled_is_told_only_to_who_knows_its_password() {
    let world = world();
    let id = with_account(&world);
    world.database.set_account_status(id, AccountStatus::Disabled).unwrap();

    assert_eq!(code(&world, json!({"username": "kefu", "password": "guess123"})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "kefu", "password": "kefu1234"})).await, 1_002_000_001);
}

#[actix_web::test]
async fn who_guesses_passwords_has_to_wait_and_the_right_one_does_not_help() {
    let world = world_with(|settings| settings.auth.login_failures = 2);
    with_account(&world);
    for _ in 0..2 {
        assert_eq!(code(&world, json!({"username": "kefu", "password": "guess123"})).await, 1_002_000_000);
    }

    let answer = login(&world, json!({"username": "kefu", "password": "kefu1234"})).await;

    assert_eq!((answer.code(), answer.header("retry-after")), (429, "60"));
}

#[actix_web::test]
async fn what_can_be_no_account_is_wrong_and_costs_nothing() {
    let world = world_with(|settings| settings.auth.login_failures = 1);
    with_account(&world);

    for _ in 0..3 {
        assert_eq!(code(&world, json!({"username": "客".repeat(65), "password": "x"})).await, 1_002_000_000);
        assert_eq!(code(&world, json!({"username": "kefu", "password": "x".repeat(257)})).await, 1_002_000_000);
    }
    assert_eq!(code(&world, json!({"username": "kefu", "password": "x".repeat(256)})).await, 1_002_000_000);
    assert_eq!(code(&world, json!({"username": "kefu", "password": "x"})).await, 429, "this one was counted");
}

#[actix_web::test]
async fn an_account_of_another_tenant_is_not_found() {
    let world = world();
    with_account(&world);
    let other = kefu_storage::NewTenant { id: Some(TenantId(5)), name: "mall 5".into(), expires: None };
    world.database.add_tenant(&other).unwrap().unwrap();

    let body = json!({"username": "kefu", "password": "kefu1234"});
    let elsewhere = request("POST", LOGIN, None, &[("tenant-id", "5")]).set_json(body);

    assert_eq!(ask_once(&world, elsewhere).await.code(), 1_002_000_000);
}
