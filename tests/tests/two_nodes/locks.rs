//! One of the two stops in the middle of a transaction, with its rows locked.

use std::time::{Duration, Instant};

use kefu_tests::{Answer, Books, FaultProxy, MallPage, OwnRedis, PATIENCE, Pace, Person, Server, Way, text};

use crate::company::{Company, Seats, Writer, covered, found_by_reloading};
use crate::house::at_redis;

/// So long each answer of the database is on its way to the first server: most of the time a transaction of its is open.
const LATE: Duration = Duration::from_millis(20);
/// The most statements that a transaction here has, and some.
const STATEMENTS: usize = 8;
/// Nobody waits longer for what somebody else has locked: six seconds, and two for a machine that is busy.
const NOBODY_WAITS_LONGER: Duration = Duration::from_secs(8);
/// The length of the disturbance.
const STANDS_STILL: Duration = Duration::from_secs(20);

/// How many transactions have held rows of this database and done nothing for seconds.
fn held_by_a_sleeper(books: &Books) -> i64 {
    books.number(
        "SELECT COUNT(*) AS number FROM information_schema.INNODB_TRX t \
         JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id \
         WHERE p.DB = DATABASE() AND p.COMMAND = 'Sleep' AND p.TIME >= 4 AND t.trx_rows_locked > 0",
    )
}

/// Waits until so many more statements were sent to the database.
async fn statements(proxy: &FaultProxy, count: usize) {
    for _ in 0..count {
        let before = proxy.carried(Way::Up);
        while proxy.carried(Way::Up) == before {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Stops a server, each time at another statement, until the conversation is locked: until somebody at the other server
/// is told so, when he tries to say something in it.
async fn freeze_while_it_holds(server: &Server, proxy: &FaultProxy, bob: &Person, conversation: i64) -> Instant {
    for attempt in 0..100 {
        statements(proxy, attempt % STATEMENTS + 1).await;
        server.freeze();
        let since = Instant::now();
        let answer = bob.send_to(conversation, &text("may I?"), Some(&format!("try-{attempt}"))).await;
        if answer.code == 503 {
            waited_in_time(&answer);
            return since;
        }
        answer.ok();
        server.thaw();
    }
    panic!("it never stopped in the middle of a transaction");
}

fn waited_in_time(answer: &Answer) {
    assert!(answer.took < NOBODY_WAITS_LONGER, "{:?}", answer.took);
    let later = answer.header("retry-after").and_then(|seconds| seconds.parse::<u64>().ok());
    assert!(later.is_some_and(|seconds| seconds >= 1), "whoever is put off is told until when");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_stands_still_with_its_rows_locked_is_in_nobodys_way_but_theirs() {
    let redis = OwnRedis::start();
    let b = at_redis(&redis.url()).start().await;
    let proxy = FaultProxy::before_url(b.place().url(), 6).await;
    let a = at_redis(&redis.url()).with_database_behind(&proxy).start_beside(&b).await;
    for server in [&a, &b] {
        server.bus_is_there().await;
    }
    let (books, company) = (b.books(), Company::gather(&Seats::at(&a, &b)).await);
    let (bob, of_alice) = (b.agent(9), company.of_alice);
    company.talk(company.flow(&Writer::ALL, 5)).await;

    proxy.delay(Way::Down, LATE, Duration::ZERO);
    company
        .write(&[Writer::Alice, Writer::Carol, Writer::SecondDesk], async {
            company.flow(&[Writer::Alice], 1).await;
            let before = company.answered();
            let since = freeze_while_it_holds(&a, &proxy, &bob, of_alice).await;
            assert_eq!(held_by_a_sleeper(&books), 1, "he was refused for another reason");

            // Nobody else is held up meanwhile.
            company.flow(&[Writer::Carol], 10).await;
            let usual = company.usual_answer_since(before);
            assert!(usual < Duration::from_secs(1), "what is not locked waits too: {usual:?}");

            // The database takes the rows away from whoever does nothing with them.
            loop {
                let answer = bob.send_to(of_alice, &text("held up"), Some("held-up")).await;
                if answer.code != 503 {
                    answer.ok();
                    break;
                }
                waited_in_time(&answer);
                assert!(since.elapsed() < PATIENCE, "the rows stay locked");
            }
            while since.elapsed() < STANDS_STILL {
                company.flow(&[Writer::Carol, Writer::SecondDesk], 3).await;
            }

            a.thaw();
            proxy.heal();
            company.flow(&[Writer::Alice], 5).await;
        })
        .await;
    company.talk(company.flow(&Writer::ALL, 5)).await;

    company.clients_end_well(&books).await;
    covered(&company.shopper, of_alice, &books).await;
    // The server of this page has answered no ping for a while.
    let console = MallPage::console(&a.agent(8), Pace::console());
    console.select(of_alice).await;
    found_by_reloading(&company.console, &console, of_alice, &books).await;
    books.audit();
    let of_bob = books.messages(of_alice).iter().filter(|row| row.key.as_deref() == Some("held-up")).count();
    assert_eq!(of_bob, 1);
}
