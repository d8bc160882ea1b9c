//! A member with several conversations has one afterwards, the oldest.

use kefu_domain::{ConversationId, ConversationRepository, TenantId};

use crate::mall::{Mall, Who::Agent, Who::Member};
use crate::support::{DESK, member};

#[test]
fn the_oldest_conversation_takes_in_the_others() {
    let mall = Mall::new();
    let (first, other, second, third) = (mall.opens(101), mall.opens(102), mall.opens(101), mall.opens(101));
    mall.says(second, Member, "2026-11-21 18:28:21", "two");
    mall.says(first, Member, "2026-11-21 18:28:20", "one");
    mall.says(third, Agent, "2026-11-21 18:28:22", "three");
    mall.says(second, Member, "2026-11-21 18:28:23", "four");
    mall.says(other, Member, "2026-11-21 18:28:23", "somebody else's");
    mall.agent_reads(first);
    let before = mall.checksum_of_the_mall_s_messages(true);

    let database = mall.site.open();

    assert_eq!(mall.numbered(first), ["1 one", "2 two", "3 three", "4 four"]);
    assert_eq!(mall.counters(first), "4 4 1 2 2");
    assert_eq!(mall.numbered(other), ["1 somebody else's"]);
    assert_eq!(mall.checksum_of_the_mall_s_messages(true), before);
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_conversation"), 2);
    let kept = database.of_member(member(101)).unwrap().unwrap();
    assert_eq!((kept.id.0, kept.last.content.as_str()), (first, "four"));
    assert_eq!(database.of_member(member(102)).unwrap().unwrap().id.0, other);
    let gone = mall.lines(
        "SELECT CONCAT_WS(' ', old_id, into_id, JSON_VALUE(row_json, '$.id'), JSON_VALUE(row_json, '$.user_id'),
             JSON_VALUE(row_json, '$.admin_unread_message_count'), JSON_VALUE(row_json, '$.last_message_content'),
             JSON_VALUE(row_json, '$.create_time')) AS value, old_id AS place
         FROM kefu_conversation_merged",
    );
    let created = "2026-11-01 08:00:00.000";
    let aside = [(second, 2, "four"), (third, 0, "three")];
    assert_eq!(gone, aside.map(|(id, unread, last)| format!("{id} {first} {id} 101 {unread} {last} {created}")));
}

#[test]
fn an_id_from_before_leads_to_the_conversation_that_took_it_in() {
    let mall = Mall::new();
    let (first, second, elsewhere) = (mall.opens(101), mall.opens(101), mall.opens_in(2, 101));
    mall.says(second, Member, "2026-11-21 18:28:20", "hi");
    let database = mall.site.open();
    let found = |tenant, id| {
        let found = database.find(TenantId(tenant), &[DESK.shop], ConversationId(id)).unwrap();
        found.map(|conversation| conversation.id.0)
    };

    assert_eq!((found(1, second), found(1, first)), (Some(first), Some(first)));
    assert_eq!(found(2, second), None, "only where it was");
    assert_eq!((found(2, elsewhere), found(1, elsewhere), found(1, 4_711)), (Some(elsewhere), None, None));
}

/// The flags `pinned, hidden from the desk, hidden from the member` of two conversations, and of what becomes of them.
#[track_caller]
fn check_flags(first: [bool; 3], second: [bool; 3], merged: &str) {
    let mall = Mall::new();
    let ids = [mall.opens(101), mall.opens(101)];
    for (id, [pinned, desk, member]) in ids.into_iter().zip([first, second]) {
        mall.says(id, Member, "2026-11-21 18:28:20", "hi");
        mall.site.run(&format!(
            "UPDATE promotion_kefu_conversation SET admin_pinned = {pinned}, admin_deleted = {desk},
                 user_deleted = {member} WHERE id = {id}"
        ));
    }

    drop(mall.site.open());

    let flags = mall.site.text(
        "SELECT CONCAT(admin_pinned + 0, admin_deleted + 0, user_deleted + 0) AS value
         FROM promotion_kefu_conversation",
    );
    assert_eq!(flags.unwrap(), merged, "{first:?} {second:?}");
}

#[test]
fn what_one_of_them_shows_is_shown() {
    check_flags([false; 3], [false; 3], "000");
    check_flags([true, false, true], [false, true, false], "100");
    check_flags([false, true, true], [true, true, true], "111");
    check_flags([false, true, false], [false, true, true], "010");
}

#[test]
fn a_deleted_conversation_beside_a_live_one_is_set_aside_unseen() {
    let mall = Mall::new();
    let (gone, live, also_gone) = (mall.opens(101), mall.opens(101), mall.opens(101));
    for (id, content) in [(gone, "before"), (live, "seen"), (also_gone, "after")] {
        mall.says(id, Member, "2026-11-21 18:28:20", content);
    }
    mall.site.run(&format!("UPDATE promotion_kefu_conversation SET deleted = 1 WHERE id IN ({gone}, {also_gone})"));

    let database = mall.site.open();

    assert_eq!(database.of_member(member(101)).unwrap().unwrap().id.0, live);
    assert_eq!(mall.numbered(live), ["1 seen"]);
    assert_eq!((mall.numbered(gone), mall.numbered(also_gone)), (vec!["- before".into()], vec!["- after".into()]));
    let aside = "SELECT COUNT(*) AS value FROM kefu_conversation_merged
                 WHERE into_id IS NULL AND JSON_VALUE(row_json, '$.deleted') = 1";
    assert_eq!(mall.site.number(aside), 2);
    assert_eq!(database.find(DESK.tenant, &[DESK.shop], ConversationId(gone)).unwrap(), None);
}

#[test]
fn of_deleted_conversations_only_the_oldest_stays() {
    let mall = Mall::new();
    let (first, second) = (mall.opens(101), mall.opens(101));
    mall.says(first, Member, "2026-11-21 18:28:20", "first");
    mall.says(second, Member, "2026-11-21 18:28:20", "second");
    mall.site.run("UPDATE promotion_kefu_conversation SET deleted = 1");

    let database = mall.site.open();

    assert_eq!(database.of_member(member(101)).unwrap(), None);
    assert_eq!((mall.numbered(first), mall.numbered(second)), (vec!["1 first".into()], vec!["- second".into()]));
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_conversation WHERE deleted = 1"), 1);
}

#[test]
fn the_same_number_in_two_tenants_is_two_members() {
    let mall = Mall::new();
    let (here, there) = (mall.opens_in(1, 101), mall.opens_in(2, 101));

    drop(mall.site.open());

    assert_eq!((mall.counters(here).is_empty(), mall.counters(there).is_empty()), (false, false));
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM kefu_conversation_merged"), 0);
}

#[test]
fn hundreds_of_doubles_are_merged() {
    let mall = Mall::new();
    mall.site.run(
        "INSERT INTO promotion_kefu_conversation (id, user_id, last_message_time, last_message_content,
             last_message_content_type, admin_unread_message_count, create_time, tenant_id)
         SELECT seq, seq MOD 300, '2026-11-01', '', 1, 0, '2026-11-01', 1 FROM seq_1_to_1000;
         INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content, tenant_id)
         SELECT seq, 7, 1, 1, seq, 1 FROM seq_1_to_1000",
    );

    drop(mall.site.open());

    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_conversation"), 300);
    assert_eq!(mall.site.number("SELECT COUNT(*) AS value FROM kefu_conversation_merged WHERE into_id <= 300"), 700);
    assert_eq!(mall.site.number(crate::numbering::UNTRUE), 0);
}
