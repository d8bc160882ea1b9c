//! What an upgrade would do is said beforehand, and nothing is done.

use std::collections::BTreeSet;

use kefu_domain::{ConversationId, TenantId};
use kefu_storage::{Database, Merge, Options, UpgradePlan};

use crate::mall::{Mall, Who::Agent, Who::Member};
use crate::support::Site;

fn plan(address: &str) -> UpgradePlan {
    Database::upgrade_plan(address, &Options::default()).unwrap().unwrap()
}

fn busy() -> (Mall, [i64; 4]) {
    let mall = Mall::new();
    let (first, second, gone) = (mall.opens(101), mall.opens(101), mall.opens(101));
    let elsewhere = mall.opens_in(2, 101);
    mall.says(first, Member, "2026-11-21 18:28:20", "null");
    mall.says(second, Agent, "2026-11-21 18:28:20", "plain text");
    mall.says(second, Agent, "2026-11-21 18:28:20", r#"{"text":"deleted"}"#);
    mall.says(gone, Member, "2026-11-21 18:28:20", r#"{"text":"of a deleted conversation"}"#);
    mall.says_kind(elsewhere, Member, "2026-11-21 18:28:20", 11, r#"{"no":"1","items":[{"spuName":"cup"}]}"#);
    mall.says_kind(elsewhere, Member, "2026-11-21 18:28:20", 2, "https://shop.example/cup.png");
    mall.site.run(&format!(
        "UPDATE promotion_kefu_conversation SET deleted = 1 WHERE id = {gone};
         UPDATE promotion_kefu_message SET deleted = 1 WHERE content LIKE '%\"deleted\"%';
         INSERT INTO promotion_kefu_message (conversation_id, sender_id, sender_type, content_type, content, tenant_id)
         VALUES (4711, 1, 1, 1, 'an orphan', 1), (4712, 1, 1, 1, '{{\"text\":1}}', 1)"
    ));
    (mall, [first, second, gone, elsewhere])
}

#[test]
fn the_plan_names_what_would_happen() {
    let (mall, [first, second, gone, _]) = busy();

    let plan = plan(&mall.site.address);

    assert_eq!(plan.steps.first().map(String::as_str), Some("0100_mall_conversation"));
    let [first, second, gone] = [first, second, gone].map(ConversationId);
    let merges = [Merge { old: second, into: first, moves: true }, Merge { old: gone, into: first, moves: false }];
    assert_eq!(plan.merges, merges);
    assert_eq!((plan.unnumbered, plan.orphans, plan.unsafe_contents), (4, 2, 3));
    assert_eq!((plan.deleted_conversations, plan.deleted_messages), (1, 1));
    assert_eq!(plan.tenants, [(TenantId(1), 3), (TenantId(2), 1)]);
    assert_eq!(plan.offset.to_string(), "+08:00");
}

#[test]
fn planning_changes_nothing_and_what_was_planned_is_what_happens() {
    let (mall, _) = busy();
    let tables = "SELECT GROUP_CONCAT(table_name, create_time ORDER BY table_name) AS value
                  FROM information_schema.tables WHERE table_schema = DATABASE()";
    let before = (mall.site.text(tables), mall.checksum_of_the_mall_s_messages(false));

    let first = plan(&mall.site.address);

    assert_eq!((mall.site.text(tables), mall.checksum_of_the_mall_s_messages(false)), before);
    drop(mall.site.open());
    let numbered = mall.site.number("SELECT COUNT(*) AS value FROM promotion_kefu_message WHERE seq IS NOT NULL");
    assert_eq!(u64::try_from(numbered).unwrap(), first.unnumbered);
    let merged = mall.site.number("SELECT COUNT(*) AS value FROM kefu_conversation_merged");
    assert_eq!(usize::try_from(merged).unwrap(), first.merges.len());
    let second = plan(&mall.site.address);
    assert!(second.steps.is_empty() && second.merges.is_empty(), "{second:?}");
    assert_eq!((second.unnumbered, second.deleted_conversations), (0, 0));
    assert_eq!(second.unsafe_contents, first.unsafe_contents, "they are kept");
}

#[test]
fn the_right_to_read_is_enough_for_a_plan() {
    let (mall, _) = busy();
    let name = mall.site.address.rsplit('/').next().unwrap();
    let reader = name.replace("kefu_test", "r");
    mall.site.run(&format!(
        "CREATE USER '{reader}'@'%' IDENTIFIED BY 'only-reads'; GRANT SELECT ON {name}.* TO '{reader}'@'%'"
    ));
    let place = mall.site.address.rsplit_once('@').unwrap().1;

    let seen = plan(&format!("mysql://{reader}:only-reads@{place}"));

    mall.site.run(&format!("DROP USER '{reader}'@'%'"));
    assert_eq!(seen, plan(&mall.site.address));
}

#[test]
fn an_empty_database_has_steps_and_no_rows() {
    let site = Site::mariadb();

    let plan = plan(&site.address);

    let names: BTreeSet<_> = plan.steps.iter().collect();
    assert_eq!(names.len(), plan.steps.len());
    assert!(plan.steps.len() > 15 && plan.merges.is_empty() && plan.tenants.is_empty(), "{plan:?}");
    assert_eq!(
        site.number("SELECT COUNT(*) AS value FROM information_schema.tables WHERE table_schema = DATABASE()"),
        0
    );
}

#[test]
fn a_file_is_no_mall_s_and_is_not_made() {
    let site = Site::sqlite();

    assert_eq!(Database::upgrade_plan(&site.address, &Options::default()).unwrap(), None);
    assert!(!site.file().exists());
}
