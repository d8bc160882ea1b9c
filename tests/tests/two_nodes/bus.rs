//! What carries the news between the two goes away, hangs, is cut off from one of them, begins anew, or was never there.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, Cut, FaultProxy, OwnRedis, Server, Setup};

use crate::company::{Company, Seats, Writer};
use crate::house::{SWEPT, at_redis, two_at};

/// A sending that waited for the bus would take two seconds.
const UNAFFECTED: Duration = Duration::from_secs(1);

/// The length of an outage.
const AWAY: Duration = Duration::from_secs(30);

/// The bus is away for these: everybody goes on, no slower than before, and what is said at the one arrives at the
/// other, also where nobody there says anything.
async fn goes_on_without(company: &Company, without: &[&Server]) {
    for server in without {
        server.bus_is_away().await;
    }
    let before = company.answered();
    for writers in [&Writer::ALL[..], &Writer::FIRST, &Writer::SECOND] {
        company.write(writers, company.flow(writers, 5)).await;
        company.crosses(SWEPT).await;
    }
    let usual = company.usual_answer_since(before);
    assert!(usual < UNAFFECTED, "sendings wait for the bus: {usual:?}");
    for server in without {
        let (_, report) = server.readiness().await;
        assert_eq!(report["bus"], "degraded", "it was not away all the time: {report}");
    }
}

/// The bus is there again, and carries what is said.
async fn goes_on_with(company: &Company, servers: [&Server; 2]) {
    let mut heard = Vec::new();
    for server in servers {
        server.bus_is_there().await;
        heard.push(server.metrics().await.sum("kefu_bus_received_total"));
    }
    company.write(&Writer::ALL, company.flow(&Writer::ALL, 5)).await;
    company.crosses(SWEPT).await;
    for (server, before) in servers.into_iter().zip(heard) {
        assert!(server.metrics().await.sum("kefu_bus_received_total") > before, "nothing comes over the bus");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_away_for_thirty_seconds_costs_nobody_a_message() {
    let mut redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let company = Company::gather(&Seats::at(&a, &b)).await;

    company
        .talk(async {
            company.flow(&Writer::ALL, 5).await;
            redis.kill9();
            company.flow(&Writer::ALL, 5).await;
        })
        .await;
    let since = Instant::now();
    while since.elapsed() < AWAY {
        goes_on_without(&company, &[&a, &b]).await;
    }
    company
        .talk(async {
            redis.start_again();
            company.flow(&Writer::ALL, 5).await;
        })
        .await;
    goes_on_with(&company, [&a, &b]).await;

    company.ends_well(&a.books()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_hangs_costs_nobody_a_message() {
    let redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let company = Company::gather(&Seats::at(&a, &b)).await;

    company
        .talk(async {
            company.flow(&Writer::ALL, 5).await;
            redis.freeze();
            company.flow(&Writer::ALL, 5).await;
            for server in [&a, &b] {
                server.bus_is_away().await;
            }
        })
        .await;
    goes_on_without(&company, &[&a, &b]).await;
    company
        .talk(async {
            redis.thaw();
            company.flow(&Writer::ALL, 5).await;
        })
        .await;
    goes_on_with(&company, [&a, &b]).await;

    company.ends_well(&a.books()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_is_restarted_again_and_again_costs_nobody_a_message() {
    let mut redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let company = Company::gather(&Seats::at(&a, &b)).await;

    for _ in 0..3 {
        company
            .talk(async {
                company.flow(&Writer::ALL, 3).await;
                redis.kill9();
                redis.start_again();
                company.flow(&Writer::ALL, 3).await;
            })
            .await;
        goes_on_with(&company, [&a, &b]).await;
    }

    company.ends_well(&a.books()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_cut_off_from_redis_knows_it_and_misses_nothing() {
    let redis = OwnRedis::start();
    let proxy = FaultProxy::before_url(&redis.url(), 5).await;
    let a = at_redis(&redis.url()).start().await;
    let b = at_redis(&proxy.in_place_of(&redis.url())).start_beside(&a).await;
    for server in [&a, &b] {
        server.bus_is_there().await;
    }
    let company = Company::gather(&Seats::at(&a, &b)).await;
    let nobody_hears_it = || proxy.vanish();
    let everybody_hears_it = || {
        proxy.refuse();
        proxy.cut(Cut::Reset);
    };

    for cut_off in [&nobody_hears_it as &dyn Fn(), &everybody_hears_it] {
        company
            .talk(async {
                company.flow(&Writer::ALL, 5).await;
                cut_off();
                company.flow(&Writer::ALL, 5).await;
                b.bus_is_away().await;
            })
            .await;
        goes_on_without(&company, &[&b]).await;
        let (status, report) = a.readiness().await;
        assert_eq!((status, &report["bus"]), (200, &"ok".into()), "the other has no part in it: {report}");
        company
            .talk(async {
                proxy.heal();
                company.flow(&Writer::ALL, 5).await;
            })
            .await;
        goes_on_with(&company, [&a, &b]).await;
    }

    company.ends_well(&a.books()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_with_nothing_between_them_but_the_database_miss_nothing() {
    let (a, b) = Setup::on(Backend::MariaDb).start_two().await;
    let company = Company::gather(&Seats::at(&a, &b)).await;

    for _ in 0..3 {
        for writers in [&Writer::ALL[..], &Writer::FIRST, &Writer::SECOND] {
            company.write(writers, company.flow(writers, 5)).await;
            company.crosses(SWEPT).await;
        }
    }

    company.ends_well(&a.books()).await;
    assert_eq!(a.readiness().await.1["state"], "ok", "what is not wanted is not missed");
}
