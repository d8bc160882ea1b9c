//! Real faults of real servers, and what becomes of the work.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use kefu_domain::rules::run;
use kefu_domain::{
    Act, AdminId, ClientMsgId, Command, Content, ConversationId, ConversationRepository, Draft, Kind, MessagePage,
    MessageRepository, Party, Profile, Side, Store, StoreError, TenantId,
};
use kefu_storage::{AccountStatus, Database, NewAccount, NewToken, Options};
use support::proxy::{Cut, Proxy};
use support::{DESK, Site, member};

fn say(id: ConversationId, key: &str, text: &str) -> Command {
    let content = Content::new(Kind::Text, text).unwrap();
    let draft = Draft { content, key: ClientMsgId::new(key).unwrap(), key_is_ours: false, quote: None };
    Command::of_member(member(101), id, Act::Send(draft))
}

/// Runs one command. The server may not have noticed yet that an earlier connection was cut, and keep its locks.
fn attempt(database: &Database, command: &Command) -> Result<usize, StoreError> {
    let began = Instant::now();
    let mut transaction = loop {
        let mut transaction = database.begin(&[command.need(true)])?;
        if !transaction.work().must_wait_for(command.conversation) {
            break transaction;
        }
        assert!(began.elapsed() < Duration::from_secs(10), "the row stays locked");
    };
    run(transaction.work(), command).unwrap();
    transaction.commit().map(|committed| committed.messages.len())
}

fn stored(database: &Database, id: ConversationId) -> usize {
    database.page(DESK, id, Side::Desk, &MessagePage::SinceSeq(0, 100)).unwrap().len()
}

/// A MariaDB that can be cut off.
fn behind_a_proxy() -> (Site, Proxy, Database) {
    let site = Site::mariadb();
    let proxy = Proxy::before(site.server());
    let database = Database::connect(&site.address_via(proxy.port()), &Options::default()).unwrap();
    (site, proxy, database)
}

#[test]
fn a_commit_that_was_not_answered_may_have_happened() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();
    let command = say(id, "once", "hi");

    proxy.plan(Cut::AfterCommit);
    assert!(matches!(attempt(&database, &command), Err(StoreError::FateUnknown(_))));
    assert_eq!(stored(&database, id), 1);
    assert_eq!(attempt(&database, &command).unwrap(), 0, "run again, it finds itself");

    assert_eq!(stored(&database, id), 1);
}

#[test]
fn a_commit_that_was_not_answered_may_not_have_happened() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();
    let command = say(id, "once", "hi");

    proxy.plan(Cut::BeforeCommit);
    assert!(matches!(attempt(&database, &command), Err(StoreError::FateUnknown(_))));
    assert_eq!(stored(&database, id), 0);
    assert_eq!(attempt(&database, &command).unwrap(), 1, "run again, it is stored");

    assert_eq!(stored(&database, id), 1);
}

#[test]
fn a_line_cut_before_the_commit_is_no_doubt() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();
    let command = say(id, "once", "hi");

    let mut transaction = database.begin(&[command.need(false)]).unwrap();
    run(transaction.work(), &command).unwrap();
    proxy.cut();

    assert!(matches!(transaction.commit(), Err(StoreError::Unavailable(_))));
    assert_eq!(stored(&database, id), 0);
}

#[test]
fn a_reader_does_not_notice_that_idle_lines_were_cut() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();

    for _ in 0..3 {
        proxy.cut();
        assert!(database.find(DESK.tenant, &[DESK.shop], id).unwrap().is_some());
    }
}

#[test]
fn one_writer_notices_for_all() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();
    // Several connections lie in the pool now.
    let several: Vec<_> = (0..4).map(|_| database.begin(&[]).unwrap()).collect();
    drop(several);

    proxy.cut();
    assert!(matches!(attempt(&database, &say(id, "a", "lost")), Err(StoreError::Unavailable(_))));

    for at in 0..8 {
        assert_eq!(attempt(&database, &say(id, &format!("b{at}"), "hi")).unwrap(), 1);
    }
}

#[test]
fn a_server_that_is_gone_is_said_so_in_time_and_found_again() {
    let (_site, proxy, database) = behind_a_proxy();
    let id = database.open(member(101)).unwrap();
    proxy.refuse(true);
    proxy.cut();

    let began = Instant::now();
    for _ in 0..2 {
        assert!(matches!(database.find(DESK.tenant, &[DESK.shop], id), Err(StoreError::Unavailable(_))));
    }
    assert!(matches!(attempt(&database, &say(id, "a", "hi")), Err(StoreError::Unavailable(_))));
    assert!(database.ping().is_err());
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());

    proxy.refuse(false);
    let back = Instant::now();
    while let Err(error) = database.ping() {
        assert!(back.elapsed() < Duration::from_secs(20), "{error:?}");
    }
    let found = loop {
        match attempt(&database, &say(id, "a", "hi")) {
            Ok(found) => break found,
            Err(error) => assert!(back.elapsed() < Duration::from_secs(20), "{error:?}"),
        }
    };
    assert_eq!(found, 1);
}

fn account(database: &Database) -> AdminId {
    let new = NewAccount {
        tenant: TenantId(1),
        username: "lili".to_owned(),
        password_hash: "x".to_owned(),
        nickname: "lili".to_owned(),
        avatar: None,
        roles: Vec::new(),
        shops: kefu_domain::Shops::platform(),
    };
    database.add_account(&new).unwrap().unwrap()
}

#[test]
fn a_row_that_is_not_to_be_had_is_a_lost_race() {
    let site = Site::mariadb();
    let database = site.open();
    let id = account(&database);
    let mut holder = site.mysql_conn();
    holder.batch_execute("START TRANSACTION; SELECT * FROM kefu_account FOR UPDATE").unwrap();

    let began = Instant::now();
    let result = database.set_password(id, "y");

    assert!(matches!(result, Err(StoreError::Contended(_))), "{result:?}");
    assert!((Duration::from_secs(2)..Duration::from_secs(5)).contains(&began.elapsed()), "{:?}", began.elapsed());
    holder.batch_execute("COMMIT").unwrap();
    assert!(database.set_password(id, "y").unwrap());
}

#[test]
fn a_deadlock_is_run_again() {
    let site = Site::mariadb();
    let database = site.open();
    let id = account(&database);
    let new = NewToken {
        access: [1; 32],
        refresh: [2; 32],
        owner: Party::Admin(id),
        tenant: TenantId(1),
        access_lives_ms: 60_000,
        refresh_lives_ms: 60_000,
    };
    database.add_tokens(&new).unwrap();
    let mut other = site.mysql_conn();
    // The one that has written less is the victim: that shall be the database's.
    other
        .batch_execute(
            "START TRANSACTION;
             INSERT INTO kefu_profile SELECT seq, 1, 1, '', '', 0 FROM seq_1_to_1000;
             SELECT * FROM kefu_token FOR UPDATE",
        )
        .unwrap();
    let deadlocks = "SELECT CAST(variable_value AS SIGNED) AS value FROM information_schema.global_status
                     WHERE variable_name = 'INNODB_DEADLOCKS'";
    let before = site.number(deadlocks);

    std::thread::scope(|threads| {
        // Locks the account, then waits for its tokens.
        let disabling = threads.spawn(|| database.set_account_status(id, AccountStatus::Disabled));
        let at_the_tokens = "SELECT COUNT(*) AS value FROM information_schema.processlist
                             WHERE db = DATABASE() AND id <> CONNECTION_ID() AND info LIKE '%kefu_token%'";
        let began = Instant::now();
        while site.number(at_the_tokens) == 0 {
            assert!(began.elapsed() < Duration::from_secs(2), "nobody waits");
        }
        other.batch_execute("SELECT * FROM kefu_account FOR UPDATE; COMMIT").unwrap();
        assert!(disabling.join().unwrap().unwrap());
    });

    assert!(site.number(deadlocks) > before);
    assert_eq!(database.account(id).unwrap().unwrap().status, AccountStatus::Disabled);
    assert!(database.token(&[1; 32]).unwrap().unwrap().revoked.is_some());
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let site = Site::mariadb();
    let database = site.open();
    site.run("CREATE TRIGGER slow BEFORE INSERT ON kefu_profile FOR EACH ROW SET NEW.nickname = SLEEP(30)");

    let began = Instant::now();
    let result = database.remember_profile(TenantId(1), 1, 101, &Profile::default());

    assert!(matches!(result, Err(StoreError::Contended(_))), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn a_session_is_settled_before_it_is_used() {
    let site = Site::mariadb();
    let database = site.open();
    site.run(
        "CREATE TRIGGER tell BEFORE INSERT ON kefu_profile FOR EACH ROW
         SET NEW.nickname = CONCAT_WS(' ', @@session.time_zone, @@session.tx_isolation,
             @@session.max_statement_time, @@session.idle_transaction_timeout, @@session.innodb_lock_wait_timeout,
             @@session.lc_messages)",
    );

    database.remember_profile(TenantId(1), 1, 101, &Profile::default()).unwrap();

    let told = site.text("SELECT nickname AS value FROM kefu_profile").unwrap();
    assert_eq!(told, "+08:00 READ-COMMITTED 5.000000 10 2 en_US");
}

#[test]
fn a_batch_too_large_for_the_server_is_its_data_s_fault() {
    let site = Site::mariadb();
    let address = format!("{}?max_allowed_packet=100000", site.address);
    let database = Database::connect(&address, &Options::default()).unwrap();
    let id = database.open(member(101)).unwrap();
    let commands: Vec<_> = (0..4).map(|at| say(id, &format!("k{at}"), &"😀".repeat(8000))).collect();
    let needs: Vec<_> = commands.iter().map(|command| command.need(false)).collect();

    let mut transaction = database.begin(&needs).unwrap();
    for command in &commands {
        run(transaction.work(), command).unwrap();
    }
    let result = transaction.commit();

    assert!(matches!(result, Err(StoreError::Failed(_))), "{result:?}");
    for command in &commands {
        assert_eq!(attempt(&database, command).unwrap(), 1, "each alone fits");
    }
}

#[test]
fn text_that_does_not_fit_its_column_is_refused_and_not_cut() {
    let site = Site::mariadb();
    let database = site.open();
    let id = account(&database);

    let result = database.set_password(id, &"x".repeat(256));

    assert!(matches!(result, Err(StoreError::Failed(_))), "{result:?}");
    assert_eq!(database.account(id).unwrap().unwrap().password_hash, "x");
}

#[test]
fn another_process_s_write_lock_is_a_lost_race() {
    let site = Site::sqlite();
    let database = site.open();
    let id = database.open(member(101)).unwrap();
    let mut holder = site.sqlite_conn();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();

    let began = Instant::now();
    let result = attempt(&database, &say(id, "a", "hi"));
    assert!(matches!(result, Err(StoreError::Contended(_))), "{result:?}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(stored(&database, id), 0, "readers do not wait");
    holder.batch_execute("COMMIT").unwrap();

    assert_eq!(attempt(&database, &say(id, "a", "hi")).unwrap(), 1);
}

#[test]
fn nobody_starves_behind_a_busy_lane() {
    let site = Site::sqlite();
    let database = &site.open();
    let id = database.open(member(101)).unwrap();
    let (stop, stopped) = std::sync::mpsc::channel::<()>();

    std::thread::scope(|threads| {
        let lane = threads.spawn(move || {
            let mut at = 0;
            while let Err(std::sync::mpsc::TryRecvError::Empty) = stopped.try_recv() {
                attempt(database, &say(id, &format!("k{at}"), "hi")).unwrap();
                at += 1;
            }
        });
        let began = Instant::now();
        for visitor in 200..250 {
            database.open(member(visitor)).unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        stop.send(()).unwrap();
        lane.join().unwrap();
    });
}
