//! The routes inside a host's own application: beside its routes, behind its authentication, over a store in memory.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage, test, web};
use kefu_domain::memory::MemoryStore;
use kefu_domain::{AdminId, MemberId, MockAdminDirectory, MockMemberDirectory, Permission, Profile, TenantId};
use kefu_push::Hub;
use kefu_web::{Caller, Code, Settings, Site};
use serde_json::{Value, json};

fn site() -> Site {
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    members.expect_profiles().returning(|_, _| Ok([(MemberId(101), profile("小红"))].into()));
    let mut admins = MockAdminDirectory::new();
    admins.expect_profiles().returning(|_, _| Ok([(AdminId(7), profile("客服"))].into()));
    let hub = Hub::new();
    let desk = kefu::builder(MemoryStore::new(), members, admins, hub.clone()).build();
    Site::new(desk, hub, Settings::default())
}

fn profile(nickname: &str) -> Profile {
    Profile { nickname: Some(nickname.into()), avatar: Some("https://x/face.png".into()) }
}

/// The host's authentication: who is calling stands in a header.
async fn host_auth(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let mall = TenantId(1);
    let caller = match request.headers().get("x-who").and_then(|who| who.to_str().ok()) {
        Some("member") => Some(Caller::member(mall, MemberId(101))),
        Some("admin") => Some(Caller::admin(mall, AdminId(7), Permission::ALL)),
        Some("trainee") => Some(Caller::admin(mall, AdminId(8), [])),
        _ => None,
    };
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller.shown_as(profile("x")));
    }
    next.call(request).await
}

macro_rules! host {
    ($site:expr) => {{
        let site = $site;
        test::init_service(
            App::new()
                .wrap(from_fn(host_auth))
                .service(
                    web::scope("/app-api/promotion")
                        .route("/coupon", web::get().to(|| async { "a neighbour" }))
                        .configure(site.member_routes()),
                )
                .service(web::scope("/admin-api/promotion").configure(site.admin_routes()))
                .service(web::scope("/infra").configure(site.socket_route())),
        )
        .await
    }};
}

macro_rules! ask {
    ($host:expr, $who:expr, $verb:ident $path:expr) => {
        ask!(@send $host, $who, test::TestRequest::$verb().uri($path))
    };
    ($host:expr, $who:expr, $verb:ident $path:expr, $body:expr) => {
        ask!(@send $host, $who, test::TestRequest::$verb().uri($path).set_json($body))
    };
    (@send $host:expr, $who:expr, $request:expr) => {{
        let response = test::call_service(&$host, $request.insert_header(("x-who", $who)).to_request()).await;
        assert_eq!(response.status(), 200);
        let headers = response.headers().clone();
        let body: Value = test::read_body_json(response).await;
        (body, headers)
    }};
}

const SEND: &str = "/app-api/promotion/kefu-message/send";
const LIST: &str = "/app-api/promotion/kefu-message/list";
const DESK: &str = "/admin-api/promotion/kefu-conversation/list";

#[actix_web::test]
async fn a_member_and_an_admin_talk_inside_a_hosts_application() {
    let host = host!(site());

    let (sent, headers) =
        ask!(host, "member", post SEND, json!({"contentType": 1, "content": "在吗", "clientMsgId": "k"}));
    let (again, repeated) =
        ask!(host, "member", post SEND, json!({"contentType": "1", "content": "在吗", "clientMsgId": "k"}));
    let (listed, _) = ask!(host, "admin", get DESK);
    let id = listed["data"][0]["id"].to_string();
    let answer = json!({"conversationId": id, "contentType": 1, "content": "{\"text\":\"在\"}"});
    let (answered, _) = ask!(host, "admin", post "/admin-api/promotion/kefu-message/send", answer);
    let (history, _) = ask!(host, "member", get LIST);

    assert_eq!(sent, json!({"code": 0, "msg": "", "data": 1}));
    assert_eq!((again, headers.get("kefu-seq")), (sent, repeated.get("kefu-seq")));
    assert!(!headers.contains_key("kefu-duplicate"));
    assert_eq!(repeated.get("kefu-duplicate").unwrap(), "true");
    assert_eq!(answered["data"], 2);
    let line = &listed["data"][0];
    assert_eq!(line["userNickname"], "小红");
    assert_eq!(line["adminUnreadMessageCount"], 1);
    let messages = history["data"].as_array().unwrap();
    assert_eq!(messages[0]["senderAvatar"], "https://x/face.png");
    assert_eq!(messages[0]["receiverId"], 101);
    assert_eq!(messages[1]["senderAvatar"], Value::Null);
    assert_eq!(messages[1]["content"], "{\"text\":\"在吗\"}");
}

#[actix_web::test]
async fn a_neighbour_in_the_same_scope_is_not_disturbed() {
    let host = host!(site());

    let request = test::TestRequest::get().uri("/app-api/promotion/coupon").to_request();

    assert_eq!(test::call_and_read_body(&host, request).await, "a neighbour");
}

#[actix_web::test]
async fn checks_come_in_the_malls_order() {
    let host = host!(site());
    let nonsense = json!({"contentType": "abc"});
    let admin_send = "/admin-api/promotion/kefu-message/send";

    for (who, path, body, code, msg) in [
        ("nobody", SEND, nonsense.clone(), 401, "账号未登录"),
        ("admin", SEND, nonsense.clone(), 403, "没有该操作权限"),
        ("member", SEND, nonsense, 400, "请求参数类型错误:abc"),
        ("member", SEND, json!({"content": "x"}), 400, "请求参数不正确:消息类型不能为空"),
        ("member", SEND, json!({"contentType": 1, "content": ""}), 400, "请求参数不正确:消息不能为空"),
        ("member", SEND, json!({"contentType": 5, "content": "x"}), 400, "请求参数不正确:会员不能发送消息类型 5"),
        ("trainee", admin_send, json!({}), 400, "请求参数不正确:会话编号不能为空"),
        ("trainee", admin_send, json!({"conversationId": 1, "contentType": 1, "content": "x"}), 403, "没有该操作权限"),
        (
            "admin",
            admin_send,
            json!({"conversationId": 9, "contentType": 1, "content": "x"}),
            1_013_019_000,
            "客服会话不存在",
        ),
    ] {
        let (answer, _) = ask!(host, who, post path, body);
        assert_eq!(answer, json!({"code": code, "msg": msg, "data": null}), "{who} {path}");
    }
}

#[actix_web::test]
async fn an_answer_tells_its_code_to_whoever_counts() {
    let host = host!(site());

    for (who, code) in [("member", 0), ("nobody", 401)] {
        let request = test::TestRequest::get().uri(LIST).insert_header(("x-who", who)).to_request();
        let response = test::call_service(&host, request).await;
        assert_eq!(response.response().extensions().get::<Code>(), Some(&Code(code)), "{who}");
    }
}

#[actix_web::test]
async fn a_known_path_asked_in_another_way_is_refused_by_its_code() {
    let host = host!(site());

    let (member, _) = ask!(host, "member", get SEND);
    let (admin, _) = ask!(host, "admin", post DESK);
    let (nobody, _) = ask!(host, "nobody", get SEND);

    assert_eq!(member["msg"], "请求方法不正确:GET");
    assert_eq!(admin["code"], 501);
    assert_eq!(nobody["code"], 401);
}

#[actix_web::test]
async fn the_list_is_paged_by_a_cursor_from_a_header() {
    let host = host!(site());
    ask!(host, "member", post SEND, json!({"contentType": 1, "content": "在吗"}));

    let (page, headers) = ask!(host, "admin", get & format!("{DESK}?limit=1"));
    assert_eq!(page["code"], 0, "{page}");
    let after = headers.get("kefu-next").unwrap().to_str().unwrap().to_owned();
    let (rest, headers) = ask!(host, "admin", get & format!("{DESK}?limit=1&after={after}"));
    let (wrong, _) = ask!(host, "admin", get & format!("{DESK}?after=2.x"));

    assert_eq!(page["data"].as_array().unwrap().len(), 1, "{page}");
    assert_eq!(rest["data"], json!([]));
    assert!(!headers.contains_key("kefu-next"));
    assert_eq!(wrong["code"], 400);
}
