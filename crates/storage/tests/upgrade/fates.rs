//! A desk that knew nothing of messages being taken back, deleted or quoted is brought up to date, and what has become
//! of messages outlives a start.

use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Deleted, Draft, Kind,
    Message, MessagePage, MessageRepository, Quote, Side, Store,
};
use kefu_storage::Database;

use crate::mall::{Mall, Who::Agent, Who::Member};
use crate::support::{DESK, Site, member};

/// The steps that came with it.
const LATER: [&str; 2] = ["0220_message_fates", "0780_ticket"];

const AGENT: Admin = Admin { scope: DESK, id: AdminId(7) };

fn carry(database: &Database, commands: &[Command]) {
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
    let mut transaction = database.begin(&needs).unwrap();
    for command in commands {
        run(transaction.work(), command).unwrap();
    }
    transaction.commit().unwrap();
}

fn draft(text: &str) -> Draft {
    let content = Content::new(Kind::Text, text).unwrap();
    Draft { content, key: ClientMsgId::new(text).unwrap(), key_is_ours: false, quote: None }
}

fn says(id: ConversationId, text: &str) -> Command {
    Command::of_member(member(101), id, Act::Send(draft(text)))
}

fn revokes(message: &Message) -> Command {
    Command::of_member(member(101), message.conversation, Act::Revoke { message: message.id, within: i64::MAX })
}

fn deletes(message: &Message) -> Command {
    Command::of_admin(AGENT, message.conversation, Act::Delete(message.id))
}

fn history(database: &Database, id: ConversationId) -> Vec<Message> {
    database.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(0, 99)).unwrap()
}

/// All tables, column by column, with their keys.
fn described(site: &Site) -> (Option<String>, Option<String>) {
    let columns = "SELECT GROUP_CONCAT(table_name, ordinal_position, column_name, column_type, is_nullable,
                       COALESCE(column_default, '-'), COALESCE(collation_name, '-') ORDER BY table_name, column_name
                       SEPARATOR '\n') AS value FROM information_schema.columns WHERE table_schema = DATABASE()";
    let keys = "SELECT GROUP_CONCAT(table_name, index_name, seq_in_index, column_name, non_unique
                    ORDER BY table_name, index_name, seq_in_index SEPARATOR '\n') AS value
                FROM information_schema.statistics WHERE table_schema = DATABASE()";
    let whole = |query: &str| site.text(&format!("SET STATEMENT group_concat_max_len = 1000000 FOR {query}"));
    (whole(columns), whole(keys))
}

#[test]
fn a_desk_of_the_version_before_becomes_what_a_new_one_is() {
    let (old, new) = (Site::mariadb(), Site::mariadb());
    old.made_without(&LATER);
    assert_eq!(old.number("SELECT COUNT(*) AS value FROM __diesel_schema_migrations WHERE version = '0220'"), 0);

    drop(old.open());

    drop(new.open());
    let described_new = described(&new);
    assert!(described_new.0.as_ref().is_some_and(|columns| columns.contains("revoked_time")), "{described_new:?}");
    assert_eq!(described(&old), described_new);
}

#[test]
fn the_rows_of_the_version_before_are_kept_and_what_java_wrote_is_numbered() {
    let site = Site::mariadb();
    site.made_without(&LATER);
    site.run(
        "INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
             last_message_content_type, admin_unread_message_count, create_time, tenant_id, head_seq, change_no,
             admin_read_seq, change_time)
         VALUES (17, 101, '2026-11-21 18:28:24', '{\"text\":\"two\"}', 1, 2, '2026-11-21 18:28:23', 1, 2, 2, 0,
             '2026-11-21 18:28:24');
         INSERT INTO promotion_kefu_message (id, conversation_id, sender_id, sender_type, content_type, content,
             create_time, tenant_id, seq, change_no)
         VALUES (31, 17, 101, 1, 1, '{\"text\":\"one\"}', '2026-11-21 18:28:23', 1, 1, 1),
             (32, 17, 101, 1, 1, '{\"text\":\"two\"}', '2026-11-21 18:28:24', 1, 2, 2),
             (33, 17, 101, 1, 1, '{\"text\":\"java\"}', '2026-11-21 18:28:25', 1, NULL, NULL)",
    );

    let database = site.open();

    let id = database.open(member(101)).unwrap();
    let said = history(&database, id);
    assert_eq!(
        said.iter().map(|it| (it.id.0, it.seq, it.change)).collect::<Vec<_>>(),
        [(31, 1, 1), (32, 2, 2), (33, 3, 3)]
    );
    assert!(said.iter().all(|it| it.quote.is_none() && it.revoked.is_none() && it.deleted == Deleted::default()));
    assert_eq!(database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().desk_unread, 3);
    // And they have a fate like any other.
    carry(&database, &[revokes(&said[0]), deletes(&said[2])]);
    let quoting = Draft { quote: Some(said[1].id), ..draft("that-one") };
    carry(&database, &[Command::of_member(member(101), id, Act::Send(quoting))]);
    let now = history(&database, id);
    assert!(now[0].revoked.is_some() && now[2].deleted.by_desk);
    assert_eq!(now[3].quote, Some(Quote { id: said[1].id, seq: 2 }));
    assert_eq!(database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().desk_unread, 2);
    database.keep_ticket([1; 32], DESK.tenant, "x", i64::MAX).unwrap();
}

#[test]
fn what_is_gone_stays_read_when_the_next_node_starts() {
    let mall = Mall::new();
    let database = mall.site.open();
    let id = database.open(member(101)).unwrap();
    carry(&database, &[says(id, "one"), says(id, "two")]);
    let said = history(&database, id);
    carry(&database, &[revokes(&said[0]), deletes(&said[1])]);
    drop(database);
    assert_eq!(mall.counters(id.0), "2 4 0 0 0");
    let before = mall.checksums();

    drop(mall.site.open());

    assert_eq!(mall.counters(id.0), "2 4 0 0 0");
    // But for the note of how far the messages were looked at.
    assert_eq!(mall.checksums()[..3], before[..3]);
}

#[test]
fn what_is_gone_is_not_counted_with_what_java_wrote_meanwhile() {
    let mall = Mall::new();
    let database = mall.site.open();
    let id = database.open(member(101)).unwrap();
    carry(&database, &[says(id, "one"), says(id, "two"), says(id, "three")]);
    let said = history(&database, id);
    carry(&database, &[revokes(&said[0]), deletes(&said[1])]);
    drop(database);
    mall.says(id.0, Member, "2030-01-01 10:00:00", "java 4");
    mall.says(id.0, Agent, "2030-01-01 10:00:01", "java 5");

    drop(mall.site.open());

    // Three sayings, two fates and one change for each that was numbered; the desk has not read the third and the
    // fourth, the member not the last.
    assert_eq!(mall.counters(id.0), "5 7 0 4 2");
    let texts = mall.numbered(id.0);
    assert_eq!(texts[0], "1 消息已撤回");
    assert_eq!(texts[4], "5 java 5");
}

#[test]
fn what_java_has_read_is_read_though_some_of_it_is_gone() {
    let mall = Mall::new();
    let database = mall.site.open();
    let id = database.open(member(101)).unwrap();
    carry(&database, &[says(id, "one"), says(id, "two"), says(id, "three")]);
    let said = history(&database, id);
    carry(&database, &[revokes(&said[2])]);
    drop(database);
    mall.agent_reads(id.0);

    drop(mall.site.open());

    // The desk has said nothing that the member could have left unread.
    assert_eq!(mall.counters(id.0), "3 5 3 3 0");
}
