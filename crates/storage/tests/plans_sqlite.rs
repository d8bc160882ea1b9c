//! The statements find their rows by keys: what SQLite plans for each statement that was run is looked at.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::sync::Mutex;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::prelude::*;
use diesel::sql_types::Text;
use kefu_domain::rules::run;
use kefu_domain::{
    Act, Admin, AdminId, ClientMsgId, Command, Content, ConversationPage, ConversationRepository, Draft, Kind,
    ListCursor, MemberDirectory, MemberId, MessagePage, MessageRepository, Store, TenantId, Timestamp,
};
use kefu_storage::AccountStatus;
use support::{DESK, Site, member};

static STATEMENTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

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

#[test]
fn no_statement_scans_or_sorts_a_table() {
    let site = Site::sqlite();
    diesel::connection::set_default_instrumentation(|| Some(Box::new(Listener))).unwrap();
    let database = site.open();
    STATEMENTS.lock().unwrap().clear();

    let id = database.open(member(101)).unwrap();
    let agent = Admin { scope: DESK, id: AdminId(7) };
    let draft = |text| Draft {
        content: Content::new(Kind::Text, text).unwrap(),
        key: ClientMsgId::new(text).unwrap(),
        key_is_ours: false,
    };
    for commands in [
        vec![Command::of_member(member(101), id, Act::Send(draft("one")))],
        vec![
            Command::of_member(member(101), id, Act::Send(draft("two"))),
            Command::of_admin(agent, id, Act::ReadUpTo(1)),
            Command::of_member(member(101), id, Act::ReadUpTo(1)),
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
        assert!(!database.page(DESK, id, &page).unwrap().is_empty(), "{page:?}");
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

    let statements = STATEMENTS.lock().unwrap().clone();
    let mut conn = site.sqlite_conn();
    let mut planned = 0;
    for statement in statements.iter().filter(|it| it.starts_with("SELECT") || it.starts_with("UPDATE")) {
        for step in plan(&mut conn, statement) {
            planned += 1;
            let fine = !step.starts_with("SCAN") || step == "SCAN CONSTANT ROW";
            assert!(fine && !step.contains("TEMP B-TREE"), "{step}\n{statement}");
        }
    }
    assert!(planned >= 25, "only {planned} steps were planned of {statements:#?}");
}
