//! Taking back, deleting, quoting and asking for what has changed, over HTTP; who is online.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpMessage, test, web};
use kefu_domain::memory::MemoryStore;
use kefu_domain::{
    AdminId, MemberId, MockAdminDirectory, MockMemberDirectory, Party, Permission, Scope, TenantId, Timestamp,
};
use kefu_push::{Guest, Hub};
use kefu_web::{Caller, Settings, Site};
use serde_json::{Value, json};

const MALL: TenantId = TenantId(1);

fn site(store: &MemoryStore, hub: &Hub) -> Site {
    let mut members = MockMemberDirectory::new();
    members.expect_denies().returning(|_, _| Ok(false));
    members.expect_profiles().returning(|_, _| Ok([].into()));
    let mut admins = MockAdminDirectory::new();
    admins.expect_profiles().returning(|_, _| Ok([].into()));
    let desk = kefu::builder(store.clone(), members, admins, hub.clone()).epoch("e1").build();
    Site::new(desk, hub.clone(), Settings::default())
}

/// `member`, `other` (a member too), `admin`, or `trainee`, who may only read messages.
async fn host_auth(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let caller = match request.headers().get("x-who").and_then(|who| who.to_str().ok()).unwrap_or_default() {
        "member" => Caller::member(MALL, MemberId(101)),
        "other" => Caller::member(MALL, MemberId(102)),
        "admin" => Caller::admin(MALL, AdminId(7), Permission::ALL),
        _ => Caller::admin(MALL, AdminId(8), [Permission::MessageQuery]),
    };
    request.extensions_mut().insert(caller);
    next.call(request).await
}

macro_rules! host {
    ($store:expr, $hub:expr) => {{
        let site = site(&$store, &$hub);
        test::init_service(
            App::new()
                .wrap(from_fn(host_auth))
                .service(web::scope("/app").configure(site.member_routes()))
                .service(web::scope("/desk").configure(site.admin_routes())),
        )
        .await
    }};
}

macro_rules! ask {
    ($host:expr, $who:expr, $verb:ident $path:expr $(, $body:expr)?) => {{
        let request = test::TestRequest::$verb().uri($path).insert_header(("x-who", $who))$(.set_json($body))?;
        let response = test::call_service(&$host, request.to_request()).await;
        let headers: HeaderMap = response.headers().clone();
        let body: Value = test::read_body_json(response).await;
        (body, headers)
    }};
}

fn said(content: &str) -> Value {
    json!({ "contentType": 1, "content": content })
}

const LIST: &str = "/app/kefu-message/list?sinceSeq=0&limit=200";

#[actix_web::test]
async fn a_member_takes_back_what_they_said_while_they_may() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    for content in ["one", "two"] {
        ask!(host, "member", post "/app/kefu-message/send", said(content));
    }

    let (done, _) = ask!(host, "member", put "/app/kefu-message/revoke?id=1");
    let (again, _) = ask!(host, "member", put "/app/kefu-message/revoke?id=1&conversationId=1");
    let (listed, _) = ask!(host, "admin", get "/desk/kefu-message/list?conversationId=1");
    store.set_now(Timestamp(store.now().0 + 120_001));
    let (late, _) = ask!(host, "member", put "/app/kefu-message/revoke?id=2");

    assert_eq!((&done["data"], &again["data"]), (&json!(true), &json!(true)));
    let tombstone = &listed["data"][1];
    assert_eq!((&tombstone["contentType"], &tombstone["content"]), (&json!(5), &json!("消息已撤回")));
    assert_eq!((&tombstone["revoked"], &tombstone["seq"], &tombstone["change"]), (&json!(true), &json!(1), &json!(3)));
    assert_eq!(listed["data"][0]["revoked"], Value::Null);
    assert_eq!((&late["code"], &late["msg"]), (&json!(1_013_020_002), &json!("消息发送已超过 2 分钟，不能撤回")));
}

#[actix_web::test]
async fn what_a_side_has_deleted_is_a_number_for_it_and_a_message_for_the_other() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    for content in ["one", "two"] {
        ask!(host, "member", post "/app/kefu-message/send", said(content));
    }

    let (done, _) = ask!(host, "member", delete "/app/kefu-message/delete?id=1");
    let (by_number, _) = ask!(host, "member", get LIST);
    let (by_time, _) = ask!(host, "member", get "/app/kefu-message/list");
    let (at_desk, _) = ask!(host, "admin", get "/desk/kefu-message/list?conversationId=1&sinceSeq=0");

    assert_eq!(done["data"], true);
    let gone = &by_number["data"][0];
    assert_eq!((&gone["seq"], &gone["deleted"], &gone["content"]), (&json!(1), &json!(true), &json!("")));
    assert_eq!(by_number["data"][1]["deleted"], Value::Null);
    assert_eq!(by_time["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&at_desk["data"][0]["content"], &at_desk["data"][0]["deleted"]),
        (&json!("{\"text\":\"one\"}"), &Value::Null)
    );
}

#[actix_web::test]
async fn a_message_may_refer_to_another_of_its_conversation() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    ask!(host, "member", post "/app/kefu-message/send", said("one"));
    ask!(host, "other", post "/app/kefu-message/send", said("elsewhere"));

    let quoting = |id: i64| json!({ "contentType": 1, "content": "x", "quoteId": id });
    let (sent, _) = ask!(host, "member", post "/app/kefu-message/send", quoting(1));
    let (foreign, _) = ask!(host, "member", post "/app/kefu-message/send", quoting(2));
    let (listed, _) = ask!(host, "member", get LIST);

    assert_eq!((&sent["code"], &foreign["code"]), (&json!(0), &json!(1_013_020_000)));
    assert_eq!((&listed["data"][1]["quoteId"], &listed["data"][1]["quoteSeq"]), (&json!(1), &json!(1)));
    assert!(!listed["data"][0].as_object().unwrap().contains_key("quoteId"));
}

#[actix_web::test]
async fn nobody_takes_back_or_deletes_what_is_not_theirs_to() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    ask!(host, "member", post "/app/kefu-message/send", said("one"));

    for (who, path, query, revoke, delete) in [
        ("other", "/app", "id=1", 1_013_020_000, 1_013_020_000),
        ("other", "/app", "id=1&conversationId=1", 1_013_019_000, 1_013_019_000),
        ("member", "/app", "id=4711", 1_013_020_000, 1_013_020_000),
        ("member", "/app", "id=x", 400, 400),
        ("member", "/app", "", 400, 400),
        ("admin", "/desk", "id=1", 400, 400),
        ("admin", "/desk", "id=1&conversationId=4711", 1_013_019_000, 1_013_019_000),
        ("admin", "/desk", "id=1&conversationId=1", 1_013_020_001, 0),
        ("trainee", "/desk", "id=1&conversationId=1", 403, 403),
    ] {
        let (revoked, _) = ask!(host, who, put & format!("{path}/kefu-message/revoke?{query}"));
        assert_eq!(revoked["code"], revoke, "{who} revokes {query}: {revoked}");
        let (deleted, _) = ask!(host, who, delete & format!("{path}/kefu-message/delete?{query}"));
        assert_eq!(deleted["code"], delete, "{who} deletes {query}: {deleted}");
    }
}

#[actix_web::test]
async fn what_has_become_of_older_messages_is_asked_for_by_change() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    for content in ["one", "two", "three"] {
        ask!(host, "member", post "/app/kefu-message/send", said(content));
    }
    ask!(host, "member", put "/app/kefu-message/revoke?id=1");
    ask!(host, "admin", delete "/desk/kefu-message/delete?id=2&conversationId=1");

    let (member, _) = ask!(host, "member", get "/app/kefu-message/changes?since=3");
    let (admin, _) = ask!(host, "admin", get "/desk/kefu-message/changes?conversationId=1&since=3");
    let (from_two, _) = ask!(host, "admin", get "/desk/kefu-message/changes?conversationId=1&since=2&sinceSeq=2");
    let (nothing, _) = ask!(host, "other", get "/app/kefu-message/changes?since=3");
    let (foreign, _) = ask!(host, "other", get "/app/kefu-message/changes?since=3&conversationId=1");

    let changed = |answer: &Value| -> Vec<i64> {
        answer["data"]["changed"].as_array().unwrap().iter().map(|one| one["seq"].as_i64().unwrap()).collect()
    };
    let data = &member["data"];
    assert_eq!([&data["conversationId"], &data["seq"], &data["change"], &data["shopId"]], [1, 3, 5, 0]);
    assert_eq!((&data["epoch"], &data["reset"], &data["more"]), (&json!("e1"), &json!(false), &json!(false)));
    assert_eq!((data["messages"].as_array().unwrap().len(), changed(&member)), (0, vec![1]));
    assert!(!data.as_object().unwrap().contains_key("adminPinned"));
    assert_eq!((changed(&admin), &admin["data"]["adminPinned"]), (vec![1, 2], &json!(false)));
    assert_eq!(admin["data"]["changed"][1]["deleted"], true);
    assert_eq!((&from_two["data"]["messages"][0]["seq"], changed(&from_two)), (&json!(3), vec![1, 2]));
    assert_eq!((&nothing["code"], &nothing["data"]), (&json!(0), &Value::Null));
    assert_eq!(foreign["code"], 1_013_019_000);
}

#[actix_web::test]
async fn the_list_says_from_when_on_to_ask_for_what_has_changed() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    const DESK: &str = "/desk/kefu-conversation/list";
    for who in ["member", "other"] {
        ask!(host, who, post "/app/kefu-message/send", said("one"));
    }
    let (first, headers) = ask!(host, "admin", get DESK);
    let as_of: i64 = headers.get("kefu-as-of").unwrap().to_str().unwrap().parse().unwrap();
    store.set_now(Timestamp(store.now().0 + 120_000));
    let (quiet, _) = ask!(host, "admin", get & format!("{DESK}?changedSince={}", as_of + 61_000));
    ask!(host, "admin", delete "/desk/kefu-conversation/delete?id=1");

    let (changed, headers) = ask!(host, "admin", get & format!("{DESK}?changedSince={}", as_of + 61_000));
    let (page, next) = ask!(host, "admin", get & format!("{DESK}?changedSince={as_of}&limit=1"));
    let after = next.get("kefu-next").unwrap().to_str().unwrap();
    let (rest, _) = ask!(host, "admin", get & format!("{DESK}?changedSince={as_of}&limit=1&after={after}"));

    assert_eq!((first["data"].as_array().unwrap().len(), &quiet["data"]), (2, &json!([])));
    let line = &changed["data"][0];
    assert_eq!((&line["id"], &line["adminDeleted"], &line["change"]), (&json!(1), &json!(true), &json!(2)));
    assert_eq!((&line["memberReadSeq"], &line["adminReadSeq"]), (&json!(0), &json!(0)));
    assert!(line["changeTime"].as_i64().unwrap() > as_of + 120_000 && headers.contains_key("kefu-as-of"));
    assert_eq!((&page["data"][0]["id"], &rest["data"][0]["id"]), (&json!(2), &json!(1)));
}

#[actix_web::test]
async fn an_agent_sees_who_is_online_at_the_shops_that_they_serve() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    let sit = |party| hub.join(Guest::new(Scope::platform(MALL), party));
    let _seats = [sit(Party::Member(MemberId(101))), sit(Party::Member(MemberId(101))), sit(Party::Admin(AdminId(7)))];

    let (count, _) = ask!(host, "admin", get "/desk/kefu-online/get");
    let (members, _) = ask!(host, "admin", get "/desk/kefu-online/members?ids=102,101,7");

    assert_eq!(count["data"], json!([{"shopId": 0, "members": 1, "admins": 1}]));
    assert_eq!(members["data"], json!([101]));
    for (who, path, code) in [
        ("trainee", "get", 403),
        ("trainee", "members?ids=1", 403),
        ("admin", "members", 400),
        ("admin", "members?ids=1,x", 400),
        ("admin", &format!("members?ids={}", vec!["1"; 201].join(",")), 400),
    ] {
        let (answer, _) = ask!(host, who, get & format!("/desk/kefu-online/{path}"));
        assert_eq!(answer["code"], code, "{who} {path}");
    }
}

#[actix_web::test]
async fn history_may_be_had_as_v2_writes_it() {
    let (store, hub) = (MemoryStore::new(), Hub::new());
    let host = host!(store, hub);
    for content in ["one <b>", "two", "three"] {
        ask!(host, "member", post "/app/kefu-message/send", said(content));
    }
    ask!(host, "admin", post "/desk/kefu-message/send", json!({
        "conversationId": 1, "contentType": 1, "content": "four", "clientMsgId": "k4", "quoteId": 1,
    }));
    ask!(host, "member", put "/app/kefu-message/revoke?id=2");
    ask!(host, "member", delete "/app/kefu-message/delete?id=3");

    for (who, path, sync) in [
        ("member", "/app/kefu-message/list?form=v2", "/app/kefu-message/sync?wait=0&cursors=1.0.0"),
        ("admin", "/desk/kefu-message/list?form=v2&conversationId=1", "/desk/kefu-message/sync?wait=0&cursors=1.0.0"),
    ] {
        let (synced, _) = ask!(host, who, get sync);
        let mut expected = synced["data"]["conversations"][0]["messages"].clone();
        let (since, _) = ask!(host, who, get & format!("{path}&sinceSeq=0"));
        let (before, _) = ask!(host, who, get & format!("{path}&beforeSeq=5"));

        assert_eq!(expected[0]["content"], "one <b>", "{who}");
        assert_eq!(
            (&expected[1]["is_revoke"], &expected[2]["is_delete"].as_bool()),
            (&json!(true), &(who == "member").then_some(true))
        );
        assert_eq!(since["data"], expected, "{who}");
        expected.as_array_mut().unwrap().reverse();
        assert_eq!(before["data"], expected, "{who}");
        for wrong in ["mall", "v1", "V2"] {
            let (refused, _) = ask!(host, who, get & path.replace("v2", wrong));
            assert_eq!(refused["code"], 400, "{wrong}");
        }
        let (plain, _) = ask!(host, who, get & path.replace("form=v2", "form=&sinceSeq=0"));
        assert_eq!(plain["data"][0]["content"], "{\"text\":\"one &lt;b&gt;\"}", "{plain}");
    }
    let (nobodys, _) = ask!(host, "other", get "/app/kefu-message/list?form=v2");
    let (unknown, _) = ask!(host, "admin", get "/desk/kefu-message/list?form=v2&conversationId=4711&beforeSeq=9");
    assert_eq!((&nobodys["data"], &unknown["data"]), (&json!([]), &json!([])));
}
