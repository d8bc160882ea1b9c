//! Uploaded files: whoever has the name may fetch one, but whoever says who they are gets only what is theirs to see.

use kefu_tests::{Claims, off_the_runtime, on_both};

use crate::asking::{Answer, Ask, Who, World, encoded};
use crate::people::{GIF, agent_of, mall, opened, path_of, upload};
use crate::{A, B};

fn fetch(world: &World, path: &str, who: &Who) -> Answer {
    let answers = [
        Ask::get(path).bearer(&who.token).at(world.addr),
        Ask::get(format!("{path}?token={}", encoded(&who.token))).at(world.addr),
    ];
    assert_eq!(answers[0].status, answers[1].status, "in a header and in the address");
    let [answer, _] = answers;
    answer
}

on_both! {
    async fn a_file_is_fetched_by_its_own_shop_and_by_whoever_only_has_its_name(backend) {
        let world = mall(backend).await;
        off_the_runtime(|| {
            let (alice, bob, carol) = (world.member(101), world.member(102), world.member(103));
            opened(&alice, A);
            opened(&bob, B);
            let (here, both, there) =
                (agent_of(&world, 7, &[A]), agent_of(&world, 8, &[A, B]), agent_of(&world, 9, &[B]));
            let foreign = [
                world.who(&Claims::member(101).at(2)),
                world.who(&Claims::agent(7).serving(&[A]).at(2)),
            ];
            let brought_by_agent = path_of(&upload(&here, ""));
            let brought_by_member = path_of(&upload(&carol, &format!("?shopId={A}")));
            let nothing = Ask::get(format!("/files/{}.gif", "0".repeat(32))).bearer(&there.token).at(world.addr);

            for path in [&brought_by_agent, &brought_by_member] {
                let plain = Ask::get(path).at(world.addr);
                assert_eq!((plain.status, plain.body.as_slice()), (200, GIF), "pages show it without a token");
                let stale = Ask::get(path).bearer("stale").at(world.addr);
                assert_eq!(stale.status, 200, "a token that is none is as good as none");
                for theirs in [&here, &both, &alice] {
                    assert_eq!(fetch(&world, path, theirs).body, GIF, "{}", theirs.id);
                }
                for other in [&there, &bob, &world.agent(10), &agent_of(&world, 11, &[])].into_iter().chain(&foreign) {
                    let refused = fetch(&world, path, other);
                    assert_eq!(refused.telltale(), nothing.telltale(), "{}", other.id);
                    assert_eq!(refused.status, 404);
                }
            }
            assert_eq!(fetch(&world, &brought_by_member, &carol).status, 200, "who brought it has written to nobody yet");
            assert_eq!(fetch(&world, &brought_by_agent, &carol).status, 404);
        });
    }
}
