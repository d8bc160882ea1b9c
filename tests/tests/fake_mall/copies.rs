//! The mall's tokens where Java keeps them besides: its Redis and its tables.

use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, QueryableByName, RunQueryDsl, sql_query};
use diesel_async::AsyncMysqlConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use kefu_tests::{Backend, FakeMall, MallSetup, OwnRedis, Place, Who, nickname, off_the_runtime, shared_redis};
use redis::Commands;
use serde_json::{Value, json};

use crate::{ADMIN, MEMBER, data, get, told};

#[tokio::test]
async fn an_access_token_is_in_redis_as_java_writes_it() {
    let mall = MallSetup::new().redis(&shared_redis()).start();

    let bob = mall.sign_in(Who::Admin(7));

    let kept = in_redis(&bob.access).unwrap();
    assert_eq!((&kept["userId"], &kept["userType"], &kept["tenantId"]), (&json!(7), &json!(2), &json!(1)));
    assert_eq!((&kept["accessToken"], &kept["refreshToken"]), (&json!(bob.access), &json!(bob.refresh)));
    assert_eq!(kept["userInfo"], json!({"nickname": nickname(7), "deptId": "103"}));
    assert!(kept["expiresTime"].is_i64());
    let ttl: i64 = redis().ttl(key(&bob.access)).unwrap();
    assert!((1_790..=1_800).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn a_refresh_token_is_in_redis_once_it_was_a_bearer() {
    let mall = MallSetup::new().redis(&shared_redis()).start();
    let alice = mall.sign_in(Who::Member(101));
    assert_eq!(in_redis(&alice.refresh), None);

    data(get(&mall, MEMBER, &alice.refresh)).await;

    let kept = in_redis(&alice.refresh).unwrap();
    assert_eq!((&kept["userType"], &kept["userInfo"]), (&json!(1), &json!({})));
    assert_eq!((&kept["accessToken"], &kept["refreshToken"]), (&json!(alice.refresh), &json!(alice.refresh)));
}

#[test]
fn redis_forgets_what_is_gone() {
    let mall = MallSetup::new().redis(&shared_redis()).start();
    let sign_in = || mall.sign_in(Who::Member(101));
    let (out, revoked, expired, replaced, short) = (sign_in(), sign_in(), sign_in(), sign_in(), sign_in());

    mall.sign_out(&out.access);
    mall.revoke(&revoked.access);
    mall.expire(&expired.access);
    let fresh = mall.refresh(&replaced.refresh);
    mall.ends_in(&short.access, Duration::from_secs(60));

    for gone in [&out, &revoked, &expired, &replaced] {
        assert_eq!(in_redis(&gone.access), None);
    }
    assert_eq!(in_redis(&fresh.access).unwrap()["refreshToken"], json!(replaced.refresh));
    let ttl: i64 = redis().ttl(key(&short.access)).unwrap();
    assert!((50..=60).contains(&ttl), "{ttl}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_without_its_redis_still_knows_its_tokens() {
    let mut redis = OwnRedis::start();
    let mall = MallSetup::new().redis(&redis.url()).start();
    let alice = mall.sign_in(Who::Member(101));

    redis.kill9();

    assert_eq!(data(get(&mall, MEMBER, &alice.access)).await["id"], 101);
    assert_eq!(data(get(&mall, MEMBER, &alice.refresh)).await["id"], 101);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_in_the_tables_with_the_malls_wall_clock() {
    let (mall, place) = mall_with_tables();

    let alice = mall.sign_in(Who::Member(101));
    mall.expire(&alice.access);

    let access = rows(
        &place,
        "SELECT user_id AS number, CONCAT_WS(' ', user_type, refresh_token, user_info, tenant_id, \
         expires_time < UTC_TIMESTAMP() + INTERVAL 8 HOUR, CAST(deleted AS SIGNED)) AS text \
         FROM system_oauth2_access_token",
    );
    assert_eq!(access, [(101, format!("1 {} {{}} 1 1 0", alice.refresh))]);
    let refresh = rows(
        &place,
        "SELECT user_id AS number, CONCAT_WS(' ', user_type, refresh_token, tenant_id, \
         ROUND(TIMESTAMPDIFF(MINUTE, UTC_TIMESTAMP() + INTERVAL 8 HOUR, expires_time) / 1440)) AS text \
         FROM system_oauth2_refresh_token",
    );
    assert_eq!(refresh, [(101, format!("1 {} 1 30", alice.refresh))]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_marks_both_rows_deleted() {
    let (mall, place) = mall_with_tables();
    let (alice, bob) = (mall.sign_in(Who::Member(101)), mall.sign_in(Who::Admin(7)));

    mall.sign_out(&alice.access);

    for table in ["system_oauth2_access_token", "system_oauth2_refresh_token"] {
        let left = format!("SELECT user_id AS number, refresh_token AS text FROM {table} WHERE deleted = 0");
        assert_eq!(rows(&place, &left), [(7, bob.refresh.clone())]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_opens_again_counts_its_tokens_on() {
    let (mall, place) = mall_with_tables();
    drop((mall.sign_in(Who::Member(101)), mall));

    let again = MallSetup::new().tables(place.url()).start();
    let alice = again.sign_in(Who::Member(102));

    let kept =
        rows(&place, "SELECT user_id AS number, access_token AS text FROM system_oauth2_access_token ORDER BY id");
    assert_eq!((kept.len(), &kept[1]), (2, &(102, alice.access)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_in_the_tables_allow_what_the_page_says() {
    let (mall, place) = mall_with_tables();
    let allowed = "SELECT r.user_id AS number, m.permission AS text FROM system_user_role r \
                   JOIN system_role o ON o.id = r.role_id AND o.status = 0 AND o.deleted = 0 \
                   JOIN system_role_menu rm ON rm.role_id = r.role_id AND rm.deleted = 0 \
                   JOIN system_menu m ON m.id = rm.menu_id AND m.status = 0 AND m.deleted = 0 \
                   WHERE r.deleted = 0 AND r.user_id = 9 AND m.permission <> '' ORDER BY m.permission";

    mall.put_admin(kefu_tests::MallAdmin::new(9).allowed(&["a:b:c", "promotion:kefu-message:send"]));
    assert_eq!(rows(&place, allowed), [(9, "a:b:c".into()), (9, "promotion:kefu-message:send".into())]);
    mall.change_admin(9, |admin| admin.permissions.retain(|permission| permission != "a:b:c"));

    assert_eq!(rows(&place, allowed), [(9, "promotion:kefu-message:send".into())]);
    let page = data(get(&mall, ADMIN, &mall.sign_in(Who::Admin(9)).access)).await;
    assert_eq!(page["permissions"], json!(["", "promotion:kefu-message:send"]));
    let codes = rows(
        &place,
        "SELECT r.user_id AS number, o.code AS text FROM system_user_role r \
                              JOIN system_role o ON o.id = r.role_id WHERE r.user_id = 1",
    );
    assert_eq!(codes, [(1, "super_admin".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_are_in_the_tables() {
    let (mall, place) = mall_with_tables();

    mall.change_member(101, |member| member.nickname = "O'Neill \\ 爱".into());

    let members =
        rows(&place, "SELECT id AS number, nickname AS text FROM member_user WHERE tenant_id = 1 ORDER BY id");
    assert_eq!(members, [(101, "O'Neill \\ 爱".to_owned()), (102, nickname(102))]);
    let admins = rows(&place, "SELECT id AS number, username AS text FROM system_users WHERE tenant_id = 2");
    assert_eq!(admins, [(27, "agent27".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mall_that_cannot_write_its_tables_hands_out_no_token() {
    let (mall, place) = mall_with_tables();
    drop(place);

    let body = json!({"username": "agent7", "password": kefu_tests::MALL_PASSWORD});
    let login = crate::ask(&mall, reqwest::Method::POST, "/admin-api/system/auth/login");
    let answer = told(login.header("tenant-id", "1").json(&body)).await;

    crate::refused(&answer, 500, "系统异常");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_has_what_moving_a_mall_meets() {
    let (mall, place) = mall_with_tables();

    mall.write_history(1_000);

    let count = |what: &str| rows(&place, &format!("SELECT COUNT(*) AS number, '' AS text FROM {what}"))[0].0;
    assert_eq!(count("promotion_kefu_message"), 1_000);
    assert_eq!(count("promotion_kefu_conversation WHERE user_id = 101"), 2);
    assert!(count("promotion_kefu_conversation WHERE admin_deleted = 1") > 0);
    assert!(count("promotion_kefu_conversation WHERE admin_unread_message_count > 0") > 0);
    assert!(count("promotion_kefu_conversation WHERE tenant_id = 2") > 0);
    assert!(count("promotion_kefu_message WHERE deleted = 1") > 0);
    assert!(count("promotion_kefu_message WHERE content = 'null'") > 0);
    let wrong = "promotion_kefu_conversation c WHERE admin_unread_message_count <> (SELECT COUNT(*) FROM \
                 promotion_kefu_message m WHERE m.conversation_id = c.id AND sender_type = 1 AND read_status = 0 AND \
                 m.deleted = 0)";
    assert_eq!(count(wrong), 0);
    let strangers = "promotion_kefu_conversation c LEFT JOIN member_user m ON m.id = c.user_id AND \
                     m.tenant_id = c.tenant_id WHERE m.id IS NULL";
    assert_eq!(count(strangers), 0);
}

fn mall_with_tables() -> (FakeMall, Place) {
    let place = Backend::MariaDb.prepare(std::path::Path::new("."));
    (MallSetup::new().tables(place.url()).start(), place)
}

fn redis() -> redis::Connection {
    redis::Client::open(shared_redis()).unwrap().get_connection().unwrap()
}

fn key(token: &str) -> String {
    format!("oauth2_access_token:{token}")
}

fn in_redis(token: &str) -> Option<Value> {
    let kept: Option<String> = redis().get(key(token)).unwrap();
    kept.map(|text| serde_json::from_str(&text).unwrap())
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    text: String,
}

fn rows(place: &Place, query: &str) -> Vec<(i64, String)> {
    off_the_runtime(|| {
        let url = format!("{}?prefer_socket=false", place.url());
        let mut conn = AsyncConnectionWrapper::<AsyncMysqlConnection>::establish(&url).unwrap();
        let rows: Vec<Row> = sql_query(query).load(&mut conn).unwrap();
        rows.into_iter().map(|row| (row.number, row.text)).collect()
    })
}
