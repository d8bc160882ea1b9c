//! What lies in the tables, as other programs see it and as other programs leave it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationPage, ConversationRepository,
    Draft, Kind, MAX_CHARS, Message, MessagePage, MessageRepository, Party, Side, Store,
};
use kefu_storage::{Database, Options};
use support::{DESK, Site, member};

on_each_database! {
    keys_that_differ_in_case_differ
    the_longest_text_of_the_widest_characters_fits
    a_message_names_its_sender_in_the_mall_s_columns
    what_the_mall_s_own_server_wrote_is_shown_without_a_number
    deleted_messages_are_not_shown_and_their_keys_stay_taken
    a_deleted_conversation_comes_back_with_its_history
    reading_sets_the_mall_s_own_column
    a_batch_that_changes_nothing_writes_nothing
}

const AGENT: Admin = Admin { scope: DESK, id: AdminId(7) };

fn say(key: &str, kind: Kind, text: &str) -> Act {
    let content = Content::new(kind, text).unwrap();
    Act::Send(Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None })
}

fn carry(database: &Database, commands: &[Command]) -> Vec<Message> {
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
    let mut transaction = database.begin(&needs).unwrap();
    for command in commands {
        run(transaction.work(), command).unwrap();
    }
    transaction.commit().unwrap().messages
}

fn sent(database: &Database, id: ConversationId, key: &str, text: &str) -> Message {
    carry(database, &[Command::of_member(member(101), id, say(key, Kind::Text, text))]).remove(0)
}

fn newest(database: &Database, id: ConversationId) -> Vec<Message> {
    database.page(DESK, id, Side::Desk, &MessagePage::Newest(100)).unwrap()
}

fn keys_that_differ_in_case_differ(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();

    let (one, two) = (sent(&database, id, "abc", "one"), sent(&database, id, "ABC", "two"));

    assert_eq!((one.seq, two.seq), (1, 2));
    let again = Command::of_member(member(101), id, say("ABC", Kind::Text, "two"));
    let mut transaction = database.begin(&[again.need(false)]).unwrap();
    let done = run(transaction.work(), &again).unwrap();
    let committed = transaction.commit().unwrap();
    let sent = done.sent(&committed, false).unwrap();
    assert_eq!((sent.message.id, sent.duplicate), (two.id, true));
}

fn the_longest_text_of_the_widest_characters_fits(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    // A control character takes six bytes in JSON, more than any other character takes in UTF-8.
    let texts = ["😀".repeat(MAX_CHARS), "\u{1}".repeat(MAX_CHARS)];

    for (key, text) in ["wide", "escaped"].into_iter().zip(&texts) {
        sent(&database, id, key, text);
    }

    let kept: Vec<_> = newest(&database, id).into_iter().rev().map(|message| message.content).collect();
    let wanted: Vec<_> = texts.iter().map(|text| Content::new(Kind::Text, text).unwrap().body().to_owned()).collect();
    assert!(kept == wanted, "a text came back changed");
    assert!(database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().last.content == wanted[1]);
}

fn a_message_names_its_sender_in_the_mall_s_columns(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    sent(&database, id, "a", "hi");
    carry(&database, &[Command::of_admin(AGENT, id, say("b", Kind::System, "joined"))]);

    let who = |seq: i32| {
        site.text(&format!(
            "SELECT CONCAT(creator, '/', updater, '/', sender_type, '/', sender_id, '/', tenant_id, '/',
                 COALESCE(receiver_type, '-'), '/', COALESCE(receiver_id, '-')) AS value
             FROM promotion_kefu_message WHERE seq = {seq}"
        ))
    };

    assert_eq!(who(1).unwrap(), "101/101/1/101/1/-/-");
    assert_eq!(who(2).unwrap(), "7/7/2/7/1/1/101");
    let conversation = "SELECT CONCAT(creator, '/', user_id) AS value FROM promotion_kefu_conversation";
    assert_eq!(site.text(conversation).unwrap(), "101/101");
}

/// As a Java node writes: no number, no key, whole seconds that repeat.
fn written_by_java(site: &Site, database: &Database, id: ConversationId, content: &str) {
    let like = database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap();
    site.run(&format!(
        "INSERT INTO promotion_kefu_message
             (conversation_id, sender_id, sender_type, content_type, content, create_time, tenant_id)
         SELECT id, 7, 2, 1, '{content}', last_message_time, tenant_id FROM promotion_kefu_conversation WHERE id = {}",
        like.id
    ));
}

fn what_the_mall_s_own_server_wrote_is_shown_without_a_number(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    let own = sent(&database, id, "a", "hi");
    written_by_java(site, &database, id, "from java");
    written_by_java(site, &database, id, "again");

    let page = newest(&database, id);

    let shown: Vec<_> = page.iter().map(|message| (message.content.as_str(), message.seq)).collect();
    let safe = [(r#"{"text":"again"}"#, 0), (r#"{"text":"from java"}"#, 0), (own.content.as_str(), 1)];
    assert_eq!(shown, safe, "and as pages can bear it");
    assert_eq!((page[0].sender, &page[0].key, page[0].fingerprint), (Party::Admin(AdminId(7)), &None, None));
    assert_eq!(page[0].time, own.time);
    for numbered in [MessagePage::SinceSeq(0, 9), MessagePage::SinceSeq(-1, 9), MessagePage::BeforeSeq(9, 9)] {
        let seqs: Vec<_> =
            database.page(DESK, id, Side::Desk, &numbered).unwrap().iter().map(|message| message.seq).collect();
        assert_eq!(seqs, [1], "{numbered:?}");
    }
    let first = database.page(DESK, id, Side::Desk, &MessagePage::Newest(1)).unwrap();
    assert_eq!(first.len(), 3, "all of them share a second");
}

fn deleted_messages_are_not_shown_and_their_keys_stay_taken(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    sent(&database, id, "a", "one");
    sent(&database, id, "b", "two");
    site.run("UPDATE promotion_kefu_message SET deleted = 1 WHERE seq = 1");

    assert_eq!(newest(&database, id).len(), 1);
    assert_eq!(database.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(0, 9)).unwrap().len(), 1);
    let again = Command::of_member(member(101), id, say("a", Kind::Text, "one"));
    assert_eq!(carry(&database, &[again]), [], "it is found, not stored twice");
}

fn a_deleted_conversation_comes_back_with_its_history(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    sent(&database, id, "a", "one");
    site.run("UPDATE promotion_kefu_conversation SET deleted = 1");

    assert_eq!(database.find(DESK.tenant, &[DESK.shop], id).unwrap(), None);
    assert_eq!(database.of_member(member(101)).unwrap(), None);
    let everything = ConversationPage { limit: 9, after: None, name: None };
    assert_eq!(database.list(DESK, &everything).unwrap(), []);
    let need = Command::of_member(member(101), id, Act::ReadUpTo(1)).need(false);
    let mut transaction = database.begin(&[need]).unwrap();
    assert!(transaction.work().conversation(id).is_none() && !transaction.work().must_wait_for(id));
    drop(transaction);

    assert_eq!(database.open(member(101)).unwrap(), id);
    assert_eq!(database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().head_seq, 1);
}

fn reading_sets_the_mall_s_own_column(site: &Site) {
    let database = site.open();
    let (id, other) = (database.open(member(101)).unwrap(), database.open(member(102)).unwrap());
    for key in ["a", "b", "c"] {
        sent(&database, id, key, key);
    }
    carry(&database, &[Command::of_admin(AGENT, id, say("d", Kind::Text, "hello"))]);
    carry(&database, &[Command::of_member(member(102), other, say("a", Kind::Text, "elsewhere"))]);
    let unread = "SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE read_status = 0";

    carry(&database, &[Command::of_admin(AGENT, id, Act::ReadUpTo(2))]);
    assert_eq!(site.number(unread), 3);
    carry(&database, &[Command::of_member(member(101), id, Act::ReadUpTo(4))]);

    assert_eq!(site.number(unread), 2);
    let still = "SELECT COUNT(*) AS value FROM promotion_kefu_message
                 WHERE read_status = 0 AND (content LIKE '%elsewhere%' OR seq = 3)";
    assert_eq!(site.number(still), 2);
}

fn a_batch_that_changes_nothing_writes_nothing(site: &Site) {
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    sent(&database, id, "a", "one");
    site.run("UPDATE promotion_kefu_conversation SET last_message_content = 'as another program left it'");

    carry(&database, &[Command::of_member(member(101), id, say("a", Kind::Text, "one"))]);

    assert_eq!(
        database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap().last.content,
        "as another program left it"
    );
}

mod times {
    use super::*;

    #[test]
    fn mariadb_keeps_the_mall_s_wall_clock() {
        wall_clock(&Site::mariadb());
    }

    #[cfg(kefu_test_mysql)]
    #[test]
    fn mysql_keeps_the_mall_s_wall_clock() {
        wall_clock(&Site::mysql());
    }

    fn wall_clock(site: &Site) {
        let database = site.open();
        let id = database.open(member(101)).unwrap();
        let message = sent(&database, id, "a", "hi");
        let utc = |table: &str, column: &str| {
            site.number(&format!(
                "SELECT CAST(ROUND(1000 * TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', {column}) / 1000000)
                     AS SIGNED) AS value FROM {table}"
            ))
        };

        let eight_hours = 8 * 3_600_000;
        assert_eq!(utc("promotion_kefu_message", "create_time") - message.time.0, eight_hours);
        assert_eq!(utc("promotion_kefu_conversation", "last_message_time") - message.time.0, eight_hours);
        // Within a minute of a server whose own zone may be any.
        let late = "SELECT ABS(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP() + INTERVAL 8 HOUR, create_time)) AS value
                    FROM promotion_kefu_message";
        assert!(site.number(late) < 60, "{}", site.number(late));
        assert!((database.now().unwrap().0 - message.time.0).abs() < 60_000);
    }

    #[test]
    fn an_offset_once_recorded_stays() {
        let site = Site::mariadb();
        let west = Options { storage_offset: Some("-03:30".parse().unwrap()), ..Options::default() };
        let database = site.open_with(&west).unwrap();
        let id = database.open(member(101)).unwrap();
        let message = sent(&database, id, "a", "hi");
        drop(database);

        let again = site.open();

        assert_eq!(again.storage_offset().to_string(), "-03:30");
        assert_eq!(newest(&again, id)[0].time, message.time);
        let late = "SELECT ABS(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP() - INTERVAL 210 MINUTE, create_time)) AS value
                    FROM promotion_kefu_message";
        assert!(site.number(late) < 60);
    }
}
