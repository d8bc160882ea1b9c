//! Lists: of messages, by time and by number, and of conversations, by page and by name.

use kefu_tests::{Backend, Claims, off_the_runtime, on_both};
use serde_json::Value;

use crate::asking::time::in_shanghai;
use crate::asking::{Ask, Who, World, encoded, id, rows};

fn seqs(rows: &[Value]) -> Vec<i64> {
    rows.iter().map(|row| row["seq"].as_i64().expect("a number")).collect()
}

fn down(from: i64, to: i64) -> Vec<i64> {
    (to..=from).rev().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_newest_first_ten_long_and_ends_with_a_whole_second() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        assert_eq!(alice.list(""), Vec::<Value>::new(), "nothing yet, and none is opened");
        assert_eq!(world.server.books().count("promotion_kefu_conversation"), 0);
        let conversation = world.conversation_of(&alice);
        (2..=15).for_each(|number| drop(alice.say(number).data()));
        // A second for every message: now pages may end anywhere.
        world.server.books().run("UPDATE promotion_kefu_message SET create_time = 1790000000000 + seq * 1000");
        let own = format!("conversationId={conversation}&");

        for (who, which) in [(&alice, ""), (&agent, own.as_str())] {
            assert_eq!(seqs(&who.list(which)), down(15, 6));
            assert_eq!(seqs(&who.list(&format!("{which}limit=200"))), down(15, 1));
            assert_eq!(seqs(&who.list(&format!("{which}no=1&limit=3"))), down(15, 13));
            assert_eq!(seqs(&who.list(&format!("{which}createTime="))), down(15, 6), "empty is absent");
        }
        assert_eq!(seqs(&alice.list("conversationId=987654321&limit=2")), down(15, 14), "hers, whatever she names");
        assert!(agent.list("conversationId=987654321").is_empty());

        // All of one second: a page takes it whole.
        world.server.books().run("UPDATE promotion_kefu_message SET create_time = 1790000000000 + seq");
        assert_eq!(seqs(&alice.list("limit=3")), down(15, 1));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn create_time_is_taken_with_a_blank_as_20_and_as_plus_and_with_bare_colons() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let conversation = world.conversation_of(&alice);
        let agent = world.agent(7);
        let time = alice.list("")[0]["createTime"].as_i64().expect("a time");
        for (ms, found) in [(time + 1_000, 1), (time, 0)] {
            let text = in_shanghai(ms);
            let (bare, plus) = (text.replace(' ', "%20"), text.replace(' ', "+"));
            for spelled in [encoded(&text), bare, plus.clone(), plus.replace(':', "%3A"), plus.replace(':', "%3a")] {
                assert_eq!(alice.list(&format!("no=1&limit=20&createTime={spelled}")).len(), found, "{spelled}");
                let query = format!("conversationId={conversation}&createTime={spelled}");
                assert_eq!(agent.list(&query).len(), found, "{spelled}");
            }
        }
        // The shopper's page says that its GETs are JSON.
        let odd = Ask::get(alice.path("/kefu-message/list")).header("Content-Type", "application/json;charset=UTF-8");
        assert_eq!(alice.ask(odd).code(), 0);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_by_number_go_up_from_one_and_down_from_another_and_exclude_each_other() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        (2..=12).for_each(|number| drop(alice.say(number).data()));
        let own = format!("conversationId={conversation}&");

        for (who, which) in [(&alice, ""), (&agent, own.as_str())] {
            let page = |query: &str| seqs(&who.list(&format!("{which}{query}")));
            assert_eq!(page("sinceSeq=0&limit=3"), [1, 2, 3]);
            assert_eq!(page("sinceSeq=3"), (4..=12).collect::<Vec<_>>());
            assert_eq!(page("sinceSeq=12"), Vec::<i64>::new());
            assert_eq!(page("beforeSeq=4"), [3, 2, 1]);
            assert_eq!(page("beforeSeq=12&limit=2"), [11, 10]);
            assert_eq!(page("beforeSeq=1"), Vec::<i64>::new());
            for both in [
                "sinceSeq=1&beforeSeq=3",
                "sinceSeq=1&createTime=2026-11-21+00:00:00",
                "beforeSeq=1&createTime=2026-11-21+00:00:00",
            ] {
                let path = who.path(&format!("/kefu-message/list?{which}{both}"));
                assert_eq!(who.ask(Ask::get(path)).code(), 400, "{both}");
            }
        }
    });
}

/// All pages of the desk's list.
fn pages(agent: &Who, query: &str) -> Vec<Vec<i64>> {
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let path = agent.path(&format!("/kefu-conversation/list?{query}&after={}", encoded(&after)));
        let answer = agent.ask(Ask::get(path));
        pages.push(rows(answer.data()).iter().map(|row| id(&row["id"])).collect());
        match answer.header("Kefu-Next") {
            Some(next) => after = next.to_owned(),
            None => return pages,
        }
    }
}

on_both! {
    async fn conversations_come_pinned_first_then_newest_first_and_page_by_page_the_same(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let agent = world.agent(7);
            let members: Vec<_> = (101..=108).map(|member| world.member(member)).collect();
            let all: Vec<_> = members.iter().map(|member| world.conversation_of(member)).collect();
            agent.pin(all[1], true).data();
            agent.pin(all[4], true).data();
            agent.hide(all[6]).data();
            members[0].say("again").data();
            let expected = [all[4], all[1], all[0], all[7], all[5], all[3], all[2]];

            assert_eq!(agent.conversations("").iter().map(|row| id(&row["id"])).collect::<Vec<_>>(), expected);
            for limit in [1, 2, 3, 7, 200] {
                assert_eq!(pages(&agent, &format!("limit={limit}")).concat(), expected, "limit {limit}");
            }
            // Somebody pins while somebody else turns pages: what was not moved is there once.
            members[6].say("and I am back").data();
            assert_eq!(id(&agent.conversations("limit=3")[2]["id"]), all[6]);
        });
    }

    async fn conversations_are_found_by_a_part_of_the_members_name(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let agent = world.agent(7);
            let named = |id: i64, name: &str| {
                let member = world.who(&Claims { nickname: name.to_owned(), ..Claims::member(id) });
                world.conversation_of(&member)
            };
            let [ming, percent, under, emoji, back] = [(101, "王小明"), (102, "100%"), (103, "a_b"), (104, "小😀"), (105, "a\\b")]
                .map(|(id, name)| named(id, name));
            let found = |name: &str| -> Vec<i64> {
                agent.conversations(&format!("name={}", encoded(name))).iter().map(|row| id(&row["id"])).collect()
            };

            assert_eq!(found("小明"), [ming]);
            assert_eq!(found("小"), [emoji, ming]);
            assert_eq!(found("😀"), [emoji]);
            assert_eq!(found("%"), [percent], "no pattern");
            assert_eq!(found("_"), [under], "no pattern");
            assert_eq!(found("\\"), [back], "no escape");
            assert_eq!(found("nobody"), Vec::<i64>::new());
            assert_eq!(found("").len(), 5, "empty is absent");
            assert_eq!(pages(&agent, "limit=1&name=%E5%B0%8F").concat(), [emoji, ming]);
        });
    }
}
