//! Shops at the controllers: which one a member names, and which an admin may see.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage, test, web};
use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    AdminId, DirectoryError, MemberId, MockAdminDirectory, MockMemberDirectory, MockShopDirectory, Party, Permission,
    ShopId, Standing, TenantId,
};
use kefu_push::Hub;
use kefu_web::{Caller, Settings, Site};
use serde_json::{Value, json};

/// Shops 5 and 6 are open, 8 is closed, of 7 the books say nothing, and there is no other.
fn site() -> Site {
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    members.expect_profiles().returning(|_, _| Ok([].into()));
    let mut admins = MockAdminDirectory::new();
    admins.expect_profiles().returning(|_, _| Ok([].into()));
    let mut shops = MockShopDirectory::new();
    shops.expect_standing().returning(|scope| {
        Ok(match scope.shop.0 {
            5 | 6 => Standing::Open,
            7 => return Err(DirectoryError("the books are closed".into())),
            8 => Standing::Closed,
            _ => Standing::Unknown,
        })
    });
    let hub = Hub::new();
    let desk = kefu::builder(MemoryStore::new(), members, admins, hub.clone()).shops(shops).build();
    Site::new(desk, hub, Settings::default())
}

/// The host's authentication: `member`, `system`, or `admin` with the numbers of their shops.
async fn host_auth(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let who = request.headers().get("x-who").and_then(|who| who.to_str().ok()).unwrap_or_default().to_owned();
    let mall = TenantId(1);
    let caller = match who.strip_prefix("admin") {
        Some(shops) => {
            let shops = shops.split_whitespace().filter_map(|shop| shop.parse().ok().map(ShopId));
            Caller::admin(mall, AdminId(7), Permission::ALL).serving(shops)
        }
        None if who == "system" => Caller::new(mall, Party::System),
        None => Caller::member(mall, MemberId(101)),
    };
    request.extensions_mut().insert(caller);
    next.call(request).await
}

macro_rules! host {
    () => {{
        let site = site();
        test::init_service(
            App::new()
                .wrap(from_fn(host_auth))
                .service(web::scope("/app").configure(site.member_routes()))
                .service(web::scope("/desk").configure(site.admin_routes()))
                .service(web::scope("/infra").configure(site.socket_route())),
        )
        .await
    }};
}

macro_rules! ask {
    ($host:expr, $who:expr, $verb:ident $path:expr $(, $body:expr)?) => {{
        let request = test::TestRequest::$verb().uri($path).insert_header(("x-who", $who))$(.set_json($body))?;
        let response = test::call_service(&$host, request.to_request()).await;
        let (status, body): (StatusCode, Value) = (response.status(), test::read_body_json(response).await);
        assert_eq!(status, 200, "{body}");
        body
    }};
}

fn said(shop: &Value) -> Value {
    json!({ "contentType": 1, "content": "在吗", "shopId": shop })
}

#[actix_web::test]
async fn a_member_names_a_shop_in_the_query_or_in_the_body() {
    let host = host!();

    for (path, shop, code) in [
        ("/app/kefu-message/send", json!(5), 0),
        ("/app/kefu-message/send", json!("5"), 0),
        ("/app/kefu-message/send?shopId=5", Value::Null, 0),
        ("/app/kefu-message/send?shopId=5", json!(5), 0),
        ("/app/kefu-message/send?shopId=", json!(5), 0),
        ("/app/kefu-message/send?shopId=5", json!(6), 400),
        ("/app/kefu-message/send?shopId=5", json!(0), 400),
        ("/app/kefu-message/send?shopId=x", json!(5), 400),
        ("/app/kefu-message/send", json!("x"), 400),
        ("/app/kefu-message/send", json!(8), 400),
        ("/app/kefu-message/send", json!(99), 400),
    ] {
        let answer = ask!(host, "member", post path, said(&shop));
        assert_eq!(answer["code"], code, "{path} {shop}: {answer}");
    }

    let count = |answer: Value| answer["data"].as_array().map(Vec::len);
    assert_eq!(count(ask!(host, "member", get "/app/kefu-message/list?shopId=5")), Some(5));
    assert_eq!(count(ask!(host, "member", get "/app/kefu-message/list?shopId=6")), Some(0));
    assert_eq!(count(ask!(host, "member", get "/app/kefu-message/list")), Some(0));
}

#[actix_web::test]
async fn a_shop_that_is_not_open_is_refused_with_a_text() {
    let host = host!();

    for (shop, msg) in [(8, "店铺已关闭，不再接收消息"), (99, "店铺不存在，请检查 shopId")] {
        let refused = json!({ "code": 400, "msg": msg, "data": null });
        assert_eq!(ask!(host, "member", post "/app/kefu-message/send", said(&json!(shop))), refused);
        assert_eq!(ask!(host, "member", get & format!("/app/kefu-message/list?shopId={shop}")), refused);
        let read = format!("/app/kefu-message/update-read-status?conversationId=1&shopId={shop}");
        assert_eq!(ask!(host, "member", put & read), refused);

        let socket = test::TestRequest::get().uri(&format!("/infra/ws?shopId={shop}")).to_request();
        let response = test::call_service(&host, socket).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "no upgrade");
        assert_eq!(test::read_body_json::<Value, _>(response).await, refused);
    }
}

#[actix_web::test]
async fn a_socket_that_is_not_opened_says_whose_fault_it_is() {
    let host = host!();

    for (who, query, status, code, retry_after) in [
        ("member", "?shopId=99", 400, 400, None),
        ("member", "?shopId=x", 400, 400, None),
        ("member", "?shopId=7", 503, 503, Some("1")),
        ("system", "", 403, 403, None),
        ("system", "?shopId=5", 403, 403, None),
    ] {
        let socket = test::TestRequest::get().uri(&format!("/infra/ws{query}")).insert_header(("x-who", who));
        let response = test::call_service(&host, socket.to_request()).await;

        assert_eq!(response.status().as_u16(), status, "{who} {query}");
        let after = response.headers().get("retry-after").map(|seconds| seconds.to_str().unwrap().to_owned());
        assert_eq!(after.as_deref(), retry_after, "{who} {query}");
        assert_eq!(test::read_body_json::<Value, _>(response).await["code"], code, "{who} {query}");
    }
}

#[actix_web::test]
async fn an_admin_sees_the_conversations_of_their_shops_and_of_the_one_that_is_named() {
    let host = host!();
    for shop in [5, 6, 0] {
        ask!(host, "member", post "/app/kefu-message/send", said(&json!(shop)));
    }
    let shops = |answer: Value| -> Vec<i64> {
        let rows = answer["data"].as_array().unwrap().iter();
        rows.map(|row| row["shopId"].as_i64().unwrap()).collect()
    };

    for (who, query, seen) in [
        ("admin 5 6", "", &[6, 5][..]),
        ("admin 5 6", "?shopId=5", &[5]),
        ("admin 5 6", "?shopId=0", &[]),
        ("admin 5 6 0", "?shopId=", &[0, 6, 5]),
        ("admin 5", "", &[5]),
        ("admin 5", "?shopId=6", &[]),
        ("admin 0", "", &[0]),
        ("admin", "", &[]),
        ("admin 99", "", &[]),
    ] {
        let answer = ask!(host, who, get & format!("/desk/kefu-conversation/list{query}"));
        assert_eq!(shops(answer), seen, "{who} {query}");
    }
    let wrong = ask!(host, "admin 5", get "/desk/kefu-conversation/list?shopId=x");
    assert_eq!((&wrong["code"], &wrong["msg"]), (&json!(400), &json!("请求参数不正确:shopId 不是数字")));
}

#[actix_web::test]
async fn an_admin_of_another_shop_meets_a_conversation_that_does_not_exist() {
    let host = host!();
    ask!(host, "member", post "/app/kefu-message/send", said(&json!(5)));
    let listed = ask!(host, "admin 5", get "/desk/kefu-conversation/list");
    let id = listed["data"][0]["id"].as_i64().unwrap();

    for who in ["admin 6", "admin 0", "admin"] {
        for id in [id, 4_711] {
            let get = ask!(host, who, get & format!("/desk/kefu-conversation/get?id={id}"));
            assert_eq!(get, json!({ "code": 0, "msg": "", "data": null }));
            let history = ask!(host, who, get & format!("/desk/kefu-message/list?conversationId={id}"));
            assert_eq!(history, json!({ "code": 0, "msg": "", "data": [] }));
            let missing = json!({ "code": 1_013_019_000, "msg": "客服会话不存在", "data": null });
            let body = json!({ "conversationId": id, "contentType": 1, "content": "x" });
            assert_eq!(ask!(host, who, post "/desk/kefu-message/send", body), missing);
            let read = format!("/desk/kefu-message/update-read-status?conversationId={id}");
            assert_eq!(ask!(host, who, put & read), missing);
            let pin = json!({ "id": id, "adminPinned": true });
            assert_eq!(ask!(host, who, put "/desk/kefu-conversation/update-conversation-pinned", pin), missing);
            assert_eq!(ask!(host, who, delete & format!("/desk/kefu-conversation/delete?id={id}")), missing);
        }
    }
    let own = ask!(host, "admin 6 5", get & format!("/desk/kefu-conversation/get?id={id}"));
    assert_eq!(own["data"]["shopId"], 5);
}
