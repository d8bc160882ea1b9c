//! A member who writes to more than one shop.

use kefu_tests::{off_the_runtime, on_both};
use serde_json::{Value, json};

use crate::asking::{Answer, Ask, id};
use crate::people::{agent_of, mall, opened, upload};
use crate::{A, B, CLOSED, NOWHERE, UNKNOWN};

on_both! {
    async fn a_member_has_a_conversation_at_each_shop_and_each_socket_hears_its_own(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, at_a) = (world.member(101), agent_of(&world, 7, &[A]));
            let mut sockets = [A, B, 0].map(|shop| alice.try_listen_at(shop).expect("an open shop"));
            let mut nameless = alice.listen();

            let conversations = [A, B, 0].map(|shop| opened(&alice, shop));
            let answered = at_a.say_to(conversations[0], "good day").seq();

            assert_eq!(answered, 2, "each conversation counts for itself");
            let mut different = conversations.to_vec();
            different.sort_unstable();
            different.dedup();
            assert_eq!(different.len(), 3);
            for (shop, (socket, conversation)) in [A, B, 0].iter().zip(sockets.iter_mut().zip(conversations)) {
                let frames = socket.expect(if *shop == A { 2 } else { 1 });
                assert!(frames.iter().all(|frame| id(&frame.content["conversationId"]) == conversation), "shop {shop}");
                assert_eq!(alice.list(&format!("shopId={shop}")).len(), frames.len(), "shop {shop}");
            }
            assert_eq!(id(&nameless.expect(1)[0].content["conversationId"]), conversations[2], "the platform's");
            assert_eq!(alice.list("").len(), 1, "without a number it is the platform");
            sockets.iter_mut().for_each(|socket| socket.assert_silent());
        });
    }

    async fn what_is_read_at_one_shop_is_not_read_at_another(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, both) = (world.member(101), agent_of(&world, 7, &[A, B]));
            let (one, two) = (opened(&alice, A), opened(&alice, B));
            for conversation in [one, two] {
                both.say_to(conversation, "good day").data();
            }

            let read = |conversation: i64, shop: i64| alice.read(conversation, &format!("&shopId={shop}")).code();

            assert_eq!(read(two, A), 1_013_019_000, "it is not at this shop");
            assert_eq!(alice.read(one, "").code(), 1_013_019_000, "nor at the platform");
            assert_eq!(alice.read(one, &format!("&shopId={A}&seq=2")).code(), 0);
            let answer_was_read = |shop: i64| alice.list(&format!("shopId={shop}"))[0]["readStatus"] == true;
            assert!(answer_was_read(A) && !answer_was_read(B));
        });
    }

    async fn a_shop_that_is_not_there_and_one_that_is_closed_are_refused_everywhere(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            world.shop(1, 8);
            world.shop(2, 9);
            let closed = world.database().set_shop_status(crate::people::at(8), kefu_storage::ShopStatus::Closed);
            assert!(closed.unwrap());
            let alice = world.member(101);
            let before = world.rows();

            for (shop, msg) in [(8, CLOSED), (9, UNKNOWN), (NOWHERE, UNKNOWN), (-1, UNKNOWN), (i64::MAX, UNKNOWN)] {
                let text = json!({ "contentType": 1, "content": "{\"text\":\"hi\"}" });
                let query = format!("shopId={shop}");
                let refused: [(&str, Answer); 6] = [
                    ("body", alice.say_at(shop, "hi")),
                    ("query", alice.ask(Ask::post(alice.path(&format!("/kefu-message/send?{query}"))).json(&text))),
                    ("list", alice.ask(Ask::get(alice.path(&format!("/kefu-message/list?{query}"))))),
                    ("read", alice.read(1, &format!("&{query}"))),
                    ("upload", upload(&alice, &format!("?{query}"))),
                    ("socket", alice.try_listen_at(shop).err().expect("no upgrade")),
                ];
                for (what, answer) in refused {
                    assert_eq!((answer.code(), answer.msg().as_str()), (400, msg), "{what} of shop {shop}");
                    let status = if what == "socket" { 400 } else { 200 };
                    assert_eq!(answer.status, status, "{what} of shop {shop}");
                }
            }
            assert_eq!(world.rows(), before, "nothing was stored");
        });
    }

    async fn a_shop_is_named_by_a_number_and_by_one_number_only(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let alice = world.member(101);
            let send = |query: &str, shop: Value| {
                let body = json!({ "shopId": shop, "contentType": 1, "content": "{\"text\":\"hi\"}" });
                alice.ask(Ask::post(alice.path(&format!("/kefu-message/send{query}"))).json(&body))
            };

            assert_eq!(send("?shopId=5", json!(6)).msg(), "请求参数不正确:地址与请求体中的 shopId 不一致");
            assert_eq!(send("?shopId=x", json!(5)).msg(), "请求参数不正确:shopId 不是数字");
            assert_eq!(send("", json!("x")).msg(), "请求参数类型错误:x");
            assert_eq!(send("", json!([5])).code(), 400);
            assert_eq!(world.messages(), 0);
            assert_eq!(send("?shopId=5", json!("5")).code(), 0, "a number, or the text of one");
            assert_eq!(send("?shopId=5", Value::Null).code(), 0);
            assert_eq!(send("", Value::Null).code(), 0, "the platform");
            assert_eq!((alice.list("shopId=5").len(), alice.list("shopId=0").len()), (2, 1));
            assert_eq!(alice.ask(Ask::get(alice.path("/kefu-message/list?shopId=x"))).code(), 400);
            assert_eq!(alice.try_listen_at("x").err().map(|answer| answer.status), Some(400));
        });
    }
}
