//! The mall's own server works on the tables again, and then the desk once more.

use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Draft, Kind,
    MessagePage, MessageRepository, Side, Store,
};
use kefu_storage::{Database, Options};

use crate::mall::{Mall, Who::Agent, Who::Member};
use crate::support::{DESK, member};

fn carry(database: &Database, commands: &[Command]) {
    let needs: Vec<_> = commands.iter().map(|command| command.need(true)).collect();
    let mut transaction = database.begin(&needs).unwrap();
    for command in commands {
        run(transaction.work(), command).unwrap();
    }
    transaction.commit().unwrap();
}

fn say(key: &str) -> Act {
    let content = Content::new(Kind::Text, key).unwrap();
    Act::Send(Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None })
}

#[test]
fn the_mall_s_own_queries_work_on_the_upgraded_tables() {
    let mall = Mall::new();
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:20", "before");
    drop(mall.site.open());

    let another = mall.opens(102);
    mall.says(another, Member, "2026-11-21 18:28:23", "as java does it");
    mall.says(id, Agent, "2026-11-21 18:28:24", "as java does it");
    mall.agent_reads(id);
    mall.site.run(&format!(
        "UPDATE promotion_kefu_conversation SET admin_pinned = 1, updater = '7' WHERE id = {id} AND deleted = 0
             AND tenant_id = 1;
         UPDATE promotion_kefu_conversation SET admin_deleted = 1 WHERE id = {id} AND deleted = 0 AND tenant_id = 1"
    ));

    let history = mall.lines(&format!(
        "SELECT CONCAT_WS(' ', sender_type, content, read_status + 0, create_time) AS value, -id AS place
         FROM (SELECT id, conversation_id, sender_id, sender_type, receiver_id, receiver_type, content_type, content,
                   read_status, create_time, update_time, creator, updater, deleted
               FROM promotion_kefu_message
               WHERE deleted = 0 AND conversation_id = {id} AND create_time < '2026-11-21 18:28:25' AND tenant_id = 1
               ORDER BY create_time DESC LIMIT 10) AS page"
    ));
    assert_eq!(history, ["2 as java does it 0 2026-11-21 18:28:24.000", "1 before 1 2026-11-21 18:28:20.000"]);
    let listed = mall.lines(
        "SELECT CONCAT_WS(' ', user_id, admin_unread_message_count, last_message_content) AS value, id AS place
         FROM promotion_kefu_conversation WHERE admin_deleted = 0 AND deleted = 0 AND tenant_id = 1",
    );
    assert_eq!(listed, ["102 1 as java does it"]);
}

#[test]
fn what_java_wrote_is_numbered_at_a_start_without_migrations_too() {
    let mall = Mall::new();
    drop(mall.site.open());
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:23", "java");
    let without_migrations = Options { migrate: false, ..Options::default() };

    let looks_only = Options { take_over: false, ..without_migrations.clone() };
    drop(Database::connect(&mall.site.address, &looks_only).unwrap());
    assert_eq!(mall.numbered(id), ["- java"]);

    drop(Database::connect(&mall.site.address, &without_migrations).unwrap());
    assert_eq!(mall.numbered(id), ["1 java"]);
}

#[test]
fn what_java_wrote_meanwhile_is_numbered_after_what_was() {
    let mall = Mall::new();
    let database = mall.site.open();
    let id = database.open(member(101)).unwrap();
    carry(&database, &[Command::of_member(member(101), id, say("ours"))]);
    carry(&database, &[Command::of_admin(Admin { scope: DESK, id: AdminId(7) }, id, Act::ReadUpTo(1))]);
    drop(database);
    mall.says(id.0, Agent, "2030-01-01 10:00:00", "java 1");
    mall.says(id.0, Member, "2030-01-01 10:00:00", "java 2");
    let new = mall.opens(102);
    mall.says(new, Member, "2030-01-01 10:00:01", "java 3");

    let database = mall.site.open();

    assert_eq!(mall.numbered(id.0), ["1 {\"text\":\"ours\"}", "2 java 1", "3 java 2"]);
    // Two changes were there before: said and read.
    assert_eq!(mall.counters(id.0), "3 4 2 1 1");
    assert_eq!(mall.counters(new), "1 1 0 1 1");
    let last = database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().last.clone();
    assert_eq!((last.content.as_str(), last.shown().1.as_ref()), ("java 2", r#"{"text":"java 2"}"#));
    carry(&database, &[Command::of_member(member(101), id, say("ours-again"))]);
    let seqs = database.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(0, 9)).unwrap();
    assert_eq!(seqs.iter().map(|message| message.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(seqs.is_sorted_by(|a, b| a.time < b.time || a.seq < 4), "{seqs:?}");
}

#[test]
fn what_java_marked_as_read_counts_as_read() {
    let mall = Mall::new();
    let database = mall.site.open();
    let (id, other) = (database.open(member(101)).unwrap(), database.open(member(102)).unwrap());
    for (whose, id) in [(101, id), (102, other)] {
        carry(&database, &[Command::of_member(member(whose), id, say("one"))]);
        carry(&database, &[Command::of_member(member(whose), id, say("two"))]);
    }
    drop(database);
    mall.agent_reads(id.0);

    drop(mall.site.open());

    assert_eq!(mall.counters(id.0), "2 3 2 2 0", "and whoever follows the changes hears of it");
    assert_eq!(mall.counters(other.0), "2 2 0 0 2");
    let before = mall.checksums();
    drop(mall.site.open());
    assert_eq!(mall.checksums(), before);
}

#[test]
fn a_counter_that_java_has_lost_is_found_again() {
    let mall = Mall::new();
    let database = mall.site.open();
    let id = database.open(member(101)).unwrap();
    carry(&database, &[Command::of_member(member(101), id, say("one"))]);
    carry(&database, &[Command::of_member(member(101), id, say("two"))]);
    drop(database);
    // The second message came between the mall's two statements: it is unread, and the counter is 0.
    mall.agent_reads(id.0);
    mall.site.run("UPDATE promotion_kefu_message SET read_status = 0 WHERE seq = 2");

    drop(mall.site.open());

    assert_eq!(mall.counters(id.0), "2 3 1 2 1");
}

#[test]
fn a_second_conversation_is_refused_to_java_instead_of_made() {
    let mall = Mall::new();
    mall.opens(101);
    drop(mall.site.open());

    let twice = std::panic::catch_unwind(|| mall.opens(101));

    assert!(twice.is_err());
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_conversation"), 1);
}

#[test]
fn a_desk_at_work_is_not_disturbed_by_a_node_that_starts() {
    let mall = Mall::new();
    let database = mall.site.open();
    let ids: Vec<ConversationId> = (101..109).map(|user| database.open(member(user)).unwrap()).collect();
    let writer = |key: &'static str| {
        let (database, ids) = (&database, &ids);
        move || {
            for round in 0..50 {
                for (user, id) in (101..).zip(ids) {
                    carry(database, &[Command::of_member(member(user), *id, say(&format!("{key}-{round}")))]);
                }
            }
        }
    };

    std::thread::scope(|threads| {
        threads.spawn(writer("a"));
        threads.spawn(|| (0..5).for_each(|_| drop(mall.site.open())));
    });

    assert_eq!(mall.site.number(crate::numbering::UNTRUE), 0);
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_message"), 8 * 50);
}
