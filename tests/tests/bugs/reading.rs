//! Reading, by members and at the desk.

use std::thread;

use kefu_tests::{Backend, off_the_runtime, on_both};

use crate::asking::World;

#[tokio::test(flavor = "multi_thread")]
async fn b01_a_member_reads_and_neither_the_counter_nor_anybody_else_hears_of_it() {
    let world = World::start(Backend::Sqlite, &[]).await;
    off_the_runtime(|| {
        let (alice, agent) = (world.member(101), world.agent(7));
        let conversation = world.conversation_of(&alice);
        agent.say_to(conversation, "one").data();
        agent.say_to(conversation, "two").data();
        assert_eq!(alice.list("").len(), 3, "she is shown them");
        let (mut hers, mut theirs) = (alice.listen(), agent.listen());

        assert_eq!(alice.read(conversation, "").data(), true);

        let read: Vec<_> = agent.list(&format!("conversationId={conversation}&sinceSeq=0"));
        let read: Vec<_> = read.iter().map(|message| message["readStatus"].as_bool()).collect();
        assert_eq!(read, [Some(false), Some(true), Some(true)], "her own is for the desk to read");
        assert_eq!(agent.conversation(conversation)["adminUnreadMessageCount"], 1);
        let marker = agent.say_to(conversation, "three").seq();
        assert_eq!(hers.until(conversation, marker).len(), 1, "nothing but the marker");
        assert_eq!(theirs.until(conversation, marker).len(), 1, "nothing but the marker");
        assert_eq!(alice.read(conversation, "").data(), true, "and again");
    });
}

on_both! {
    async fn b02_what_comes_in_while_the_desk_reads_stays_unread(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);
            alice.say("two").data();
            let shown = agent.list(&format!("conversationId={conversation}"));
            assert_eq!(shown.len(), 2);

            // She writes on before the agent's page has said that it showed the first two.
            alice.say("three").data();
            agent.read(conversation, "").data();

            assert_eq!(agent.conversation(conversation)["adminUnreadMessageCount"], 1);
            let read = agent.list(&format!("conversationId={conversation}&sinceSeq=0"));
            assert_eq!(read.iter().map(|message| message["readStatus"] == true).collect::<Vec<_>>(), [true, true, false]);
        });
    }

    async fn b02_the_counter_is_what_a_recount_gives_however_sends_and_reads_meet(backend) {
        let world = World::start(backend, &[]).await;
        off_the_runtime(|| {
            let (alice, agent) = (world.member(101), world.agent(7));
            let conversation = world.conversation_of(&alice);

            thread::scope(|scope| {
                for writer in 0..3 {
                    let alice = &alice;
                    scope.spawn(move || (0..30).for_each(|number| drop(alice.say(format!("{writer} {number}")).data())));
                }
                for reader in 0..2 {
                    let agent = &agent;
                    scope.spawn(move || {
                        for number in 0..30 {
                            agent.read(conversation, &format!("&seq={}", 1 + number * 3 + reader)).data();
                        }
                    });
                }
            });

            let row = world.server.books().conversation_of(101).expect("a conversation");
            let messages = world.server.books().messages(conversation);
            let unread = messages.iter().filter(|message| message.sender_type == 1 && message.seq > row.desk_read).count();
            assert_eq!((row.head, messages.len()), (91, 91));
            assert_eq!(row.desk_unread, i64::try_from(unread).expect("few"));
            assert_eq!(agent.conversation(conversation)["adminUnreadMessageCount"], unread);
            for message in messages {
                assert_eq!(message.read == 1, message.seq <= row.desk_read, "number {}", message.seq);
            }
        });
    }
}
