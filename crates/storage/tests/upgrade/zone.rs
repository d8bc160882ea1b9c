//! The one offset in which a mall's times are read.

use kefu_domain::{ConversationId, MessagePage, MessageRepository, Side};
use kefu_storage::{Database, OpenError, Options};

use crate::mall::{Mall, Who::Member};
use crate::support::DESK;

fn at(offset: &str) -> Options {
    Options { storage_offset: Some(offset.parse().unwrap()), ..Options::default() }
}

#[test]
fn a_mall_s_times_are_read_in_the_offset_that_was_asked_for() {
    let mall = Mall::new();
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:23", "hi");

    let database = Database::connect(&mall.site.address, &at("+05:30")).unwrap();

    assert_eq!(database.storage_offset().to_string(), "+05:30");
    let page = database.page(DESK, ConversationId(id), Side::Desk, &MessagePage::Newest(1)).unwrap();
    assert_eq!(page[0].time.0, 1_795_256_903_000 + 9_000_000, "two and a half hours later than in Shanghai");
    let changed = "SELECT ABS(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP() + INTERVAL 330 MINUTE, change_time)) AS value
                   FROM promotion_kefu_conversation";
    assert!(mall.site.number(changed) < 60);
}

#[test]
fn another_offset_than_the_recorded_one_is_refused_and_nothing_is_touched() {
    let mall = Mall::new();
    drop(Database::connect(&mall.site.address, &at("+05:30")).unwrap());
    let id = mall.opens(101);
    mall.says(id, Member, "2026-11-21 18:28:23", "hi");

    for migrate in [true, false] {
        let refused = Database::connect(&mall.site.address, &Options { migrate, ..at("+08:00") });
        let Err(error @ OpenError::Offset { .. }) = refused else { panic!("it opened") };
        let text = error.to_string();
        assert!(text.contains("+05:30") && text.contains("+08:00") && text.contains("database.zone"), "{text}");
    }
    let planned = Database::upgrade_plan(&mall.site.address, &at("+08:00"));
    assert!(matches!(planned, Err(OpenError::Offset { .. })));

    assert_eq!(mall.numbered(id), ["- hi"]);
    drop(Database::connect(&mall.site.address, &Options::default()).unwrap());
    assert_eq!(mall.numbered(id), ["1 hi"]);
}
