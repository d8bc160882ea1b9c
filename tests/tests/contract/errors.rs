//! The table of errors, row by row, and the order of the checks.

use kefu_domain::{TenantId, Timestamp};
use kefu_storage::{NewTenant, TenantStatus};
use kefu_tests::{Backend, Claims, off_the_runtime, text};
use serde_json::json;

use crate::asking::{Answer, Ask, World};

#[track_caller]
fn check(answer: &Answer, code: i64, msg: &str) {
    assert_eq!((answer.status, answer.code(), answer.msg().as_str()), (200, code, msg));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_complaint_has_the_malls_code_and_words() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let send = |body: &str| alice.ask(Ask::post(alice.path("/kefu-message/send")).text(body));
        let list = |query: &str| agent.ask(Ask::get(agent.path(&format!("/kefu-message/list?{query}"))));

        check(&Ask::get("/admin-api/promotion/kefu-conversation/list").at(world.addr), 401, "账号未登录");
        check(&Ask::get("/admin-api/nothing/here").at(world.addr), 401, "账号未登录");
        check(&Ask::get("/nothing").at(world.addr), 401, "账号未登录");
        check(&alice.ask(Ask::get("/admin-api/promotion/kefu-conversation/list")), 403, "没有该操作权限");
        check(&agent.ask(Ask::get("/app-api/promotion/kefu-message/list")), 403, "没有该操作权限");
        check(&agent.ask(Ask::get("/app-api/system/tenant/get-by-website?website=x")), 403, "没有该操作权限");
        check(&world.who(&Claims::agent(8).allowed(&[])).read(conversation, ""), 403, "没有该操作权限");
        check(&alice.ask(Ask::get(alice.path("/kefu-message/list")).tenant(2)), 403, "您无权访问该租户的数据");
        check(
            &agent.ask(Ask::get(agent.path("/kefu-conversation/list")).header("visit-tenant-id", "2")),
            403,
            "您无权切换租户",
        );

        let get = |query: &str| agent.ask(Ask::get(agent.path(&format!("/kefu-conversation/get{query}"))));
        check(&get(""), 400, "请求参数缺失:id");
        check(&get("?id="), 400, "请求参数缺失:id");
        check(&get("?id=abc"), 400, "请求参数类型错误:abc");
        check(&agent.ask(Ask::put(agent.path("/kefu-message/update-read-status"))), 400, "请求参数缺失:conversationId");
        check(&list(""), 400, "请求参数不正确:会话编号不能为空");
        check(&list(&format!("conversationId={conversation}&limit=0")), 400, "请求参数不正确:每次查询条数最小值为 1");
        check(&list(&format!("conversationId={conversation}&limit=201")), 400, "请求参数不正确:每次查询最大值为 200");
        check(&send(r#"{"content":"hi"}"#), 400, "请求参数不正确:消息类型不能为空");
        check(&send(r#"{"contentType":1}"#), 400, "请求参数不正确:消息不能为空");
        check(&send(r#"{"contentType":1,"content":""}"#), 400, "请求参数不正确:消息不能为空");
        check(&send(r#"{"contentType":"abc","content":"hi"}"#), 400, "请求参数类型错误:abc");
        check(&send(""), 400, "请求参数类型错误: request body 缺失");
        let pin = Ask::put(agent.path("/kefu-conversation/update-conversation-pinned"));
        check(&agent.ask(pin.clone().json(&json!({ "id": 1 }))), 400, "请求参数不正确:管理端置顶不能为空");
        check(&agent.ask(pin.json(&json!({ "adminPinned": true }))), 400, "请求参数不正确:会话编号不能为空");
        let plain = Ask::post(alice.path("/kefu-message/send")).header("Content-Type", "text/plain").body("{}");
        check(&alice.ask(plain), 400, "请求类型不正确:text/plain");

        check(&agent.read(987_654_321, ""), 1_013_019_000, "客服会话不存在");
        check(&agent.say_to(987_654_321, 1), 1_013_019_000, "客服会话不存在");
        check(&agent.hide(987_654_321), 1_013_019_000, "客服会话不存在");
        check(&agent.pin(987_654_321, true), 1_013_019_000, "客服会话不存在");
        check(&alice.read(987_654_321, ""), 1_013_019_000, "客服会话不存在");

        let disabled = "[商城系统 yudao-module-mall - 已禁用][参考 https://doc.iocoder.cn/mall/build/ 开启]";
        check(&agent.ask(Ask::get("/admin-api/promotion/nothing")), 501, disabled);
        check(&agent.ask(Ask::get("/admin-api/promotion/kefu-message/send")), 501, disabled);
        check(&alice.ask(Ask::get("/app-api/promotion/kefu-message/send")), 405, "请求方法不正确:GET");
        check(&alice.ask(Ask::get("/app-api/promotion/nothing")), 404, "请求地址不存在:/app-api/promotion/nothing");
        check(&agent.ask(Ask::get("/admin-api/nothing")), 404, "请求地址不存在:/admin-api/nothing");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_must_be_named_known_enabled_and_not_over() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let database = world.database();
        let disabled = NewTenant { id: Some(TenantId(3)), name: "gone".to_owned(), expires: None };
        database.add_tenant(&disabled).expect("an answer").expect("a tenant");
        database.set_tenant_status(TenantId(3), TenantStatus::Disabled).expect("an answer");
        let over = NewTenant { id: Some(TenantId(4)), name: "over".to_owned(), expires: Some(Timestamp(1_000)) };
        database.add_tenant(&over).expect("an answer").expect("a tenant");

        let login =
            Ask::post("/admin-api/system/auth/login").json(&json!({ "username": "nobody", "password": "nothing1" }));
        check(&login.at(world.addr), 400, "请求的租户标识未传递，请进行排查");
        check(&login.clone().tenant("abc").at(world.addr), 400, "请求的租户标识未传递，请进行排查");
        for (tenant, code, msg) in [
            (99, 1_002_015_000, "租户不存在"),
            (3, 1_002_015_001, "名字为【gone】的租户已被禁用"),
            (4, 1_002_015_002, "名字为【over】的租户已过期"),
        ] {
            check(&login.clone().tenant(tenant).at(world.addr), code, msg);
            let member = world.who(&Claims::member(101).at(tenant));
            check(&member.ask(Ask::get(member.path("/kefu-message/list"))), code, msg);
        }
        assert_eq!(Ask::get("/admin-api/system/tenant/get-by-website?website=x").at(world.addr).code(), 0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_come_in_the_malls_order() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let powerless = world.who(&Claims::agent(8).allowed(&[]));
        let conversation = world.conversation_of(&alice);
        let bad = || Ask::get("/admin-api/promotion/kefu-conversation/get?id=abc");

        // Nobody, before the tenant and the parameters.
        check(&bad().tenant(2).at(world.addr), 401, "账号未登录");
        // The other side, before the tenant.
        check(&alice.ask(bad().tenant(2)), 403, "没有该操作权限");
        // The tenant, before the parameters.
        check(&powerless.ask(bad().tenant(2)), 403, "您无权访问该租户的数据");
        // The parameters, before the permission.
        check(&powerless.ask(bad()), 400, "请求参数类型错误:abc");
        let body = json!({ "conversationId": conversation, "contentType": 99, "content": text(1) });
        assert_eq!(powerless.post(&body).code(), 400);
        // The permission, before the thing itself.
        check(&powerless.hide(987_654_321), 403, "没有该操作权限");
        check(&powerless.say_to(987_654_321, 1), 403, "没有该操作权限");
        check(&agent.hide(987_654_321), 1_013_019_000, "客服会话不存在");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_token_on_a_public_path_is_as_good_as_none() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let stale = world.who(&Claims::member(101).for_seconds(-60));

        // The shopper's page sends its stale token along when it asks for a new one.
        let renewal =
            Ask::post("/app-api/member/auth/refresh-token?refreshToken=old").header("Authorization", &stale.token);
        check(&renewal.tenant(1).at(world.addr), 401, "刷新令牌已过期");
        let decoration = Ask::get("/app-api/promotion/diy-template/used").header("Authorization", "nobody").tenant(1);
        assert_eq!(decoration.at(world.addr).code(), 0);
    });
}
