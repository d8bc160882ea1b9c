//! A shop that closes while everybody is there.

use kefu_tests::{off_the_runtime, on_both};
use serde_json::json;

use crate::asking::Ask;
use crate::people::{agent_of, listed, mall, opened, soon};
use crate::{A, B, CLOSED};

on_both! {
    async fn a_closed_shop_takes_nothing_more_and_its_agents_keep_the_history(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, agent, manager) = (world.member(101), agent_of(&world, 7, &[A, B]), world.agent(8));
            let (at_a, at_b) = (opened(&alice, A), opened(&alice, B));
            let set = |status: i32| {
                let path = manager.path("/kefu-shop/update-status");
                assert_eq!(manager.ask(Ask::put(path).json(&json!({ "id": A, "status": status }))).data(), true);
            };

            set(1);
            let list = Ask::get(alice.path(&format!("/kefu-message/list?shopId={A}")));
            soon("closed", || alice.ask(list.clone()).code() == 400);

            assert_eq!(alice.say_at(A, "anybody there?").msg(), CLOSED);
            assert_eq!(agent.say_to(at_a, "we are closed").msg(), CLOSED);
            assert_eq!(alice.try_listen_at(A).err().map(|answer| answer.status), Some(400));
            assert_eq!(listed(&agent, ""), [at_b, at_a]);
            assert_eq!(agent.list(&format!("conversationId={at_a}")).len(), 1);
            assert_eq!(agent.read(at_a, "").code(), 0);
            assert_eq!((agent.pin(at_a, true).code(), agent.hide(at_a).code()), (0, 0));
            assert_eq!((alice.say_at(B, "hello").code(), agent.say_to(at_b, "good day").code()), (0, 0));
            assert_eq!(world.server.books().messages(at_a).len(), 1);

            set(0);
            assert_eq!(alice.say_at(A, "open again?").seq(), 2);
            assert_eq!(agent.say_to(at_a, "we are").seq(), 3);
        });
    }
}
