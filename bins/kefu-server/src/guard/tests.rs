use actix_web::http::StatusCode;
use futures_util::future::BoxFuture;
use kefu_domain::{AdminId, MemberId};

use super::*;
use crate::identity::Answer;
use crate::routes::ROUTES;
use crate::testing::{admin, ask_once, member_of, request, world, world_with};

/// Method, path, token, headers, expected code.
type Row<'a> = (&'a str, &'a str, Option<&'a str>, &'a [(&'static str, &'a str)], i64);

#[actix_web::test]
async fn the_checks_come_in_the_malls_order() {
    const LIST: &str = "/app-api/promotion/kefu-message/list";
    const DESK: &str = "/admin-api/promotion/kefu-conversation/list";
    const LOGIN: &str = "/admin-api/system/auth/login";
    const REFRESH: &str = "/app-api/member/auth/refresh-token?refreshToken=x";
    let world = world();
    let (member, admin) = (member_of(1), admin());
    let (member, admin) = (Some(member.as_str()), Some(admin.as_str()));
    let ours: &[(&'static str, &str)] = &[("tenant-id", "1")];
    let other: &[(&'static str, &str)] = &[("tenant-id", "2")];
    let rows: &[Row<'_>] = &[
        ("GET", LIST, None, ours, 401),
        ("GET", LIST, Some("stale"), ours, 401),
        ("GET", LIST, None, &[], 401),
        ("GET", LIST, member, &[], 0),
        ("GET", LIST, member, ours, 0),
        ("GET", LIST, member, &[("tenant-id", "abc")], 0),
        ("GET", LIST, member, other, 403),
        ("GET", LIST, member, &[("visit-tenant-id", "1")], 0),
        ("GET", LIST, member, &[("visit-tenant-id", "2")], 403),
        ("GET", LIST, admin, ours, 403),
        ("GET", DESK, member, ours, 403),
        ("GET", DESK, admin, ours, 403),
        ("POST", LOGIN, member, ours, 403),
        ("POST", LOGIN, None, &[], 400),
        ("POST", LOGIN, None, &[("tenant-id", "99")], 1_002_015_000),
        ("POST", LOGIN, None, other, 1_002_015_001),
        ("POST", LOGIN, None, &[("tenant-id", "3")], 1_002_015_002),
        ("POST", REFRESH, Some("stale"), ours, 401),
        ("POST", REFRESH, admin, ours, 403),
        ("POST", "/admin-api/system/auth/refresh-token?refreshToken=x", Some("stale"), ours, 400),
        ("POST", "/admin-api/system/auth/logout", Some("stale"), ours, 0),
        ("GET", "/admin-api/system/tenant/get-id-by-name?name=mall+1", None, &[], 0),
        ("GET", "/admin-api/system/tenant/get-by-website?website=x", None, &[], 0),
        ("GET", "/nowhere", None, ours, 401),
        ("GET", "/nowhere", member, ours, 404),
        ("GET", "/admin-api/nowhere", admin, ours, 404),
        ("GET", "/admin-api/nowhere", member, ours, 403),
        ("GET", "/admin-api/promotion/nowhere", None, ours, 401),
        ("GET", "/admin-api/promotion/nowhere", admin, ours, 501),
        ("POST", DESK, admin, ours, 501),
        ("POST", LIST, member, ours, 405),
        ("POST", LIST, None, ours, 401),
        ("GET", "/%61pp-api/promotion/kefu-message/list", admin, ours, 403),
        ("GET", "/%61dmin-api/pay/wallet/get", None, ours, 401),
        ("GET", "/%61dmin-api/pay/wallet/get", member, ours, 403),
    ];

    for (method, path, token, headers, code) in rows {
        let answered = ask_once(&world, request(method, path, *token, headers)).await.code();
        assert_eq!(answered, *code, "{method} {path} {headers:?}");
    }
}

#[actix_web::test]
async fn a_token_of_a_tenant_that_is_not_served_is_of_no_use() {
    let world = world();

    for (tenant, code) in [(2, 1_002_015_001), (3, 1_002_015_002), (4, 1_002_015_000)] {
        let token = member_of(tenant);
        let list = request("GET", "/app-api/promotion/kefu-message/list", Some(&token), &[]);
        assert_eq!(ask_once(&world, list).await.code(), code, "tenant {tenant}");
    }
}

/// Cannot tell who anybody is.
struct Puzzled;

impl WhoAreYou for Puzzled {
    fn at_once(&self, _: &Token) -> Option<Verdict> {
        None
    }

    fn ask<'a>(&'a self, _: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async { Err(ApiError::Desk(kefu::Error::Late)) })
    }
}

#[actix_web::test]
async fn a_token_that_cannot_be_judged_keeps_nobody_from_what_is_open_to_all() {
    let mut world = world_with(|settings| settings.auth.guests = true);
    let tenants = Tenants::new(world.database.clone());
    let gate = Gate::new(Arc::new(Puzzled), tenants, crate::routes::table(), Attendance::default());
    world.house.gate = Data::new(gate);

    for route in ROUTES.iter() {
        let path = format!("{}{}", route.prefix, route.path);
        if !is_api(&path) {
            continue;
        }
        let request = |token| request(route.verb.as_str(), &path, token, &[("tenant-id", "1")]);
        let code = ask_once(&world, request(Some("anything"))).await.code();

        match route.access {
            Access::Anyone => assert_eq!(code, ask_once(&world, request(None)).await.code(), "{path}"),
            _ => assert_eq!(code, 503, "{path}"),
        }
    }
}

#[actix_web::test]
async fn every_protected_path_of_the_table_is_closed_to_strangers_and_to_the_other_side() {
    let world = world();
    let (member, admin) = (member_of(1), admin());

    for route in ROUTES.iter().filter(|route| !matches!(route.access, Access::Anyone | Access::SignedIn)) {
        let path = format!("{}{}", route.prefix, route.path);
        let wrong = if route.access == Access::Member { &admin } else { &member };
        let stranger = request(route.verb.as_str(), &path, None, &[("tenant-id", "1")]);
        let other_side = request(route.verb.as_str(), &path, Some(wrong), &[("tenant-id", "1")]);

        assert_eq!(ask_once(&world, stranger).await.code(), 401, "{path}");
        assert_eq!(ask_once(&world, other_side).await.code(), 403, "{path}");
    }
}

#[actix_web::test]
async fn every_row_of_the_table_is_found_by_its_own_pattern() {
    let world = world_with(|settings| settings.auth.guests = true);
    let admin = admin();

    for route in ROUTES.iter() {
        let path = format!("{}{}", route.prefix, route.path);
        let name = format!("{}.png", "a".repeat(32));
        let asked = path.replace("{name}", &name).replace("{file}", "demo.js");
        let token = path.starts_with("/admin-api/").then_some(admin.as_str());
        let answer = ask_once(&world, request(route.verb.as_str(), &asked, token, &[("tenant-id", "1")])).await;
        let code = answer.code();

        let missing_file = path == "/files/{name}" && answer.status == StatusCode::NOT_FOUND;
        assert!(missing_file || !matches!(code, 404 | 405 | 501), "{path} answered {code}");
    }
}

#[actix_web::test]
async fn a_preflight_is_answered_before_anybody_is_asked_who_they_are() {
    let world = world();
    let asked = "authorization,cache-control,content-type,pragma,tenant-id,visit-tenant-id";
    let preflight = [
        ("Origin", "http://localhost:3000"),
        ("Access-Control-Request-Method", "PUT"),
        ("Access-Control-Request-Headers", asked),
    ];

    let path = "/admin-api/promotion/kefu-message/update-read-status";
    let answer = ask_once(&world, request("OPTIONS", path, None, &preflight)).await;

    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:3000");
    assert_eq!(answer.header("access-control-allow-credentials"), "true");
    assert_eq!(answer.header("access-control-max-age"), "7200");
    assert!(asked.split(',').all(|name| answer.header("access-control-allow-headers").contains(name)));
}

#[actix_web::test]
async fn refusals_can_be_read_by_pages_from_elsewhere() {
    let world = world();
    let path = "/admin-api/promotion/kefu-message/list?conversationId=1";

    let origin = [("Origin", "https://console.example.com")];
    let answer = ask_once(&world, request("GET", path, None, &origin)).await;

    assert_eq!((answer.code(), answer.status), (401, StatusCode::OK));
    assert_eq!(answer.json()["msg"], "账号未登录");
    assert_eq!(answer.header("access-control-allow-origin"), "https://console.example.com");
    let exposed = answer.header("access-control-expose-headers");
    for name in ["kefu-seq", "kefu-duplicate", "kefu-next", "retry-after"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
}

#[test]
fn each_side_keeps_to_its_own_paths_and_shares_the_socket() {
    let (member, admin) = (Party::Member(MemberId(1)), Party::Admin(AdminId(1)));

    assert!(is_other_side("/admin-api/system/auth/login", member));
    assert!(is_other_side("/app-api/promotion/kefu-message/list", admin));
    for (path, party) in [("/app-api/x", member), ("/admin-api/x", admin), ("/infra/ws", member), ("/infra/ws", admin)]
    {
        assert!(!is_other_side(path, party), "{path}");
    }
}
