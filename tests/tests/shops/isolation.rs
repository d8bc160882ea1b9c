//! An agent of one shop meets nothing of another: what is there answers as what is not.

use kefu_tests::{Claims, off_the_runtime, on_both};
use serde_json::{Value, json};

use crate::asking::{Answer, Ask, Who, World, id};
use crate::people::{agent_of, listed, mall, numbers, opened, upload};
use crate::{A, B, NOWHERE};

/// An id that no conversation and no member has.
const NOBODYS: i64 = 987_654_321;

/// Everything that an agent can ask about one conversation.
fn questions(agent: &Who, conversation: i64) -> Vec<(&'static str, Answer)> {
    let ask = |ask: Ask| agent.ask(ask);
    let desk = |path: &str| agent.path(path);
    vec![
        ("get", ask(Ask::get(desk(&format!("/kefu-conversation/get?id={conversation}"))))),
        ("history", ask(Ask::get(desk(&format!("/kefu-message/list?conversationId={conversation}"))))),
        ("since", ask(Ask::get(desk(&format!("/kefu-message/list?conversationId={conversation}&sinceSeq=0"))))),
        ("send", agent.say_to(conversation, "hi")),
        ("read", agent.read(conversation, "")),
        ("read up to", agent.read(conversation, "&seq=1")),
        ("pin", agent.pin(conversation, true)),
        ("unpin", agent.pin(conversation, false)),
        ("hide", agent.hide(conversation)),
    ]
}

/// What somebody is told of a member, without the id that they asked for themselves.
fn person(agent: &Who, member: i64) -> Value {
    let mut person = agent.ask(Ask::get(format!("/admin-api/member/user/get?id={member}"))).data();
    assert_eq!(id(&person["id"].take()), member);
    person
}

fn next_page(agent: &Who, query: &str) -> String {
    let answer = agent.ask(Ask::get(agent.path(&format!("/kefu-conversation/list?{query}"))));
    answer.header("Kefu-Next").expect("there is more").to_owned()
}

on_both! {
    async fn another_shops_conversation_answers_as_one_that_does_not_exist(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, bob) = (world.member(101), world.member(102));
            let (at_b, at_platform, at_a) = (opened(&alice, B), opened(&alice, 0), opened(&bob, A));
            let agent = agent_of(&world, 7, &[A]);
            let before = (world.rows(), world.server.books().conversations());

            for other in [at_b, at_platform] {
                let nobodys = questions(&agent, NOBODYS);
                for ((what, answer), (_, nothing)) in questions(&agent, other).into_iter().zip(nobodys) {
                    assert_eq!(answer.telltale(), nothing.telltale(), "{what} tells of conversation {other}");
                }
            }

            assert_eq!((world.rows(), world.server.books().conversations()), before, "nothing was changed");
            for (what, answer) in questions(&agent, at_a) {
                assert_eq!(answer.code(), 0, "{what} of their own");
            }
        });
    }

    async fn lists_searches_and_pages_show_only_the_agents_own_shop(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let members: Vec<_> = (101..=104).map(|id| world.member(id)).collect();
            let newest_first = |shop: i64| {
                let mut ids: Vec<_> = members.iter().map(|member| opened(member, shop)).collect();
                ids.reverse();
                ids
            };
            let (at_a, at_b, platforms) = (newest_first(A), newest_first(B), newest_first(0));
            let (one, two) = (agent_of(&world, 7, &[A]), agent_of(&world, 8, &[B]));
            let (nobody, platform) = (agent_of(&world, 9, &[]), world.agent(10));
            let only_b = world.member(105);
            opened(&only_b, B);
            let name = |member: &Who| crate::asking::encoded(kefu_tests::nickname(member.id));

            assert_eq!(listed(&one, ""), at_a);
            assert_eq!(listed(&one, &format!("shopId={A}")), at_a);
            for other in [B, 0, NOWHERE, -1] {
                assert_eq!(listed(&one, &format!("shopId={other}")), [] as [i64; 0], "shop {other}");
            }
            assert_eq!(listed(&one, &format!("name={}", name(&members[0]))), at_a[3..]);
            assert_eq!(listed(&one, &format!("name={}", name(&only_b))), [] as [i64; 0]);
            let place = next_page(&two, "limit=1");
            assert!(listed(&one, &format!("after={place}")).iter().all(|id| at_a.contains(id)));
            assert_eq!(listed(&one, &format!("shopId={B}&after={place}")), [] as [i64; 0]);
            assert_eq!(listed(&two, "limit=200")[1..], at_b);
            assert_eq!(listed(&platform, ""), platforms, "the platform is one desk and not all of them");
            assert_eq!(listed(&nobody, ""), [] as [i64; 0]);
        });
    }

    async fn a_socket_hears_the_agents_own_shop_and_nothing_else(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, agent, neighbour) = (world.member(101), agent_of(&world, 7, &[A]), agent_of(&world, 8, &[B]));
            let (mut here, mut idle) = (agent.listen(), agent_of(&world, 9, &[]).listen());
            let (mut platform, mut there) = (world.agent(10).listen(), neighbour.listen());

            let at_b = opened(&alice, B);
            neighbour.say_to(at_b, "good day").data();
            neighbour.read(at_b, "").data();
            assert_eq!(there.expect(3).len(), 3);

            for socket in [&mut here, &mut idle, &mut platform] {
                socket.assert_silent();
            }
            opened(&alice, A);
            assert_eq!(here.expect(1).len(), 1);
            there.assert_silent();
        });
    }

    async fn an_agent_knows_the_members_who_have_written_to_their_shop(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, bob) = (world.member(101), world.member(102));
            opened(&alice, A);
            opened(&bob, B);
            let stranger = person(&agent_of(&world, 7, &[A]), NOBODYS);
            let (one, two) = (agent_of(&world, 7, &[A]), agent_of(&world, 8, &[A, B]));

            assert_eq!(person(&one, 101)["nickname"], kefu_tests::nickname(101));
            assert_eq!(person(&one, 102), stranger, "who wrote elsewhere is a stranger");
            assert_eq!(person(&two, 102)["nickname"], kefu_tests::nickname(102));
            for nobody in [world.agent(9), agent_of(&world, 10, &[])] {
                assert_eq!(person(&nobody, 101), stranger);
            }
        });
    }

    async fn the_same_number_in_another_tenant_is_another_shop(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            world.shop(2, A);
            let (alice, carol) = (world.member(101), world.who(&Claims::member(101).at(2)));
            let (here, there) = (agent_of(&world, 7, &[A]), world.who(&Claims::agent(7).serving(&[A]).at(2)));
            let (mut one, mut two) = (here.listen(), there.listen());

            let (ours, theirs) = (opened(&alice, A), opened(&carol, A));

            assert_eq!((one.expect(1).len(), two.expect(1).len()), (1, 1));
            assert_eq!((listed(&here, ""), listed(&there, "")), (vec![ours], vec![theirs]));
            assert_eq!(here.conversation(theirs), Value::Null);
            assert_eq!(there.say_to(ours, "hi").code(), 1_013_019_000);
            assert_eq!(alice.list(&format!("shopId={A}")).len(), 1);
            one.assert_silent();
            two.assert_silent();
        });
    }

    async fn who_serves_no_shop_can_do_nothing_and_is_told_so(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let nobody = agent_of(&world, 9, &[]);
            let mine = nobody.ask(Ask::get(nobody.path("/kefu-shop/mine"))).data();

            assert_eq!(numbers(&mine), [] as [i64; 0]);
            assert_eq!(upload(&nobody, "").code(), 403);
            assert_eq!(upload(&nobody, &format!("?shopId={A}")).code(), 400);
        });
    }

    async fn an_upload_for_another_shop_answers_as_one_for_a_shop_that_is_not_there(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let agent = agent_of(&world, 7, &[A]);

            let refused = [B, 0, NOWHERE].map(|shop| upload(&agent, &format!("?shopId={shop}")).telltale());

            assert_eq!((&refused[0], &refused[1]), (&refused[2], &refused[2]));
            assert_eq!(upload(&agent, &format!("?shopId={A}")).code(), 0);
            assert_eq!(upload(&agent, "").code(), 0);
            assert_eq!(world.server.books().count("kefu_file WHERE shop_id = 5"), 2);
            assert_eq!(world.server.books().count("kefu_file"), 2);
        });
    }

    async fn a_claim_that_is_no_list_of_numbers_is_no_token(backend) {
        let world: World = mall(backend).await;
        off_the_runtime(|| {
            let signed = |shops: Value| {
                let mut claims = serde_json::to_value(Claims::agent(7)).unwrap();
                claims["shops"] = shops;
                let key = jsonwebtoken::EncodingKey::from_secret(world.server.secret().as_bytes());
                let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).expect("a token");
                world.server.keep_secret(&token);
                let list = Ask::get("/admin-api/promotion/kefu-conversation/list").tenant(1);
                list.bearer(&token).at(world.addr).code()
            };

            assert_eq!(signed(json!([A])), 0);
            assert_eq!(signed(Value::Null), 0, "as if it said nothing");
            for nonsense in [json!("all"), json!({}), json!([1.5]), json!(["x"]), json!([[A]])] {
                assert_eq!(signed(nonsense.clone()), 401, "{nonsense}");
            }
        });
    }
}
