//! An agent who serves two shops of three.

use kefu_tests::{off_the_runtime, on_both};
use serde_json::Value;

use crate::asking::{Ask, Who, id};
use crate::people::{agent_of, listed, mall, numbers, opened, path_of, upload};
use crate::{A, B};

/// Pinned first, then the newest message first, then the highest id first.
fn in_order(rows: &[Value]) -> bool {
    let place = |row: &Value| {
        let pinned = row["adminPinned"].as_bool().expect("a truth");
        (pinned, row["lastMessageTime"].as_i64().expect("a time"), id(&row["id"]))
    };
    rows.is_sorted_by(|one, next| place(one) > place(next))
}

/// All pages of so many, one after the other.
fn pages(agent: &Who, limit: usize, query: &str) -> Vec<Vec<i64>> {
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let path = agent.path(&format!("/kefu-conversation/list?limit={limit}{query}{after}"));
        let answer = agent.ask(Ask::get(path));
        pages.push(answer.data().as_array().expect("rows").iter().map(|row| id(&row["id"])).collect());
        match answer.header("Kefu-Next") {
            Some(next) => after = format!("&after={next}"),
            None => return pages,
        }
    }
}

on_both! {
    async fn the_list_and_its_pages_go_over_both_in_one_order(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let agent = agent_of(&world, 7, &[B, A]);
            // By turns, so that no shop's rows lie together; the platform's are nobody's here.
            let opened: Vec<_> = (0..11).map(|n| opened(&world.member(101 + n), [A, B, 0][n as usize % 3])).collect();
            let ours: Vec<_> = opened.iter().copied().enumerate().filter(|(n, _)| n % 3 != 2).map(|(_, id)| id).collect();
            for pinned in [opened[1], opened[6]] {
                agent.pin(pinned, true).data();
            }
            agent.hide(opened[3]).data();
            agent.hide(opened[0]).data();
            world.member(101).say_at(A, "once more").data();

            let all = agent.conversations("");

            assert!(in_order(&all), "{all:?}");
            let ids: Vec<_> = all.iter().map(|row| id(&row["id"])).collect();
            assert_eq!(&ids[..3], [opened[6], opened[1], opened[0]]);
            assert_eq!(ids.len(), ours.len() - 1);
            for row in &all {
                let place = opened.iter().position(|known| *known == id(&row["id"])).expect("one of them");
                assert_eq!(id(&row["shopId"]), [A, B, 0][place % 3]);
            }
            for limit in 1..=ids.len() + 1 {
                let pages = pages(&agent, limit, "");
                assert!(pages.iter().rev().skip(1).all(|page| page.len() == limit), "{limit}: {pages:?}");
                assert_eq!(pages.concat(), ids, "{limit} by {limit}");
            }
            for shop in [A, B] {
                let only: Vec<_> =
                    all.iter().filter(|row| id(&row["shopId"]) == shop).map(|row| id(&row["id"])).collect();
                assert_eq!(listed(&agent, &format!("shopId={shop}")), only);
                assert_eq!(pages(&agent, 2, &format!("&shopId={shop}")).concat(), only);
            }
            let name = crate::asking::encoded(kefu_tests::nickname(108));
            assert_eq!(listed(&agent, &format!("name={name}")), [opened[7]]);
        });
    }

    async fn a_socket_hears_both_once_and_no_third(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), agent_of(&world, 7, &[A, B]));
            let mut socket = agent.listen();

            let told = [A, B, 0].map(|shop| opened(&alice, shop));
            for conversation in &told[..2] {
                agent.say_to(*conversation, "good day").data();
                agent.read(*conversation, "").data();
            }

            let frames = socket.expect(6);
            let of = |conversation: i64| {
                frames.iter().filter(|frame| id(&frame.content["conversationId"]) == conversation).count()
            };
            assert_eq!(told.map(of), [3, 3, 0]);
            socket.assert_silent();
        });
    }

    async fn both_can_be_answered_read_pinned_and_hidden(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), agent_of(&world, 7, &[A, B]));
            for shop in [A, B] {
                let conversation = opened(&alice, shop);
                assert_eq!(agent.say_to(conversation, "good day").seq(), 2);
                assert_eq!(agent.read(conversation, "").code(), 0);
                assert_eq!(agent.pin(conversation, true).code(), 0);
                assert_eq!(agent.list(&format!("conversationId={conversation}")).len(), 2);
                let row = agent.conversation(conversation);
                assert_eq!((&row["adminUnreadMessageCount"], &row["adminPinned"]), (&0.into(), &true.into()));
                assert_eq!(id(&row["shopId"]), shop);
                assert_eq!(agent.hide(conversation).code(), 0);
            }
            assert_eq!(listed(&agent, ""), [] as [i64; 0]);
        });
    }

    async fn what_is_uploaded_is_of_the_shop_that_is_named_or_the_first_that_is_open(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let agent = agent_of(&world, 7, &[B, A]);
            let shop_of = |path: &str| {
                let name = path.rsplit('/').next().unwrap();
                world.database().file(name).unwrap().expect("it is in the books").scope.shop.0
            };

            assert_eq!(shop_of(&path_of(&upload(&agent, &format!("?shopId={B}")))), B);
            assert_eq!(shop_of(&path_of(&upload(&agent, ""))), A);
            world.database().set_shop_status(crate::people::at(A), kefu_storage::ShopStatus::Closed).unwrap();
            assert_eq!(shop_of(&path_of(&upload(&agent, ""))), B);
            assert_eq!(upload(&agent, &format!("?shopId={A}")).msg(), crate::CLOSED);
        });
    }

    async fn they_are_told_which_shops_they_serve(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let mine = |agent: &Who| numbers(&agent.ask(Ask::get(agent.path("/kefu-shop/mine"))).data());

            assert_eq!(mine(&agent_of(&world, 7, &[B, A])), [A, B]);
            assert_eq!(mine(&agent_of(&world, 7, &[B, crate::NOWHERE])), [B], "what is not there cannot be shown");
            assert_eq!(mine(&world.agent(8)), [0]);
        });
    }
}
