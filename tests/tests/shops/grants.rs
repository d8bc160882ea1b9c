//! Accounts that are given shops and lose them, while they are connected.

use std::time::Duration;

use kefu_domain::{AdminId, TenantId};
use kefu_tests::{Claims, off_the_runtime, on_both};
use serde_json::json;

use crate::asking::{Ask, Who};
use crate::people::{account, agent_of, at, listed, login, mall, opened, soon};
use crate::{A, B};

const ENDS_WITHIN: Duration = Duration::from_secs(5);

fn grant(manager: &Who, shop: i64, admin: AdminId) -> i64 {
    let body = json!({ "shopId": shop, "adminId": admin.0 });
    manager.ask(Ask::put(manager.path("/kefu-shop/grant")).json(&body)).code()
}

fn revoke(manager: &Who, shop: i64, admin: AdminId) -> i64 {
    let path = format!("/kefu-shop/revoke?shopId={shop}&adminId={}", admin.0);
    manager.ask(Ask::delete(manager.path(&path))).code()
}

fn is_let_in(agent: &Who) -> i64 {
    agent.ask(Ask::get(agent.path("/kefu-conversation/list"))).code()
}

on_both! {
    async fn who_loses_a_shop_is_out_at_once_and_comes_in_again_without_it(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, manager) = (world.member(101), world.agent(8));
            let (at_a, at_b) = (opened(&alice, A), opened(&alice, B));
            let lili = account(&world, "lili", "agent", &[A, B]);
            account(&world, "lulu", "agent", &[A]);
            let (before, other) = (login(&world, "lili"), login(&world, "lulu"));
            let (mut socket, mut others) = (before.listen(), other.listen());
            assert_eq!(listed(&before, ""), [at_b, at_a]);

            assert_eq!(revoke(&manager, A, lili), 0);

            assert_eq!(is_let_in(&before), 401, "at once on the server that took it");
            assert!(socket.ends_within(ENDS_WITHIN));
            let after = login(&world, "lili");
            assert_eq!(listed(&after, ""), [at_b]);
            assert_eq!(after.say_to(at_a, "hi").code(), 1_013_019_000);
            let mut socket = after.listen();
            alice.say_at(A, "hello?").data();
            assert_eq!(others.expect(1).len(), 1, "nobody else was shown out");
            socket.assert_silent();
            assert_eq!(revoke(&manager, B, lili), 0);
            let last = login(&world, "lili");
            assert_eq!(listed(&last, ""), [] as [i64; 0], "who has lost the last shop serves none");
            assert_eq!(is_let_in(&last), 0);
        });
    }

    async fn what_another_process_takes_is_gone_within_seconds(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            opened(&world.member(101), A);
            let lili = account(&world, "lili", "agent", &[A]);
            let agent = login(&world, "lili");
            let mut socket = agent.listen();
            assert_eq!(listed(&agent, "").len(), 1);

            world.database().revoke_shop(lili, at(A)).unwrap();

            assert!(socket.ends_within(ENDS_WITHIN));
            soon("shown out", || is_let_in(&agent) == 401);
        });
    }

    async fn who_is_given_a_shop_serves_it_without_coming_in_again(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, manager) = (world.member(101), world.agent(8));
            let (at_a, at_b) = (opened(&alice, A), opened(&alice, B));
            let lili = account(&world, "lili", "agent", &[A]);
            let agent = login(&world, "lili");
            assert_eq!(listed(&agent, ""), [at_a]);

            assert_eq!(grant(&manager, B, lili), 0);
            soon("both shops", || listed(&agent, "") == [at_b, at_a]);

            assert_eq!(agent.say_to(at_b, "good day").code(), 0);
        });
    }

    async fn giving_takes_nothing_away_and_taking_only_what_was_named(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let manager = world.agent(8);
            let nameless = account(&world, "lulu", "agent", &[0]);
            let shops = |admin: AdminId| {
                let shops = world.database().shops_of(TenantId(1), admin).unwrap();
                shops.iter().map(|shop| shop.0).collect::<Vec<_>>()
            };

            for admin in [nameless, AdminId(4_711)] {
                assert_eq!(shops(admin), [0], "by a row, or by silence");
                assert_eq!(revoke(&manager, A, admin), 0);
                assert_eq!(shops(admin), [0], "there was nothing to take");
                assert_eq!(grant(&manager, A, admin), 0);
                assert_eq!(shops(admin), [0, A]);
                assert_eq!(revoke(&manager, A, admin), 0);
                assert_eq!(shops(admin), [0]);
                assert_eq!((grant(&manager, B, admin), revoke(&manager, 0, admin)), (0, 0));
                assert_eq!(shops(admin), [B]);
                assert_eq!(grant(&manager, 0, admin), 0);
                assert_eq!(shops(admin), [0, B]);
            }
        });
    }

    async fn an_account_of_another_tenant_is_out_of_reach(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let lili = account(&world, "lili", "agent", &[A]);
            let agent = login(&world, "lili");
            world.shop(2, A);
            let foreign = world.who(&Claims::agent(8).at(2));
            let unknown = AdminId(lili.0 + 4_711);

            for (one, other) in [(grant(&foreign, A, lili), grant(&foreign, A, unknown)),
                                 (revoke(&foreign, A, lili), revoke(&foreign, A, unknown))] {
                assert_eq!((one, other), (400, 400), "no more than a number that nobody has");
            }
            assert_eq!(world.database().shops_of(TenantId(1), lili).unwrap().len(), 1);
            assert_eq!(is_let_in(&agent), 0, "its logins go on");
        });
    }

    async fn a_signed_token_says_itself_which_shops_and_loses_its_sockets_only(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (manager, agent) = (world.agent(8), agent_of(&world, 7, &[A]));
            let at_a = opened(&world.member(101), A);
            assert_eq!(grant(&manager, A, AdminId(7)), 0);
            let mut socket = agent.listen();

            assert_eq!(revoke(&manager, A, AdminId(7)), 0);

            assert!(socket.ends_within(ENDS_WITHIN));
            assert_eq!(listed(&agent, ""), [at_a], "grants are for accounts, claims for signed tokens");
        });
    }
}
