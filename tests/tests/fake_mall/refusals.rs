//! Codes and texts of what is refused.

use kefu_tests::{FakeMall, Who};
use reqwest::Method;

use crate::{ADMIN, CHECK, MEMBER, ask, data, get, refused, told};

const NOT_SIGNED_IN: &str = "账号未登录";
const NOT_ALLOWED: &str = "没有该操作权限";

#[tokio::test]
async fn no_token_and_an_unknown_one_are_401() {
    let mall = FakeMall::start();

    refused(&told(ask(&mall, Method::GET, MEMBER)).await, 401, NOT_SIGNED_IN);
    refused(&told(get(&mall, MEMBER, "0123456789abcdef")).await, 401, NOT_SIGNED_IN);
    refused(&told(ask(&mall, Method::GET, "/admin-api/nowhere")).await, 401, NOT_SIGNED_IN);
}

#[tokio::test]
async fn a_token_of_the_other_side_is_403_even_on_public_pages() {
    let mall = FakeMall::start();
    let (alice, bob) = (mall.sign_in(Who::Member(101)), mall.sign_in(Who::Admin(7)));

    refused(&told(get(&mall, ADMIN, &alice.access)).await, 403, NOT_ALLOWED);
    refused(&told(get(&mall, MEMBER, &bob.refresh)).await, 403, NOT_ALLOWED);
    let public = ask(&mall, Method::POST, "/admin-api/system/auth/logout").bearer_auth(&alice.access);
    refused(&told(public.header("tenant-id", "1")).await, 403, NOT_ALLOWED);
}

#[tokio::test]
async fn another_tenant_than_the_tokens_is_403() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));

    let asked = ask(&mall, Method::GET, MEMBER).bearer_auth(&alice.access).header("tenant-id", "2");

    refused(&told(asked).await, 403, "您无权访问该租户的数据");
}

#[tokio::test]
async fn a_public_page_wants_a_tenant_that_exists() {
    let mall = FakeMall::start();
    let login = || ask(&mall, Method::POST, "/app-api/member/auth/login").body("{}");

    refused(&told(login()).await, 400, "请求的租户标识未传递，请进行排查");
    refused(&told(login().header("tenant-id", "3")).await, 1_002_015_000, "租户不存在");
}

#[tokio::test]
async fn an_ended_token_is_401_and_check_token_says_why() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));

    mall.expire(&alice.access);
    mall.expire(&alice.refresh);

    refused(&told(get(&mall, MEMBER, &alice.access)).await, 401, NOT_SIGNED_IN);
    refused(&told(get(&mall, MEMBER, &alice.refresh)).await, 401, NOT_SIGNED_IN);
    refused(&told(check(&mall, &alice.access)).await, 401, "访问令牌已过期");
    refused(&told(check(&mall, &alice.refresh)).await, 401, "访问令牌不存在");
}

#[tokio::test]
async fn check_token_calls_everybody_an_admin() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));

    let known = data(check(&mall, &alice.access)).await;

    assert_eq!((&known["user_id"], &known["user_type"], &known["tenant_id"]), (&101.into(), &2.into(), &1.into()));
    assert_eq!(known["access_token"], alice.access.as_str());
}

#[tokio::test]
async fn check_token_wants_its_client_and_a_tenant() {
    let mall = FakeMall::start();
    let alice = mall.sign_in(Who::Member(101));
    let bob = mall.sign_in(Who::Admin(7));
    let with = |token: &str, parameters: &str| {
        let address = format!("{CHECK}?token={token}{parameters}");
        ask(&mall, Method::POST, &address).header("tenant-id", "1")
    };

    let nobody = "client_id 或 client_secret 未正确传递";
    refused(&told(with(&bob.access, "")).await, 400, nobody);
    let stranger = with("x", "&client_id=other&client_secret=admin123");
    refused(&told(stranger).await, 1_002_020_000, "OAuth2 客户端不存在");
    let impostor = with("x", "&client_id=default&client_secret=guess");
    refused(&told(impostor).await, 1_002_020_006, "无效 client_secret: guess");
    let basic = ask(&mall, Method::POST, CHECK).basic_auth("default", Some("admin123"));
    refused(&told(basic.query(&[("token", &bob.access)])).await, 400, "请求的租户标识未传递，请进行排查");
    // Where nothing else is in the header, the filter takes the parameter for a bearer.
    let own_side = with(&bob.access, "&client_id=default&client_secret=admin123");
    assert_eq!(data(own_side).await["user_id"], 7);
    let other_side = with(&alice.access, "&client_id=default&client_secret=admin123");
    refused(&told(other_side).await, 403, NOT_ALLOWED);
}

#[tokio::test]
async fn what_the_mall_does_not_have_is_said_in_its_words() {
    let mall = FakeMall::start();
    let bob = mall.sign_in(Who::Admin(7));
    let alice = mall.sign_in(Who::Member(101));

    let kefu = told(get(&mall, "/admin-api/promotion/kefu-conversation/list", &bob.access)).await;
    assert_eq!(kefu["code"], 501);
    let nowhere = told(get(&mall, "/app-api/nowhere", &alice.access)).await;
    refused(&nowhere, 404, "请求地址不存在:/app-api/nowhere");
    let post = ask(&mall, Method::POST, MEMBER).bearer_auth(&alice.access);
    refused(&told(post).await, 405, "请求方法不正确:Request method 'POST' not supported");
}

fn check(mall: &FakeMall, token: &str) -> reqwest::RequestBuilder {
    let asked = ask(mall, Method::POST, CHECK).basic_auth("default", Some("admin123"));
    asked.header("tenant-id", "1").query(&[("token", token)])
}
