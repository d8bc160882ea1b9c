//! Sockets: who hears, who cannot stop others from hearing, and for how long.

use std::thread;
use std::time::Duration;

use kefu_domain::{Permission, TenantId};
use kefu_storage::NewAccount;
use kefu_tests::{Backend, Claims, off_the_runtime, text};
use serde_json::json;

use crate::asking::socket::handshake;
use crate::asking::{Ask, Frame, Heard, Socket, Wire, World};

#[tokio::test(flavor = "multi_thread")]
async fn b16_a_socket_that_stops_reading_costs_nobody_else_anything() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, healthy) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        // Three that never read, before and after the one that does.
        let _first = world.agent(5).listen();
        let mut socket = healthy.listen();
        let _last = [world.agent(8).listen(), healthy.listen()];
        let long = text("中".repeat(8_000));

        thread::scope(|scope| {
            // Several times what a kernel keeps for a reader that does not read.
            scope.spawn(|| {
                for _ in 0..150 {
                    alice.post(&json!({ "contentType": 1, "content": long })).data();
                }
            });
            let seqs: Vec<_> = socket.until(conversation, 151).iter().filter_map(Frame::seq).collect();
            assert_eq!(seqs, (2..=151).collect::<Vec<_>>());
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b17_pongs_and_pushes_share_a_socket_and_none_is_lost_or_torn() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        world.conversation_of(&alice);
        let mut socket = agent.listen();

        thread::scope(|scope| {
            scope.spawn(|| (0..200).for_each(|number| drop(alice.say(number).data())));
            let (mut pongs, mut seqs) = (0, Vec::new());
            while seqs.last() != Some(&201) {
                socket.say("ping");
                match socket.hear() {
                    Heard::Text(heard) if heard == "pong" => pongs += 1,
                    Heard::Text(heard) => {
                        let frame: serde_json::Value = serde_json::from_str(&heard).expect("a whole frame");
                        let content = frame["content"].as_str().expect("a content");
                        let content: serde_json::Value = serde_json::from_str(content).expect("a whole content");
                        seqs.push(content["seq"].as_i64().expect("a number"));
                    }
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(seqs, (2..=201).collect::<Vec<_>>());
            assert!(pongs > 0, "pings were answered meanwhile");
        });
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b18_sockets_that_come_and_go_do_not_take_each_other_with_them() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let alice = world.member(101);
        let conversation = world.conversation_of(&alice);
        let mut staying = alice.listen();

        thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..15 {
                        let mut socket = alice.listen();
                        // Each hears what is said while it is there.
                        let seq = alice.say("while it is there").seq();
                        socket.until(conversation, seq);
                    }
                });
            }
        });

        let last = alice.say("after it all").seq();
        assert_eq!(last, 92);
        let seqs: Vec<_> = staying.until(conversation, last).iter().filter_map(Frame::seq).collect();
        assert_eq!(seqs, (2..=92).collect::<Vec<_>>());
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_a_logout_closes_the_sockets_of_both_tokens_and_they_are_good_for_nothing_more() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let password = "kefu-12345";
        world.server.keep_secret(password);
        let account = NewAccount {
            tenant: TenantId(1),
            username: "agent1".to_owned(),
            password_hash: kefu_server::standalone::password::hash(password).expect("a hash"),
            nickname: "agent".to_owned(),
            avatar: None,
            roles: vec!["agent".to_owned()],
            shops: kefu_domain::Shops::platform(),
        };
        world.database().add_account(&account).expect("the database answers").expect("a new account");
        let body = json!({ "username": "agent1", "password": password });
        let pair = Ask::post("/admin-api/system/auth/login").tenant(1).json(&body).at(world.addr).data();
        let [access, refresh] = ["accessToken", "refreshToken"].map(|name| pair[name].as_str().expect("a token"));
        // The log is searched for both when the server is gone.
        world.server.keep_secret(access);
        world.server.keep_secret(refresh);
        let mut sockets = [Socket::open(world.addr, access), Socket::open(world.addr, refresh)];

        assert_eq!(Ask::post("/admin-api/system/auth/logout").bearer(access).at(world.addr).data(), true);

        for socket in &mut sockets {
            assert!(socket.ends_within(Duration::from_secs(5)), "a socket outlived its token");
        }
        for token in [access, refresh] {
            assert_eq!(Socket::try_open(world.addr, token).err().map(|answer| answer.status), Some(401));
            let asked = Ask::get("/admin-api/promotion/kefu-conversation/list").bearer(token).at(world.addr);
            assert_eq!(asked.code(), 401);
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b19_a_socket_does_not_outlive_its_token_by_a_minute() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let mut socket = world.who(&Claims::member(101).for_seconds(2)).listen();

        assert!(socket.ends_within(Duration::from_secs(62)));
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b20_only_agents_who_may_read_messages_hear_them() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, entitled) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let deaf = [
            world.agent_without(8, Permission::MessageQuery),
            world.who(&Claims::agent(9).allowed(&[])),
            world.who(&Claims::agent(7).at(2)),
            world.who(&Claims::member(101).at(2)),
            world.member(102),
            world.member(7),
        ];
        let mut hearing = [entitled.listen(), alice.listen()];
        let mut deaf: Vec<_> = deaf.iter().map(crate::asking::Who::listen).collect();

        let seq = alice.say("a secret").seq();
        entitled.read(conversation, "").data();
        let last = entitled.say_to(conversation, "an answer").seq();

        for socket in &mut hearing {
            let frames = socket.until(conversation, last);
            let kinds: Vec<_> = frames.iter().map(|frame| frame.kind.as_str()).collect();
            assert_eq!(kinds, ["kefu_message_type", "kefu_message_read_status_change", "kefu_message_type"]);
            assert_eq!(frames[0].seq(), Some(seq));
        }
        for socket in &mut deaf {
            socket.assert_silent();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b21_what_was_said_while_a_socket_was_away_is_found_by_its_number() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        let mut socket = alice.listen();
        let seen = agent.say_to(conversation, "seen").seq();
        socket.until(conversation, seen);
        drop(socket);

        let missed: Vec<_> = (0..3).map(|number| agent.say_to(conversation, number).seq()).collect();
        let mut socket = alice.listen();
        let found: Vec<_> =
            alice.list(&format!("sinceSeq={seen}")).iter().filter_map(|row| row["seq"].as_i64()).collect();
        let next = agent.say_to(conversation, "next").seq();

        assert_eq!(found, missed);
        let shown = socket.until(conversation, next);
        assert_eq!(shown.len(), 1, "and what was listed is not pushed as well");
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn b25_a_client_that_tries_a_bad_token_for_ever_costs_an_answer_each_time_and_no_line_of_error() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        for number in 0..300 {
            let mut wire = Wire::open(world.addr);
            wire.write(&handshake(&format!("nobody-{number}")).bytes(world.addr));
            assert_eq!(wire.answer().map(|answer| answer.status), Some(401));
        }

        assert_eq!(world.errors(), Vec::<String>::new());
        world.assert_alive();
    });
}
