//! What lies in the tables of messages that were taken back or deleted, as other programs see it and leave it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Draft, Kind, Message,
    MessageId, MessagePage, MessageRepository, Refusal, Side, Store,
};
use kefu_storage::Database;
use support::{DESK, Site, member};

on_each_database! {
    a_tombstone_is_a_system_line_of_the_mall_s_own_tables
    what_a_side_has_deleted_is_whole_for_the_mall
    a_message_that_quotes_says_so_in_two_columns
    what_java_writes_has_no_fate_and_no_name
    what_java_wrote_is_deleted_as_it_was_written
    a_preview_is_never_a_message_that_the_mall_has_deleted
}

const AGENT: Admin = Admin { scope: DESK, id: AdminId(7) };

fn carry(database: &Database, commands: &[Command]) -> Vec<Message> {
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
    let mut transaction = database.begin(&needs).unwrap();
    for command in commands {
        run(transaction.work(), command).unwrap();
    }
    transaction.commit().unwrap().messages
}

fn draft(text: &str) -> Draft {
    let content = Content::new(Kind::Text, text).unwrap();
    Draft { content, key: ClientMsgId::new(text).unwrap(), key_is_ours: false, quote: None }
}

fn by_member(id: ConversationId, act: Act) -> Command {
    Command::of_member(member(101), id, act)
}

fn by_desk(id: ConversationId, act: Act) -> Command {
    Command::of_admin(AGENT, id, act)
}

fn revoke(message: &Message) -> Act {
    Act::Revoke { message: message.id, within: i64::MAX }
}

/// The member says "one" and "two", the desk "three".
fn talk(database: &Database) -> (ConversationId, Vec<Message>) {
    let id = database.open(member(101)).unwrap();
    let said = |text| Act::Send(draft(text));
    (id, carry(database, &[by_member(id, said("one")), by_member(id, said("two")), by_desk(id, said("three"))]))
}

/// What the mall's own server reads of its messages.
fn mall_s(site: &Site) -> Vec<String> {
    let line = "CONCAT(seq, ' ', sender_type, ' ', content_type, ' ', content)";
    let rows = "promotion_kefu_message WHERE deleted = 0 AND tenant_id = 1";
    let count = site.number(&format!("SELECT COUNT(*) AS value FROM {rows}"));
    (1..=count).map(|seq| site.text(&format!("SELECT {line} AS value FROM {rows} AND seq = {seq}")).unwrap()).collect()
}

fn a_tombstone_is_a_system_line_of_the_mall_s_own_tables(site: &Site) {
    let database = site.open();
    let (id, said) = talk(&database);

    carry(&database, &[by_member(id, revoke(&said[1])), by_desk(id, revoke(&said[2]))]);

    assert_eq!(mall_s(site), [r#"1 1 1 {"text":"one"}"#, "2 1 5 消息已撤回", "3 2 5 消息已撤回"]);
    let preview = "SELECT CONCAT(last_message_content_type, ' ', last_message_content, ' ', admin_unread_message_count)
                   AS value FROM promotion_kefu_conversation";
    assert_eq!(site.text(preview).unwrap(), "5 消息已撤回 1");
    let kept = "SELECT COUNT(*) AS value FROM promotion_kefu_message
                WHERE fingerprint IS NOT NULL AND client_msg_id IS NOT NULL";
    assert_eq!(site.number(kept), 3, "their keys stay taken");
}

fn what_a_side_has_deleted_is_whole_for_the_mall(site: &Site) {
    let database = site.open();
    let (id, said) = talk(&database);
    let before = mall_s(site);

    carry(&database, &[by_member(id, Act::Delete(said[0].id)), by_desk(id, Act::Delete(said[2].id))]);

    assert_eq!(mall_s(site), before);
    let marks = "SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE revoked_time IS NULL AND
                 ((seq = 1 AND member_deleted = 1 AND admin_deleted = 0) OR
                  (seq = 2 AND member_deleted = 0 AND admin_deleted = 0) OR
                  (seq = 3 AND member_deleted = 0 AND admin_deleted = 1))";
    assert_eq!(site.number(marks), 3);
}

fn a_message_that_quotes_says_so_in_two_columns(site: &Site) {
    let database = site.open();
    let (id, said) = talk(&database);
    let quoting = Draft { quote: Some(said[2].id), ..draft("four") };
    let quotes =
        |number: &str| site.number(&format!("SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE {number}"));

    let four = carry(&database, &[by_member(id, Act::Send(quoting))]).remove(0);

    assert_eq!(quotes(&format!("seq = 4 AND quote_id = {} AND quote_seq = 3", said[2].id)), 1);
    assert_eq!(quotes("quote_id IS NULL AND quote_seq IS NULL"), 3);
    carry(&database, &[by_member(id, revoke(&four))]);
    assert_eq!(quotes("quote_id IS NULL AND quote_seq IS NULL"), 4);
}

/// As a Java node writes, which knows none of the desk's columns; returns the id.
fn written_by_java(site: &Site, id: ConversationId, content: &str) -> MessageId {
    site.run(&format!(
        "INSERT INTO promotion_kefu_message
             (conversation_id, sender_id, sender_type, content_type, content, create_time, tenant_id)
         SELECT id, 101, 1, 1, '{content}', last_message_time, tenant_id FROM promotion_kefu_conversation
         WHERE id = {id}"
    ));
    MessageId(site.number("SELECT MAX(id) AS value FROM promotion_kefu_message"))
}

fn what_java_writes_has_no_fate_and_no_name(site: &Site) {
    let database = site.open();
    let (id, _) = talk(&database);
    let java = written_by_java(site, id, "from java");

    let page = database.page(DESK, id, Side::Member, &MessagePage::Newest(9)).unwrap();
    let found = page.iter().find(|message| message.id == java).unwrap();
    assert_eq!((found.quote, found.revoked, found.deleted), (None, None, kefu_domain::Deleted::default()));
    // Without a number there is no place that a tombstone could keep.
    let act = Act::Revoke { message: java, within: i64::MAX };
    for command in [by_member(id, act), by_desk(id, Act::Delete(java))] {
        let mut transaction = database.begin(&[command.need(false)]).unwrap();
        assert_eq!(run(transaction.work(), &command).unwrap_err(), Refusal::NoSuchMessage(java));
    }
}

fn what_java_wrote_is_deleted_as_it_was_written(site: &Site) {
    let database = site.open();
    let (id, _) = talk(&database);
    let java = written_by_java(site, id, "no object at all");
    site.run(&format!(
        "UPDATE promotion_kefu_message SET seq = 4, change_no = 4 WHERE id = {java};
         UPDATE promotion_kefu_conversation SET head_seq = 4, change_no = 4"
    ));

    carry(&database, &[by_member(id, Act::Delete(java))]);
    carry(&database, &[by_desk(id, Act::Delete(java))]);
    assert_eq!(mall_s(site)[3], "4 1 1 no object at all");

    carry(&database, &[by_desk(id, Act::Send(draft("five")))]);
    let other = written_by_java(site, id, "null");
    site.run(&format!(
        "UPDATE promotion_kefu_message SET seq = 6, change_no = 8 WHERE id = {other};
         UPDATE promotion_kefu_conversation SET head_seq = 6, change_no = 8"
    ));
    carry(&database, &[by_member(id, Act::Revoke { message: other, within: i64::MAX })]);
    assert_eq!(mall_s(site)[5], "6 1 5 消息已撤回");
    let left = database.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(5, 1)).unwrap().remove(0);
    assert_eq!((left.kind, left.content.as_str()), (5, "消息已撤回"));
}

fn a_preview_is_never_a_message_that_the_mall_has_deleted(site: &Site) {
    let database = site.open();
    let (id, said) = talk(&database);
    site.run("UPDATE promotion_kefu_message SET deleted = 1 WHERE seq = 2");

    carry(&database, &[by_desk(id, Act::Delete(said[2].id))]);

    let last = database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().last.clone();
    assert_eq!(last.content, r#"{"text":"one"}"#);
    let gone = by_member(id, revoke(&said[1]));
    let mut transaction = database.begin(&[gone.need(false)]).unwrap();
    assert_eq!(run(transaction.work(), &gone).unwrap_err(), Refusal::NoSuchMessage(said[1].id));
}
