//! From an address to a database: what is made, what is kept, what is refused.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::error::Error;
use std::sync::Barrier;

use kefu_domain::{
    ConversationId, ConversationPage, ConversationRepository, Deleted, MessagePage, MessageRepository, Side, Store,
};
use kefu_storage::{Backend, Database, OpenError, Options};
use support::{DESK, Site, member};

on_each_database! {
    many_at_once_open_one_database
    a_second_start_changes_nothing
    without_migrations_the_tables_must_be_there
    without_migrations_they_must_not_be_older_than_the_program
    migrations_can_be_run_by_hand
    a_fresh_database_is_durable
    the_last_handle_may_go_inside_an_async_task
}

const RAN: &str = "SELECT COUNT(*) AS value FROM __diesel_schema_migrations";

fn without_migrations() -> Options {
    Options { migrate: false, ..Options::default() }
}

fn many_at_once_open_one_database(site: &Site) {
    let start = &Barrier::new(4);

    let epochs: Vec<_> = std::thread::scope(|threads| {
        let opening = || {
            start.wait();
            site.open().epoch().to_owned()
        };
        let all: Vec<_> = (0..4).map(|_| threads.spawn(opening)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });

    assert!(epochs.iter().all(|epoch| *epoch == epochs[0]), "{epochs:?}");
    assert!(epochs[0].len() == 16 && epochs[0].bytes().all(|digit| digit.is_ascii_hexdigit()), "{epochs:?}");
}

fn a_second_start_changes_nothing(site: &Site) {
    let first = site.open();
    let (id, epoch, ran) = (first.open(member(101)).unwrap(), first.epoch().to_owned(), site.number(RAN));
    drop(first);

    let second = site.open();

    assert_eq!(second.epoch(), epoch);
    assert_eq!(second.open(member(101)).unwrap(), id);
    assert_eq!(site.number(RAN), ran);
    assert_eq!(second.storage_offset().to_string(), "+08:00");
    let recorded = "SELECT COUNT(*) AS value FROM kefu_meta WHERE name IN ('epoch', 'storage_offset')";
    assert_eq!(site.number(recorded), 2);
}

fn without_migrations_the_tables_must_be_there(site: &Site) {
    assert!(matches!(site.open_with(&without_migrations()), Err(OpenError::NotMigrated)));
    drop(site.open());
    assert!(site.open_with(&without_migrations()).is_ok());
}

fn without_migrations_they_must_not_be_older_than_the_program(site: &Site) {
    drop(site.open());
    site.run("DELETE FROM __diesel_schema_migrations WHERE version >= '0700'");

    assert!(matches!(site.open_with(&without_migrations()), Err(OpenError::NotMigrated)));
}

fn migrations_can_be_run_by_hand(site: &Site) {
    let database = site.open();
    let ran = site.number(RAN);

    database.migrate().unwrap();

    assert_eq!(site.number(RAN), ran);
    database.ping().unwrap();
}

fn a_fresh_database_is_durable(site: &Site) {
    let database = site.open();
    let durability = database.durability().unwrap();

    assert!(durability.is_full(), "{durability:?}");
    assert_eq!(durability.version, database.version());
    match database.backend() {
        Backend::Sqlite => {
            assert_eq!(durability.setting("journal_mode"), Some("wal"));
            assert_eq!(durability.setting("synchronous"), Some("2"));
        }
        Backend::MariaDb | Backend::MySql => {
            assert_eq!(durability.setting("innodb_flush_log_at_trx_commit"), Some("1"));
        }
    }
}

fn the_last_handle_may_go_inside_an_async_task(site: &Site) {
    let database = site.open();
    database.ping().unwrap();
    let transaction = database.begin(&[]).unwrap();
    drop(transaction);

    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async move { drop(database) });
}

#[test]
fn an_error_never_holds_the_password() {
    // Nobody listens on port 1.
    let Err(error) = Database::connect("mysql://kefu:hunter2@127.0.0.1:1/kefu", &Options::default()) else {
        panic!("it opened");
    };

    assert!(matches!(error, OpenError::Unreachable(_)), "{error:?}");
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(error) = cause {
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        cause = error.source();
    }
}

#[test]
fn tls_that_cannot_be_had_is_an_error() {
    let site = Site::mariadb();
    let address = format!("{}?require_ssl=true", site.address);

    assert!(matches!(Database::connect(&address, &Options::default()), Err(OpenError::Unreachable(_))));
}

#[test]
fn a_file_that_is_no_database_is_not_touched() {
    let site = Site::sqlite();
    let text = "not a database, but a text of somebody's, long enough to be mistaken for a page of one ".repeat(20);
    std::fs::write(site.file(), &text).unwrap();

    assert!(matches!(site.open_with(&Options::default()), Err(OpenError::Unreachable(_))));
    assert_eq!(std::fs::read_to_string(site.file()).unwrap(), text);
}

/// The mall's tables of 2024, with a conversation.
const MALL: &str = "
    CREATE TABLE promotion_kefu_conversation (
        id bigint NOT NULL AUTO_INCREMENT, user_id bigint NOT NULL, last_message_time datetime NOT NULL,
        last_message_content varchar(2048) NOT NULL, last_message_content_type int NOT NULL,
        admin_pinned bit(1) NOT NULL DEFAULT b'0', user_deleted bit(1) NOT NULL DEFAULT b'0',
        admin_deleted bit(1) NOT NULL DEFAULT b'0', admin_unread_message_count int NOT NULL,
        creator varchar(64) NULL DEFAULT '', create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updater varchar(64) NULL DEFAULT '',
        update_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        deleted bit(1) NOT NULL DEFAULT b'0', tenant_id bigint NOT NULL DEFAULT 0, PRIMARY KEY (id)
    ) ENGINE = InnoDB;
    CREATE TABLE promotion_kefu_message (
        id bigint NOT NULL AUTO_INCREMENT, conversation_id bigint NOT NULL, sender_id bigint NOT NULL,
        sender_type int NOT NULL, receiver_id bigint NULL, receiver_type int NULL, content_type int NOT NULL,
        content varchar(2048) NOT NULL, read_status bit(1) NOT NULL DEFAULT b'0',
        creator varchar(64) NULL DEFAULT '', create_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
        updater varchar(64) NULL DEFAULT '',
        update_time datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        deleted bit(1) NOT NULL DEFAULT b'0', tenant_id bigint NOT NULL DEFAULT 0, PRIMARY KEY (id)
    ) ENGINE = InnoDB;
    INSERT INTO promotion_kefu_conversation
        (id, user_id, last_message_time, last_message_content, last_message_content_type,
         admin_unread_message_count, create_time, tenant_id)
    VALUES (17, 101, '2026-11-21 18:28:23', '{\"text\":\"在吗\"}', 1, 1, '2026-11-21 18:28:23', 1);
    INSERT INTO promotion_kefu_message
        (id, conversation_id, sender_id, sender_type, content_type, content, create_time, tenant_id)
    VALUES (1042, 17, 101, 1, 1, '{\"text\":\"在吗\"}', '2026-11-21 18:28:23', 1)";

#[test]
fn a_mall_s_tables_are_taken_over_with_their_rows() {
    let site = Site::mariadb();
    site.run(MALL);

    let database = site.open();

    let id = database.open(member(101)).unwrap();
    let conversation = database.find(DESK.tenant, &[DESK.shop], id).unwrap().unwrap();
    assert_eq!((id.0, conversation.last.time.0), (17, 1_795_256_903_000), "18:28:23 in the mall's zone");
    let page = database.page(DESK, id, Side::Desk, &MessagePage::Newest(9)).unwrap();
    assert_eq!((page[0].id.0, page[0].seq, page[0].time.0), (1042, 1, 1_795_256_903_000));
    assert_eq!(page[0].content, "{\"text\":\"在吗\"}");
    // The mall's own server, which knows none of our columns, can still write.
    site.run(
        "INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content)
         VALUES (17, 7, 2, 1, 'x')",
    );
}

#[test]
fn a_step_that_the_catalogue_shows_is_skipped() {
    let site = Site::mariadb();
    let id = site.open().open(member(101)).unwrap();
    site.run("DELETE FROM __diesel_schema_migrations");

    let database = site.open();

    assert_eq!(database.open(member(101)).unwrap(), id);
    assert!(site.number(RAN) > 10);
}

#[test]
fn a_step_that_failed_is_not_taken_for_done() {
    let site = Site::mariadb();
    site.run(MALL);
    // Somebody's column of the name of ours is in the way.
    site.run("ALTER TABLE promotion_kefu_message ADD COLUMN seq text NULL");

    assert!(matches!(site.open_with(&Options::default()), Err(OpenError::Migration(_))));
    assert_eq!(site.number("SELECT COUNT(*) AS value FROM __diesel_schema_migrations WHERE version = '0210'"), 0);
    site.run("ALTER TABLE promotion_kefu_message DROP COLUMN seq");
    let database = site.open();

    let all = ConversationPage { limit: 9, after: None, name: None };
    assert_eq!(database.list(DESK, &all).unwrap().len(), 1);
}

#[test]
fn the_keys_are_those_of_the_design() {
    let site = Site::mariadb();
    drop(site.open());

    let keys = site.text(
        "SELECT GROUP_CONCAT(described.line ORDER BY described.line SEPARATOR '\n') AS value FROM (
             SELECT CONCAT(SUBSTRING(table_name, 16), IF(non_unique, ' ', ' unique '),
                 GROUP_CONCAT(column_name ORDER BY seq_in_index)) AS line
             FROM information_schema.statistics
             WHERE table_schema = DATABASE() AND table_name LIKE 'promotion%'
             GROUP BY table_name, index_name, non_unique) AS described",
    );

    assert_eq!(
        keys.unwrap(),
        "conversation tenant_id,shop_id,admin_deleted,admin_pinned,last_message_time,id\n\
         conversation tenant_id,shop_id,change_time,id\n\
         conversation unique id\n\
         conversation unique tenant_id,shop_id,user_id\n\
         message conversation_id,change_no\n\
         message conversation_id,create_time\n\
         message unique conversation_id,sender_type,sender_id,client_msg_id\n\
         message unique conversation_id,seq\n\
         message unique id"
    );
}

#[test]
fn a_file_of_the_version_before_becomes_what_a_new_one_is_and_keeps_its_rows() {
    let (old, new) = (Site::sqlite(), Site::sqlite());
    old.made_without(&["0720_message_fates"]);
    old.run(
        "INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
             last_message_content_type, admin_unread_message_count, create_time, tenant_id, head_seq, change_no,
             change_time)
         VALUES (17, 101, 1795256903000, '{\"text\":\"one\"}', 1, 1, 1795256903000, 1, 1, 1, 1795256903000);
         INSERT INTO promotion_kefu_message (id, conversation_id, sender_id, sender_type, content_type, content,
             create_time, tenant_id, seq, change_no)
         VALUES (31, 17, 101, 1, 1, '{\"text\":\"one\"}', 1795256903000, 1, 1, 1)",
    );

    let database = old.open();

    let page = database.page(DESK, ConversationId(17), Side::Desk, &MessagePage::Newest(9)).unwrap();
    assert_eq!((page.len(), page[0].id.0, page[0].seq), (1, 31, 1));
    assert_eq!((page[0].quote, page[0].revoked, page[0].deleted), (None, None, Deleted::default()));
    drop((database, new.open()));
    let tables = "SELECT GROUP_CONCAT(sql, char(10)) AS value FROM
                      (SELECT sql FROM sqlite_master WHERE tbl_name NOT LIKE '\\_\\_%' ESCAPE '\\' ORDER BY name)";
    assert!(old.text(tables).unwrap().contains("revoked_time"));
    assert_eq!(old.text(tables), new.text(tables));
}
