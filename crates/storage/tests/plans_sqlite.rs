//! The statements find their rows by keys: what SQLite plans for each statement that was run is looked at.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::{Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::Text;
use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ChangedPage, ClientMsgId, Command, Content, ConversationId, ConversationPage,
    ConversationRepository, Draft, Kind, ListCursor, MemberDirectory, MemberId, MessageId, MessagePage,
    MessageRepository, Scope, ShopId, Side, Store, TenantId, Timestamp,
};
use kefu_storage::{AccountStatus, Database};
use support::{DESK, Site, member};

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());
/// What one test runs is not another's.
static ALONE: Mutex<()> = Mutex::new(());

struct Listener;

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartQuery { query, .. } = event {
            let text = query.to_string();
            STATEMENTS.lock().unwrap().push(text.split(" -- binds:").next().unwrap().to_owned());
        }
    }
}

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

fn plan(conn: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(conn).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}

fn watched(site: &Site) -> Database {
    diesel::connection::set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
    site.open()
}

/// The statements that were run since this was asked last.
fn heard() -> Vec<String> {
    std::mem::take(&mut *STATEMENTS.lock().unwrap())
}

#[test]
fn no_statement_scans_or_sorts_a_table() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::sqlite();
    let database = watched(&site);
    heard();

    let id = database.open(member(101)).unwrap();
    let agent = Admin { scope: DESK, id: AdminId(7) };
    let draft = |text| Draft {
        content: Content::new(Kind::Text, text).unwrap(),
        key: ClientMsgId::new(text).unwrap(),
        key_is_ours: false,
        quote: None,
    };
    for commands in [
        vec![Command::of_member(member(101), id, Act::Send(draft("one")))],
        vec![
            Command::of_member(member(101), id, Act::Send(draft("two"))),
            Command::of_admin(agent, id, Act::ReadUpTo(1)),
            Command::of_member(member(101), id, Act::ReadUpTo(1)),
        ],
        vec![
            Command::of_member(member(101), id, Act::Send(Draft { quote: Some(MessageId(1)), ..draft("three") })),
            Command::of_member(member(101), id, Act::Revoke { message: MessageId(2), within: i64::MAX }),
            Command::of_admin(agent, id, Act::Delete(MessageId(2))),
        ],
    ] {
        let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();
        let mut transaction = database.begin(&needs).unwrap();
        for command in &commands {
            run(transaction.work(), command).unwrap();
        }
        transaction.commit().unwrap();
    }
    for page in [
        MessagePage::Newest(1),
        MessagePage::Before(Timestamp(i64::MAX / 2), 1),
        MessagePage::SinceSeq(0, 1),
        MessagePage::BeforeSeq(9, 1),
    ] {
        assert!(!database.page(DESK, id, Side::Desk, &page).unwrap().is_empty(), "{page:?}");
    }
    assert_eq!(database.altered(DESK, id, 0, 9, 9).unwrap().len(), 1);
    for after in [None, Some((Timestamp(1), ConversationId(0)))] {
        let page = ChangedPage { since: Timestamp(0), after, limit: 9 };
        assert_eq!(database.changes(DESK, &page).unwrap().len(), 1);
    }
    for after in [None, Some(true), Some(false)] {
        let after = after.map(|pinned| ListCursor { pinned, last: Timestamp(i64::MAX / 2), id });
        for name in [None, Some("x".to_owned())] {
            database.list(DESK, &ConversationPage { limit: 1, after, name }).unwrap();
        }
    }
    database.find(DESK.tenant, &[DESK.shop], id).unwrap();
    database.of_member(member(101)).unwrap();
    MemberDirectory::profiles(&database, TenantId(1), &[MemberId(101)]).unwrap();
    database.account_by_name(TenantId(1), "x").unwrap();
    database.set_account_status(AdminId(1), AccountStatus::Disabled).unwrap();
    database.token(&[1; 32]).unwrap();
    database.renew_access(&[1; 32], &[2; 32], 1).unwrap();
    database.revoke_tokens(&[1; 32]).unwrap();
    database.revoked_since(Timestamp(0)).unwrap();
    database.forget_tokens(Timestamp(0)).unwrap();
    database.tenant(TenantId(1)).unwrap();
    database.tenant_by_name("x").unwrap();
    database.file("x").unwrap();
    database.keep_ticket([1; 32], TenantId(1), "x", i64::MAX).unwrap();
    assert!(database.take_ticket(&[1; 32], 0).unwrap().is_some());

    let statements = heard();
    let mut conn = site.sqlite_conn();
    let mut planned = 0;
    let looks = |it: &&String| ["SELECT", "UPDATE", "DELETE"].iter().any(|verb| it.starts_with(verb));
    for statement in statements.iter().filter(looks) {
        for step in plan(&mut conn, statement) {
            planned += 1;
            let fine = !step.starts_with("SCAN") || step == "SCAN CONSTANT ROW";
            assert!(fine && !step.contains("TEMP B-TREE"), "{step}\n{statement}");
        }
    }
    assert!(planned >= 25, "only {planned} steps were planned of {statements:#?}");
}

/// Where the plans of what was asked of the mall's tables have walked, and how many statements that were; a connection
/// that the pool opens meanwhile asks for other things.
fn walked(site: &Site, act: impl FnOnce()) -> (Vec<String>, usize) {
    heard();
    act();
    let mut statements = heard();
    statements.retain(|statement| statement.starts_with("SELECT") && statement.contains("promotion_kefu"));
    let mut conn = site.sqlite_conn();
    let steps = statements.iter().flat_map(|statement| plan(&mut conn, statement));
    (steps.filter(|step| step.starts_with("SEARCH")).collect(), statements.len())
}

#[test]
fn what_is_asked_again_and_again_is_found_by_the_time_and_the_number_of_its_change() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let site = Site::sqlite();
    let database = watched(&site);
    let by_time =
        |step: &String| step.contains("idx_kefu_conversation_change (tenant_id=? AND shop_id=? AND change_time>?");
    let page = |after| ChangedPage { since: Timestamp(0), after, limit: 9 };
    let shops: Vec<_> = (0..300).map(|shop| Scope { shop: ShopId(shop), ..DESK }).collect();

    for after in [None, Some((Timestamp(1), ConversationId(0)))] {
        let (steps, _) = walked(&site, || drop(database.changes(DESK, &page(after)).unwrap()));
        assert!(steps.len() == 1 && steps.iter().all(by_time), "{steps:#?}");
    }
    for (scopes, statements) in [(1, 1), (5, 1), (128, 1), (300, 3)] {
        let (steps, asked) = walked(&site, || drop(database.heads(&shops[..scopes], 10_000).unwrap()));
        assert!(steps.len() >= scopes && steps.iter().all(by_time), "{steps:#?}");
        assert_eq!(asked, statements, "one for 128 scopes");
    }
    let (steps, _) = walked(&site, || drop(database.altered(DESK, ConversationId(1), 7, 9, 9).unwrap()));
    assert!(
        steps.len() == 1 && steps[0].contains("idx_kefu_message_change (conversation_id=? AND change_no>?"),
        "{steps:#?}"
    );
}
