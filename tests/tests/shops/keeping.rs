//! Who may open shops, close them and give them to others: whoever also serves the platform, and nobody else.

use kefu_domain::{AdminId, Permission};
use kefu_tests::{Claims, off_the_runtime, on_both};
use serde_json::{Value, json};

use crate::asking::{Ask, Who, id};
use crate::people::{account, agent_of, login, mall, numbers};
use crate::{A, B, NOWHERE, UNKNOWN};

fn create(who: &Who, body: &Value) -> crate::asking::Answer {
    who.ask(Ask::post(who.path("/kefu-shop/create")).json(body))
}

fn set(who: &Who, body: &Value) -> crate::asking::Answer {
    who.ask(Ask::put(who.path("/kefu-shop/update-status")).json(body))
}

fn list(who: &Who) -> Value {
    who.ask(Ask::get(who.path("/kefu-shop/list"))).data()
}

/// Every question about shops, with everything right.
fn questions(who: &Who) -> [(&'static str, i64); 5] {
    let body = json!({ "shopId": A, "adminId": 27 });
    [
        ("list", who.ask(Ask::get(who.path("/kefu-shop/list"))).code()),
        ("create", create(who, &json!({ "name": "another" })).code()),
        ("update-status", set(who, &json!({ "id": A, "status": 0 })).code()),
        ("grant", who.ask(Ask::put(who.path("/kefu-shop/grant")).json(&body)).code()),
        ("revoke", who.ask(Ask::delete(who.path(&format!("/kefu-shop/revoke?shopId={A}&adminId=27")))).code()),
    ]
}

on_both! {
    async fn shops_are_opened_closed_and_listed_with_who_serves_them(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let manager = world.agent(8);
            let lili = account(&world, "lili", "agent", &[A]);

            let wanted = create(&manager, &json!({ "name": "小店😀", "id": "40" })).data();
            let next = create(&manager, &json!({ "name": "another" })).data();
            assert_eq!(set(&manager, &json!({ "id": 40, "status": 1 })).data(), true);
            let given = json!({ "shopId": 40, "adminId": lili.0 });
            assert_eq!(manager.ask(Ask::put(manager.path("/kefu-shop/grant")).json(&given)).data(), true);

            assert_eq!((id(&wanted), id(&next)), (40, 41));
            let shops = list(&manager);
            assert_eq!(numbers(&shops), [0, A, B, 40, 41]);
            assert_eq!(shops[0], json!({ "id": 0, "name": "平台", "status": 0, "adminIds": [] }));
            assert_eq!(shops[3], json!({ "id": 40, "name": "小店😀", "status": 1, "adminIds": [lili.0] }));
            assert_eq!(shops[1]["adminIds"], json!([lili.0]));
            let mine = login(&world, "lili");
            let mine = mine.ask(Ask::get(mine.path("/kefu-shop/mine"))).data();
            assert_eq!(mine[1], json!({ "id": 40, "name": "小店😀", "status": 1 }));
            assert_eq!(numbers(&mine), [A, 40]);
        });
    }

    async fn what_makes_no_sense_is_refused_and_changes_nothing(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let manager = world.agent(8);
            let before = list(&manager);

            for (body, msg) in [
                (json!({}), "请求参数不正确:店铺名称不能为空"),
                (json!({ "name": " " }), "请求参数不正确:店铺名称须为 1 到 64 个字符，且不换行"),
                (json!({ "name": "两\n行" }), "请求参数不正确:店铺名称须为 1 到 64 个字符，且不换行"),
                (json!({ "name": "店".repeat(65) }), "请求参数不正确:店铺名称须为 1 到 64 个字符，且不换行"),
                (json!({ "name": "x", "id": 0 }), "请求参数不正确:店铺编号须为正整数"),
                (json!({ "name": "x", "id": -1 }), "请求参数不正确:店铺编号须为正整数"),
                (json!({ "name": "x", "id": 9_007_199_254_740_992_i64 }), "请求参数不正确:店铺编号须为正整数"),
                (json!({ "name": "x", "id": "x" }), "请求参数类型错误:x"),
                (json!({ "name": "x", "id": A }), "店铺编号已存在"),
            ] {
                let answer = create(&manager, &body);
                assert_eq!((answer.code(), answer.msg().as_str()), (400, msg), "{body}");
            }
            for (body, msg) in [
                (json!({ "status": 1 }), "请求参数不正确:店铺编号不能为空"),
                (json!({ "id": A }), "请求参数不正确:状态须为 0（营业）或 1（关闭）"),
                (json!({ "id": A, "status": 2 }), "请求参数不正确:状态须为 0（营业）或 1（关闭）"),
                (json!({ "id": 0, "status": 1 }), "请求参数不正确:平台不能关闭"),
                (json!({ "id": NOWHERE, "status": 1 }), UNKNOWN),
            ] {
                let answer = set(&manager, &body);
                assert_eq!((answer.code(), answer.msg().as_str()), (400, msg), "{body}");
            }
            let grant = |body: Value| manager.ask(Ask::put(manager.path("/kefu-shop/grant")).json(&body)).msg();
            assert_eq!(grant(json!({ "adminId": 7 })), "请求参数不正确:店铺编号不能为空");
            assert_eq!(grant(json!({ "shopId": A })), "请求参数不正确:管理员编号不能为空");
            assert_eq!(grant(json!({ "shopId": NOWHERE, "adminId": 7 })), UNKNOWN);
            assert_eq!(grant(json!({ "shopId": A, "adminId": 0 })), "管理员不存在");
            assert_eq!(grant(json!({ "shopId": A, "adminId": 1_000_000_004_711_i64 })), "管理员不存在");
            assert_eq!(list(&manager), before);
        });
    }

    async fn a_shops_own_manager_does_not_reach_the_shops(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            account(&world, "lili", "manager", &[A]);
            account(&world, "lulu", "agent", &[0]);
            let before = list(&world.agent(8));
            let query_only = Claims::agent(9).allowed(&[Permission::ShopQuery]);

            for outsider in [
                agent_of(&world, 7, &[A, B]),
                agent_of(&world, 7, &[]),
                login(&world, "lili"),
                login(&world, "lulu"),
                world.who(&Claims::agent(9).allowed(&[])),
                world.who(&query_only.clone().serving(&[A])),
            ] {
                for (what, code) in questions(&outsider) {
                    assert_eq!(code, 403, "{what}");
                }
            }
            let codes = questions(&world.who(&query_only)).map(|(_, code)| code);
            assert_eq!(codes, [0, 403, 403, 403, 403], "looking is not changing");
            assert_eq!(list(&world.agent(8)), before);
            account(&world, "lola", "manager", &[0, A]);
            for (what, code) in questions(&login(&world, "lola")) {
                assert_eq!(code, 0, "{what}");
            }
        });
    }

    async fn another_tenants_shops_are_not_there(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let foreign = world.who(&Claims::agent(8).at(2));

            assert_eq!(numbers(&list(&foreign)), [0]);
            for shop in [A, NOWHERE] {
                assert_eq!(set(&foreign, &json!({ "id": shop, "status": 1 })).msg(), UNKNOWN);
                let body = json!({ "shopId": shop, "adminId": 7 });
                assert_eq!(foreign.ask(Ask::put(foreign.path("/kefu-shop/grant")).json(&body)).msg(), UNKNOWN);
                let path = foreign.path(&format!("/kefu-shop/revoke?shopId={shop}&adminId=7"));
                assert_eq!(foreign.ask(Ask::delete(path)).msg(), UNKNOWN);
            }
            assert_eq!(create(&foreign, &json!({ "name": "ours", "id": A })).data(), A);
            assert_eq!(numbers(&list(&world.agent(8))), [0, A, B]);
            assert!(world.database().admins_of(crate::people::at(A)).unwrap().is_empty());
            assert_eq!(world.database().shops_of(kefu_domain::TenantId(1), AdminId(7)).unwrap().len(), 1);
        });
    }
}
