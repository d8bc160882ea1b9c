//! The statements find their rows by keys: what MariaDB has read is counted, table by table.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ChangedPage, ClientMsgId, Command, Content, ConversationId, ConversationPage,
    ConversationRepository, Draft, Kind, ListCursor, MemberDirectory, MemberId, MessageId, MessagePage,
    MessageRepository, Need, Party, Scope, ShopId, Side, Store, TenantId, Timestamp,
};
use kefu_storage::Database;
use support::{DESK, Site, member};

const CONVERSATIONS: i64 = 2_000;
const MESSAGES_EACH: i64 = 20;

/// Two thousand conversations of twenty messages; the first has five thousand more.
fn busy() -> (Site, Database) {
    let site = Site::mariadb();
    let database = site.open();
    let messages = |from: i64, to: i64, id: &str, seq: &str| {
        format!(
            "INSERT INTO promotion_kefu_message
                 (conversation_id, sender_id, sender_type, content_type, content, create_time, tenant_id, seq,
                  change_no, client_msg_id)
             SELECT {id}, 100 + {id}, 1, 1, '{{}}', '2026-11-01' + INTERVAL {seq} SECOND, 1, {seq}, {seq},
                 CONCAT('k', {seq})
             FROM seq_{from}_to_{to} AS s;"
        )
    };
    site.run(&format!(
        "SET GLOBAL userstat = 1;
         INSERT INTO promotion_kefu_conversation
             (id, user_id, last_message_time, last_message_content, last_message_content_type, admin_pinned,
              admin_unread_message_count, create_time, tenant_id, head_seq, change_no, change_time)
         SELECT seq, 100 + seq, '2026-11-01' + INTERVAL seq SECOND, '', 1, seq <= 10, {MESSAGES_EACH}, '2026-11-01',
             1, {MESSAGES_EACH}, {MESSAGES_EACH}, '2026-11-01' FROM seq_1_to_{CONVERSATIONS};
         {}{}
         INSERT INTO kefu_profile SELECT 1, 1, 100 + seq, CONCAT('name', seq), NULL, 0
             FROM seq_1_to_{CONVERSATIONS};
         ANALYZE TABLE promotion_kefu_conversation, promotion_kefu_message, kefu_profile",
        messages(
            0,
            CONVERSATIONS * MESSAGES_EACH - 1,
            &format!("1 + s.seq DIV {MESSAGES_EACH}"),
            &format!("(1 + s.seq MOD {MESSAGES_EACH})")
        ),
        messages(MESSAGES_EACH + 1, MESSAGES_EACH + 5_000, "1", "s.seq"),
    ));
    (site, database)
}

/// How many rows of a table the server reads while something is done.
fn rows_read<T>(site: &Site, table: &str, act: impl FnOnce() -> T) -> (i64, T) {
    let read = format!(
        "SELECT CAST(COALESCE(SUM(rows_read), 0) AS SIGNED) AS value FROM information_schema.table_statistics
         WHERE table_schema = DATABASE() AND table_name = '{table}'"
    );
    let before = site.number(&read);
    let result = act();
    (site.number(&read) - before, result)
}

#[track_caller]
fn check_page(site: &Site, database: &Database, page: MessagePage, at_most: i64) {
    let (rows, messages) = rows_read(site, "promotion_kefu_message", || {
        database.page(DESK, ConversationId(1), Side::Desk, &page).unwrap()
    });
    assert!(messages.len() >= 20 && rows <= at_most, "{page:?}: {rows} rows read for {} messages", messages.len());
}

#[test]
fn a_page_reads_little_more_than_it_shows() {
    let (site, database) = busy();
    let middle = database.page(DESK, ConversationId(1), Side::Desk, &MessagePage::SinceSeq(2_500, 1)).unwrap()[0].time;

    // Twice the last one: its second is looked at again.
    check_page(&site, &database, MessagePage::Newest(20), 24);
    check_page(&site, &database, MessagePage::Before(middle, 20), 24);
    check_page(&site, &database, MessagePage::SinceSeq(2_500, 20), 22);
    check_page(&site, &database, MessagePage::BeforeSeq(2_500, 20), 22);
}

#[track_caller]
fn check_list(site: &Site, database: &Database, after: Option<ListCursor>, first: i64, at_most: i64) {
    let page = ConversationPage { limit: 20, after, name: None };
    let (rows, listed) = rows_read(site, "promotion_kefu_conversation", || database.list(DESK, &page).unwrap());
    assert_eq!((listed.len(), listed[0].id.0), (20, first), "{after:?}");
    assert!(rows <= at_most, "{after:?}: {rows} rows read");
}

#[test]
fn a_page_of_the_list_reads_little_more_than_it_shows() {
    let (site, database) = busy();
    let after = |id: i64| {
        let last = database.find(DESK.tenant, &[DESK.shop], ConversationId(id)).unwrap().unwrap();
        Some(ListCursor { pinned: last.pinned, last: last.last.time, id: last.id })
    };

    check_list(&site, &database, None, 10, 22);
    check_list(&site, &database, after(5), 4, 32);
    check_list(&site, &database, after(100), 99, 23);
    // Of a place in the middle the server thinks that walking there along the key is as cheap as jumping.
    check_list(&site, &database, after(1_500), 1_499, 500 + 22);
}

#[test]
fn finding_and_opening_read_one_row() {
    let (site, database) = busy();
    let conversations = |act: &dyn Fn()| rows_read(&site, "promotion_kefu_conversation", act).0;

    assert!(
        conversations(&|| assert!(database.find(DESK.tenant, &[DESK.shop], ConversationId(77)).unwrap().is_some()))
            <= 2
    );
    assert!(conversations(&|| assert!(database.of_member(member(177)).unwrap().is_some())) <= 2);
    assert!(conversations(&|| assert_eq!(database.open(member(177)).unwrap(), ConversationId(77))) <= 2);
    let (rows, profiles) = rows_read(&site, "kefu_profile", || {
        MemberDirectory::profiles(&database, TenantId(1), &[MemberId(150), MemberId(177)]).unwrap()
    });
    assert!(profiles.len() == 2 && rows <= 3, "{rows}");
}

#[test]
fn a_batch_reads_the_rows_that_it_names() {
    let (site, database) = busy();
    let key = ClientMsgId::new("k7").unwrap();
    let ids = (100..228).map(ConversationId);
    let keyed: Vec<_> = ids
        .clone()
        .map(|id| Need { key: Some((Party::Member(MemberId(100 + id.0)), key.clone())), ..Need::of(id) })
        .collect();
    let unread: Vec<_> = ids.map(|id| Need { unread: Some(Side::Desk), ..Need::of(id) }).collect();

    let (rows, ()) = rows_read(&site, "promotion_kefu_conversation", || drop(database.begin(&keyed).unwrap()));
    assert!(rows <= 130, "{rows} conversations for 128");
    let (rows, ()) = rows_read(&site, "promotion_kefu_message", || drop(database.begin(&keyed).unwrap()));
    assert!((128..=130).contains(&rows), "{rows} messages for 128 keys");
    let (rows, ()) = rows_read(&site, "promotion_kefu_message", || drop(database.begin(&unread).unwrap()));
    assert!(rows <= 128 * MESSAGES_EACH + 128, "{rows} messages for 128 times twenty unread");
}

#[test]
fn writing_reads_no_more_than_it_changes() {
    let (site, database) = busy();
    let agent = Admin { scope: DESK, id: AdminId(7) };
    let id = ConversationId(77);
    let content = Content::new(Kind::Text, "hi").unwrap();
    let draft = Draft { content, key: ClientMsgId::new("new").unwrap(), key_is_ours: true, quote: None };
    let commands = [
        Command::of_admin(agent, id, Act::Send(draft)),
        Command::of_admin(agent, id, Act::ReadUpTo(5)),
        Command::of_admin(agent, ConversationId(78), Act::ReadUpTo(3)),
    ];
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let mut transaction = database.begin(&needs).unwrap();
    for command in &commands {
        run(transaction.work(), command).unwrap();
    }
    let (rows, _) = rows_read(&site, "promotion_kefu_message", || transaction.commit().unwrap());

    assert!(rows <= 5 + 3 + 4, "{rows} messages for eight that were read");
    let marked = "SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE read_status = 1";
    assert_eq!(site.number(marked), 8);
}

#[test]
fn what_was_altered_is_read_in_the_order_of_its_changes() {
    let (site, database) = busy();
    site.run(
        "UPDATE promotion_kefu_message SET revoked_time = '2026-11-02', change_no = 6000 + seq
         WHERE conversation_id = 1 AND seq <= 200;
         UPDATE promotion_kefu_message SET member_deleted = 1, change_no = 7000 + seq
         WHERE conversation_id = 1 AND seq BETWEEN 201 AND 400",
    );
    let altered = |since, limit| {
        rows_read(&site, "promotion_kefu_message", || {
            database.altered(DESK, ConversationId(1), since, 5_020, limit).unwrap().len()
        })
    };

    let (rows, found) = altered(6_000, 20);
    assert!(found == 20 && rows <= 22, "{rows} rows read for {found}");
    let (rows, found) = altered(7_390, 100);
    assert!(found == 10 && rows <= 12, "{rows} rows read for {found}");
    // Of a gap, what was said in it is looked at too.
    let (rows, found) = altered(4_900, 500);
    assert!(found == 400 && rows <= 400 + 120 + 2, "{rows} rows read for {found}");
    let (rows, found) = altered(7_400, 100);
    assert!(found == 0 && rows <= 1, "{rows} rows read for nothing");
}

/// Conversation n has changed n minutes ago.
fn spread(site: &Site) {
    site.run(
        "UPDATE promotion_kefu_conversation SET change_time = UTC_TIMESTAMP(3) + INTERVAL 8 HOUR - INTERVAL id MINUTE",
    );
}

#[test]
fn what_has_changed_is_read_page_by_page() {
    let (site, database) = busy();
    spread(&site);
    let changed = |since: Timestamp, after: Option<(Timestamp, ConversationId)>| {
        let page = ChangedPage { since, after, limit: 20 };
        rows_read(&site, "promotion_kefu_conversation", || database.changes(DESK, &page).unwrap())
    };

    let (rows, first) = changed(Timestamp(0), None);
    assert_eq!((first.len(), first[0].id.0, first[19].id.0), (20, 2_000, 1_981));
    assert!(rows <= 22, "{rows} rows read");
    let (rows, later) = changed(Timestamp(0), Some((database_time(&database, 1_000), ConversationId(1_000))));
    assert_eq!((later.len(), later[0].id.0), (20, 999));
    assert!(rows <= 22, "{rows} rows read");
    let (rows, last) = changed(database_time(&database, 5), None);
    assert_eq!((last.len(), last[0].id.0), (5, 5));
    assert!(rows <= 7, "{rows} rows read");
}

fn database_time(database: &Database, id: i64) -> Timestamp {
    database.find(DESK.tenant, &[DESK.shop], ConversationId(id)).unwrap().unwrap().changed
}

#[test]
fn heads_read_what_has_changed_and_nothing_else() {
    let (site, database) = busy();
    spread(&site);
    // Every sixteenth of the last fifty-nine is another shop's.
    site.run("UPDATE promotion_kefu_conversation SET shop_id = id DIV 16 WHERE id < 60 AND id MOD 16 = 0");
    let shops: Vec<_> = (0..300).map(|shop| Scope { shop: ShopId(shop), ..DESK }).collect();
    let heads = |scopes: &[Scope], within: i64| {
        rows_read(&site, "promotion_kefu_conversation", || database.heads(scopes, within).unwrap().1.len())
    };
    let half_past = |minutes: i64| minutes * 60_000 + 30_000;

    for (scopes, minutes, expected) in
        [(&shops[..1], 5, 5), (&shops[..1], 59, 56), (&shops[1..2], 59, 1), (&shops[..4], 59, 59), (&shops[..], 40, 40)]
    {
        let (rows, found) = heads(scopes, half_past(minutes));
        assert_eq!(found, expected);
        assert!(rows <= i64::try_from(expected).unwrap() + 2, "{rows} rows read for {found} of {}", scopes.len());
    }
    let (rows, found) = heads(&shops, 1_000);
    assert!(found == 0 && rows <= 2, "{rows} rows read for nothing");
}

#[test]
fn a_message_that_goes_costs_the_rows_that_it_touches() {
    let (site, database) = busy();
    let id = ConversationId(1);
    let agent = Admin { scope: DESK, id: AdminId(7) };
    let newest = database.page(DESK, id, Side::Desk, &MessagePage::BeforeSeq(i64::MAX, 3)).unwrap();
    let within = i64::MAX;
    let commands: Vec<_> = newest
        .iter()
        .map(|message| Command::of_admin(agent, id, Act::Delete(message.id)))
        .chain([Command::of_member(member(101), id, Act::Revoke { message: MessageId(1), within })])
        .collect();
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let (rows, mut transaction) = rows_read(&site, "promotion_kefu_message", || database.begin(&needs).unwrap());
    assert!(rows <= 4 + 5 + 2, "{rows} rows read for four messages and the five newest");
    for command in &commands {
        run(transaction.work(), command).unwrap();
    }
    let (rows, _) = rows_read(&site, "promotion_kefu_message", || transaction.commit().unwrap());
    assert!(rows <= 4, "{rows} rows read to write four");
    assert_eq!(database.altered(DESK, id, 0, i64::MAX, 9).unwrap().len(), 4);
}
