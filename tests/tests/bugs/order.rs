//! Order and time.

use std::collections::BTreeSet;
use std::thread;

use kefu_tests::{off_the_runtime, on_both};
use serde_json::Value;

use crate::asking::time::in_shanghai;
use crate::asking::{Frame, Who, World, encoded, id};

fn seq(message: &Value) -> i64 {
    message["seq"].as_i64().expect("a number")
}

fn time(message: &Value) -> i64 {
    message["createTime"].as_i64().expect("a time")
}

/// Both sides write at once, from two threads each; returns the conversation.
fn chat(world: &World, alice: &Who, agent: &Who, each: i64) -> i64 {
    let conversation = world.conversation_of(alice);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| (0..each).for_each(|number| drop(alice.say(number).data())));
            scope.spawn(|| (0..each).for_each(|number| drop(agent.say_to(conversation, number).data())));
        }
    });
    conversation
}

/// The whole conversation, by number.
fn whole(agent: &Who, conversation: i64) -> Vec<Value> {
    let mut all: Vec<Value> = Vec::new();
    loop {
        let since = all.last().map_or(0, seq);
        let page = agent.list(&format!("conversationId={conversation}&sinceSeq={since}&limit=200"));
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

on_both! {
    async fn b06_paging_by_whole_seconds_loses_nothing_and_repeats_nothing(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);
            let (mut seconds, mut sent) = (BTreeSet::new(), 1);
            while seconds.len() < 4 || sent < 40 {
                alice.say(sent).data();
                sent += 1;
                seconds.insert(time(&alice.list("limit=1")[0]) / 1_000);
            }

            for (who, conversation) in [(&alice, String::new()), (&agent, format!("conversationId={conversation}&"))] {
                let (mut seen, mut pages) = (Vec::new(), 0);
                let mut page = who.list(&format!("{conversation}limit=7"));
                while !page.is_empty() {
                    seen.extend(page.iter().map(seq));
                    pages += 1;
                    // As both pages do: the oldest time, its milliseconds cut off.
                    let before = in_shanghai(time(page.last().expect("it is not empty")));
                    page = who.list(&format!("{conversation}limit=7&createTime={}", encoded(before)));
                }
                assert_eq!(seen, (1..=sent).rev().collect::<Vec<_>>());
                assert!(pages >= 2, "{pages} pages");
            }
        });
    }

    async fn b07_sorting_by_time_is_sorting_by_number(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = chat(&world, &alice, &agent, 25);

            let mut newest_first = whole(&agent, conversation);
            newest_first.reverse();
            // What the console does with a list: a stable sort by time.
            newest_first.sort_by_key(time);

            assert_eq!(newest_first.iter().map(seq).collect::<Vec<_>>(), (1..=101).collect::<Vec<_>>());
            assert!(newest_first.windows(2).all(|pair| time(&pair[0]) < time(&pair[1])), "no two at the same time");
        });
    }

    async fn b08_the_time_of_a_message_is_the_same_in_the_push_the_list_and_the_database(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let mut socket = agent.listen();
            let conversation = chat(&world, &alice, &agent, 10);

            let pushed: Vec<_> = socket.until(conversation, 41).iter().map(|frame| (frame.seq(), time(&frame.content))).collect();
            let listed: Vec<_> = whole(&agent, conversation).iter().map(|row| (Some(seq(row)), time(row))).collect();
            let stored: Vec<_> = world.server.books().messages(conversation).iter().map(|row| (Some(row.seq), row.time)).collect();

            assert_eq!(pushed, listed);
            assert_eq!(listed, stored);
            assert!(listed.iter().any(|(_, time)| time % 1_000 != 0), "whole seconds everywhere");
        });
    }

    async fn b10_the_preview_is_the_newest_message_at_every_moment(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);

            let previews: Vec<_> = thread::scope(|scope| {
                let chat = scope.spawn(|| chat(&world, &alice, &agent, 20));
                let mut previews = Vec::new();
                while !chat.is_finished() {
                    previews.push(agent.conversation(conversation));
                }
                chat.join().expect("everything was sent");
                previews.push(agent.conversation(conversation));
                previews
            });

            let messages = whole(&agent, conversation);
            for preview in &previews {
                let at = usize::try_from(seq(preview) - 1).expect("a number");
                assert_eq!(preview["lastMessageContent"], messages[at]["content"], "number {}", seq(preview));
                assert_eq!(preview["lastMessageTime"], messages[at]["createTime"], "number {}", seq(preview));
            }
            assert!(previews.windows(2).all(|pair| seq(&pair[0]) <= seq(&pair[1])), "a preview went back");
            assert_eq!(previews.last().map(seq), messages.last().map(seq));
        });
    }

    async fn b11_what_is_asked_often_has_an_index_and_what_is_one_cannot_be_two(backend) {
        let is_mariadb = backend.is_mariadb();
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let index = |table: &str, unique: bool, columns: &str| {
                let count = if is_mariadb {
                    format!(
                        "SELECT COUNT(*) AS number FROM (SELECT index_name FROM information_schema.statistics WHERE \
                         table_schema = DATABASE() AND table_name = '{table}' AND non_unique = {} GROUP BY index_name \
                         HAVING GROUP_CONCAT(column_name ORDER BY seq_in_index) = '{columns}') i",
                        i32::from(!unique)
                    )
                } else {
                    format!(
                        "SELECT COUNT(*) AS number FROM pragma_index_list('{table}') i WHERE i.\"unique\" = {} AND \
                         (SELECT GROUP_CONCAT(name) FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno)) = \
                         '{columns}'",
                        i32::from(unique)
                    )
                };
                assert_eq!(world.server.books().number(&count), 1, "{table}({columns})");
            };
            let (conversations, messages) = ("promotion_kefu_conversation", "promotion_kefu_message");

            index(conversations, true, "tenant_id,shop_id,user_id");
            index(conversations, false, "tenant_id,shop_id,admin_deleted,admin_pinned,last_message_time,id");
            index(conversations, false, "tenant_id,shop_id,change_time,id");
            index(messages, true, "conversation_id,seq");
            index(messages, true, "conversation_id,sender_type,sender_id,client_msg_id");
            index(messages, false, "conversation_id,change_no");
            index(messages, false, "conversation_id,create_time");
        });
    }
}

on_both! {
    async fn b09_every_socket_hears_a_conversation_in_the_order_of_its_numbers(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let mut sockets = [alice.listen(), agent.listen(), world.agent(8).listen()];

            let conversation = chat(&world, &alice, &agent, 40);

            for socket in &mut sockets {
                let frames = socket.until(conversation, 161);
                assert!(frames.iter().all(|frame| id(&frame.content["conversationId"]) == conversation));
                let seqs: Vec<_> = frames.iter().filter_map(Frame::seq).collect();
                assert_eq!(seqs, (1..=161).collect::<Vec<_>>());
            }
        });
    }
}
