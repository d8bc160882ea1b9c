//! Messages get their numbers, conversations their cursors and counters; what the mall wrote stays as it is.

use kefu_domain::{ConversationPage, ConversationRepository, MessagePage, MessageRepository, Side, Store, TenantId};
use kefu_storage::Database;

use crate::mall::{Mall, Who::Agent, Who::Member};
use crate::support::{DESK, member};

#[test]
fn messages_are_numbered_by_time_and_then_by_id() {
    let mall = Mall::new();
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:24", "third");
    mall.says(id, Member, "2026-11-21 18:28:23", "first");
    mall.says(id, Agent, "2026-11-21 18:28:23", "second");
    mall.says(id, Member, "2026-11-21 18:28:24", "fourth");

    let database = mall.site.open();

    assert_eq!(mall.numbered(id), ["1 first", "2 second", "3 third", "4 fourth"]);
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE change_no = seq"), 4);
    let page = database.page(DESK, kefu_domain::ConversationId(id), Side::Desk, &MessagePage::SinceSeq(1, 2)).unwrap();
    assert_eq!(page.iter().map(|message| message.seq).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(page[0].time.0, 1_795_256_903_000, "18:28:23 in the mall's zone");
}

/// Says something three times from each side, the members' first `read` of which an agent has read.
#[track_caller]
fn check_cursors(read_of_member: usize, counters: &str) {
    let mall = Mall::new();
    let id = mall.opens(101);
    for round in 0..3 {
        mall.says(id, Member, &format!("2026-11-21 18:28:0{round}"), "question");
        mall.says(id, Agent, &format!("2026-11-21 18:28:0{round}"), "answer");
        if round + 1 == read_of_member {
            mall.agent_reads(id);
        }
    }
    drop(mall.site.open());

    assert_eq!(mall.counters(id), counters, "{read_of_member} were read");
}

#[test]
fn a_cursor_stands_before_the_first_message_that_nobody_has_read() {
    // Messages 1, 3 and 5 are the member's, 2, 4 and 6 the desk's, which no member reads.
    check_cursors(0, "6 6 0 1 3");
    check_cursors(1, "6 6 2 1 2");
    check_cursors(2, "6 6 4 1 1");
    check_cursors(3, "6 6 6 1 0");
}

#[test]
fn counters_and_the_preview_are_counted_anew() {
    let mall = Mall::new();
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:23", "one");
    mall.says_kind(id, Member, "2026-11-21 18:28:25", 2, "https://shop.example/cup.png");
    mall.site.run(
        "UPDATE promotion_kefu_conversation SET admin_unread_message_count = 99, last_message_content = 'older',
             last_message_content_type = 1, last_message_time = '2026-11-21 18:28:20'",
    );

    drop(mall.site.open());

    assert_eq!(mall.counters(id), "2 2 0 2 2");
    let preview = mall.site.text(
        "SELECT CONCAT_WS(' ', last_message_time, last_message_content, last_message_content_type) AS value
         FROM promotion_kefu_conversation",
    );
    assert_eq!(preview.unwrap(), "2026-11-21 18:28:25.000 https://shop.example/cup.png 2");
}

#[test]
fn what_was_deleted_stays_deleted_and_gets_no_number() {
    let mall = Mall::new();
    let (id, gone) = (mall.opens(101), mall.opens(102));
    for content in ["one", "two", "three"] {
        mall.says(id, Member, "2026-11-21 18:28:23", content);
        mall.says(gone, Member, "2026-11-21 18:28:23", content);
    }
    mall.site.run("UPDATE promotion_kefu_message SET deleted = 1 WHERE content IN ('two', 'three')");
    mall.site.run(&format!("UPDATE promotion_kefu_conversation SET deleted = 1 WHERE id = {gone}"));

    let database = mall.site.open();

    assert_eq!(mall.numbered(id), ["1 one", "- two", "- three"]);
    assert_eq!(mall.counters(id), "1 1 0 1 1");
    assert_eq!(listed(&database, 1), [id]);
    assert_eq!(database.find(DESK.tenant, &[DESK.shop], kefu_domain::ConversationId(gone)).unwrap(), None);
    assert_eq!(database.open(member(102)).unwrap().0, gone, "and comes back when the member writes again");
    assert_eq!(
        database.find(DESK.tenant, &[DESK.shop], kefu_domain::ConversationId(gone)).unwrap().unwrap().head_seq,
        1
    );
}

fn listed(database: &Database, tenant: i64) -> Vec<i64> {
    let scope = kefu_domain::Scope { tenant: TenantId(tenant), ..DESK };
    let all = ConversationPage { limit: 99, after: None, name: None };
    database.list(scope, &all).unwrap().iter().map(|conversation| conversation.id.0).collect()
}

#[test]
fn tenants_stay_apart_and_what_is_hidden_or_empty_stays_so() {
    let mall = Mall::new();
    let (here, there) = (mall.opens_in(1, 101), mall.opens_in(2, 101));
    let (hidden, empty) = (mall.opens(102), mall.opens(103));
    for id in [here, there, hidden] {
        mall.says(id, Member, "2026-11-21 18:28:23", "hi");
    }
    mall.site.run(&format!("UPDATE promotion_kefu_conversation SET admin_deleted = 1 WHERE id = {hidden}"));

    let database = mall.site.open();

    assert_eq!((listed(&database, 1), listed(&database, 2)), (vec![here], vec![there]));
    assert_eq!(mall.counters(hidden), "1 1 0 1 1");
    assert_eq!(mall.counters(empty), "0 0 0 0 0");
}

/// What must not reach a page as it is, and what older pages sent.
const CONTENTS: [(i32, &str); 9] = [
    (1, "null"),
    (1, r#"{"text":123}"#),
    (1, "plain text, and 'quotes' \\ too 😀"),
    (1, r#"{"text":"good"}"#),
    (2, "https://shop.example/cup.png"),
    (10, r#"{"spuId":7}"#),
    (11, r#"{"no":"1","items":[{"spuName":"cup"}]}"#),
    (77, "of no kind"),
    (1, ""),
];

#[test]
fn contents_stay_as_they_are_however_they_look() {
    for mall in [Mall::new(), Mall::with_later_keys()] {
        let id = mall.opens(101);
        for (kind, content) in CONTENTS {
            mall.says_kind(id, Member, "2026-11-21 18:28:23", kind, content);
        }
        mall.says(4_711, Member, "2026-11-21 18:28:23", "nobody's");
        mall.site.run(
            "INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content,
                 create_time, update_time, tenant_id)
             VALUES (4711, 1, 1, 1, 'an orphan', '2026-11-01', '2026-11-02', 1)",
        );
        let before = mall.checksum_of_the_mall_s_messages(false);
        let updated = "SELECT GROUP_CONCAT(DATE_FORMAT(update_time, '%Y-%m-%d %T')) AS value
                       FROM promotion_kefu_conversation";
        let updated_before = mall.site.text(updated);

        drop(mall.site.open());

        assert_eq!(mall.checksum_of_the_mall_s_messages(false), before);
        assert_eq!(mall.site.text(updated), updated_before);
        assert_eq!(mall.counters(id), "9 9 0 9 9");
        assert_eq!(mall.numbered(4_711), ["- an orphan"]);
    }
}

#[test]
fn a_mall_s_own_key_for_its_pages_is_not_made_twice() {
    let keys = "SELECT COUNT(*) AS value FROM (
                    SELECT GROUP_CONCAT(column_name ORDER BY seq_in_index) AS list FROM information_schema.statistics
                    WHERE table_schema = DATABASE() AND table_name = 'promotion_kefu_message' GROUP BY index_name
                ) AS found WHERE list = 'conversation_id,create_time'";
    for mall in [Mall::new(), Mall::with_later_keys()] {
        drop(mall.site.open());
        assert_eq!(mall.site.number(keys), 1);
    }
}

#[test]
fn a_second_start_changes_nothing() {
    let mall = Mall::new();
    for user in 101..131 {
        let id = mall.opens(user % 25);
        mall.says(id, Member, "2026-11-21 18:28:23", "hi");
        mall.says(id, Agent, "2026-11-21 18:28:23", "hello");
        if user % 3 == 0 {
            mall.agent_reads(id);
        }
    }
    drop(mall.site.open());
    let before = mall.checksums();

    mall.site.open().migrate().unwrap();

    assert_eq!(mall.checksums(), before);
}

#[test]
fn many_messages_are_taken_over_in_many_transactions() {
    let mall = Mall::new();
    // One conversation is larger than any transaction would like, most have few messages.
    mall.site.run(
        "INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
             last_message_content_type, admin_unread_message_count, create_time, tenant_id)
         SELECT seq, 1000 + seq MOD 1900, '2026-11-01', '', 1, 0, '2026-11-01', 1 FROM seq_1_to_2000;
         INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content,
             read_status, create_time, tenant_id)
         SELECT IF(seq < 12000, 1, 1 + seq MOD 2000), 7, 1 + seq MOD 2, 1, CONCAT('{\"text\":\"', seq, '\"}'), seq MOD 3 = 0,
             '2026-11-01' + INTERVAL seq DIV 40 SECOND, 1 FROM seq_1_to_20000",
    );

    drop(mall.site.open());

    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE seq IS NULL"), 0);
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_conversation"), 1_900);
    assert_eq!(mall.site.number(UNTRUE), 0);
}

/// How many conversations do not agree with their messages, counted in another way than the upgrade does.
pub(crate) const UNTRUE: &str = "
    SELECT COUNT(*) AS value FROM (
        SELECT c.id, c.head_seq, c.change_no, c.admin_read_seq, c.member_read_seq, c.admin_unread_message_count,
            COUNT(m.id) AS messages, COALESCE(MAX(m.seq), 0) AS head, COUNT(DISTINCT m.seq) AS numbers,
            SUM(m.sender_type = 1 AND m.seq > c.admin_read_seq) AS unread,
            SUM(m.sender_type = 1 AND m.read_status = 0 AND m.seq <= c.admin_read_seq) AS passed_by_desk,
            SUM(m.sender_type = 2 AND m.read_status = 0 AND m.seq <= c.member_read_seq) AS passed_by_member,
            SUM(m.sender_type = 1 AND m.read_status = 0) AS unread_by_desk,
            SUM(m.sender_type = 1 AND m.read_status = 0 AND m.seq = c.admin_read_seq + 1) AS next_for_desk
        FROM promotion_kefu_conversation AS c
        LEFT JOIN promotion_kefu_message AS m ON m.conversation_id = c.id AND m.deleted = 0 GROUP BY c.id
    ) AS found
    WHERE head_seq <> head OR head <> messages OR numbers <> messages
        OR (messages > 0 AND (admin_unread_message_count <> unread OR passed_by_desk > 0 OR passed_by_member > 0
            OR (unread_by_desk = 0) <> (admin_read_seq = head) OR (unread_by_desk > 0 AND next_for_desk <> 1)))";
