//! Signing in and out, and what one is told about oneself.

use kefu_tests::{FakeMall, MALL_PASSWORD, MallMember, Who, http, nickname};
use reqwest::Method;
use serde_json::json;

use crate::{ADMIN, MEMBER, ask, data, get, refused, told};

const ADMIN_LOGIN: &str = "/admin-api/system/auth/login";
const MEMBER_LOGIN: &str = "/app-api/member/auth/login";

#[tokio::test]
async fn an_admin_signs_in_and_sees_what_is_allowed() {
    let mall = FakeMall::start();
    let body = json!({"tenantName": "芋道源码", "username": "agent7", "password": MALL_PASSWORD});

    let tokens = data(ask(&mall, Method::POST, ADMIN_LOGIN).header("tenant-id", "1").json(&body)).await;
    let info = data(get(&mall, ADMIN, tokens["accessToken"].as_str().unwrap())).await;

    assert_eq!(tokens["userId"], 7);
    assert_eq!(tokens["accessToken"].as_str().unwrap().len(), 32);
    assert_eq!(info["user"]["nickname"], nickname(7).as_str());
    let permissions = info["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("promotion:kefu-message:send")), "{permissions:?}");
    assert!(!permissions.contains(&json!("trade:order:query")), "{permissions:?}");
}

#[tokio::test]
async fn a_super_admin_has_every_permission_there_is() {
    let mall = FakeMall::start();

    let info = data(get(&mall, ADMIN, &mall.sign_in(Who::Admin(1)).access)).await;

    assert_eq!(info["roles"], json!(["super_admin"]));
    let permissions = info["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("promotion:kefu-message:send")), "{permissions:?}");
    assert!(permissions.contains(&json!("trade:order:query")), "{permissions:?}");
}

#[tokio::test]
async fn changed_permissions_are_seen_with_the_same_token() {
    let mall = FakeMall::start();
    let bob = mall.sign_in(Who::Admin(7));

    mall.change_admin(7, |admin| admin.permissions.clear());
    let info = data(get(&mall, ADMIN, &bob.access)).await;

    assert_eq!(info["permissions"], json!([""]));
    let panel = told(get(&mall, "/admin-api/member/user/get?id=101", &bob.access)).await;
    refused(&panel, 403, "没有该操作权限");
}

#[tokio::test]
async fn a_member_signs_in_and_is_known_by_either_token() {
    let mall = FakeMall::start();
    let body = json!({"mobile": MallMember::new(101).mobile, "password": MALL_PASSWORD});

    let tokens = data(ask(&mall, Method::POST, MEMBER_LOGIN).header("tenant-id", "1").json(&body)).await;

    for token in ["accessToken", "refreshToken"] {
        // The member pages send the bare token.
        let asked = ask(&mall, Method::GET, MEMBER).header("authorization", tokens[token].as_str().unwrap());
        let me = data(asked).await;
        assert_eq!((&me["id"], &me["nickname"]), (&json!(101), &json!(nickname(101))));
    }
}

#[tokio::test]
async fn a_wrong_password_and_a_closed_account_are_refused() {
    let mall = FakeMall::start();
    let login = |password: &str| {
        let body = json!({"username": "agent7", "password": password});
        ask(&mall, Method::POST, ADMIN_LOGIN).header("tenant-id", "1").json(&body)
    };

    refused(&told(login("guess")).await, 1_002_000_000, "登录失败，账号密码不正确");
    mall.change_admin(7, |admin| admin.disabled = true);
    refused(&told(login(MALL_PASSWORD)).await, 1_002_000_001, "登录失败，账号被禁用");
}

#[tokio::test]
async fn a_refreshed_token_replaces_the_one_before() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));
    let address = format!("/app-api/member/auth/refresh-token?refreshToken={}", alice.refresh);

    // The page still has its old token in the header.
    let asked = ask(&mall, Method::POST, &address).header("authorization", "stale").header("tenant-id", "1");
    let fresh = data(asked).await;

    assert_eq!(fresh["refreshToken"], alice.refresh.as_str());
    assert_eq!(told(get(&mall, MEMBER, &alice.access)).await["code"], 401);
    assert_eq!(data(get(&mall, MEMBER, fresh["accessToken"].as_str().unwrap())).await["id"], 101);
}

#[tokio::test]
async fn refresh_tokens_that_are_no_good_have_the_texts_that_the_page_knows() {
    let mall = FakeMall::start();
    let bob = mall.sign_in(Who::Admin(7));
    let refresh = |token: &str| {
        let address = format!("/admin-api/system/auth/refresh-token?refreshToken={token}");
        ask(&mall, Method::POST, &address).header("tenant-id", "1")
    };

    refused(&told(refresh("unknown")).await, 400, "无效的刷新令牌");
    mall.expire(&bob.refresh);
    refused(&told(refresh(&bob.refresh)).await, 401, "刷新令牌已过期");
    assert_eq!(told(get(&mall, ADMIN, &bob.access)).await["code"], 401);
}

#[tokio::test]
async fn signing_out_ends_both_tokens() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));

    let out = ask(&mall, Method::POST, "/app-api/member/auth/logout").bearer_auth(&alice.access);
    assert_eq!(data(out.header("tenant-id", "1")).await, true);

    for token in [&alice.access, &alice.refresh] {
        assert_eq!(told(get(&mall, MEMBER, token)).await["code"], 401);
    }
}

#[tokio::test]
async fn an_uploaded_picture_is_seen_at_its_address() {
    let mall = FakeMall::start();
    let bob = mall.sign_in(Who::Admin(7));
    let picture = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("a.png").mime_str("image/png").unwrap();
    let form = reqwest::multipart::Form::new().part("file", picture);

    let upload = ask(&mall, Method::POST, "/admin-api/infra/file/upload").bearer_auth(&bob.access).multipart(form);
    let address = data(upload).await;

    let seen = http().build().unwrap().get(address.as_str().unwrap()).send().await.unwrap();
    assert_eq!(seen.headers()["content-type"], "image/png");
    assert_eq!(&seen.bytes().await.unwrap()[..], [1, 2, 3]);
}
