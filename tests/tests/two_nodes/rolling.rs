//! One after the other is stopped and started, as for a new version.

use kefu_tests::{FaultProxy, MallPage, OwnRedis, PATIENCE, Pace, Person, Server};
use nix::sys::signal::Signal;

use crate::company::{Company, Seats, Writer, found_by_reloading};
use crate::house::at_redis;

/// Stops a server and starts it again. Newcomers are led to the other as soon as it says that it stops, as a balancer
/// does that asks for its readiness.
async fn renew(server: &mut Server, other: &Server, balancer: &FaultProxy, company: &Company) {
    company.flow(&Writer::ALL, 3).await;
    server.process().signal(Signal::SIGTERM);
    server.until("the stop", |report| report["state"] == "stopping").await;
    balancer.lead_to(other.address());
    let status = server.wait_for_end(PATIENCE).await;
    assert!(status.is_some_and(|status| status.success()), "it did not stop well: {status:?}");

    company.flow(&Writer::ALL, 3).await;
    for page in [&company.shopper, &company.console] {
        page.until("its next socket", |state| state.open_sockets() == 1).await;
    }
    server.start_again().await;
    server.bus_is_there().await;
}

/// No sending was refused or put off, and none was said more than twice: at most one is on its way at each move.
fn retried_at_most_once(company: &Company) {
    for client in company.clients() {
        let (state, tallies) = (client.state(), client.tallies());
        assert!(state.outbox().refusals().is_empty(), "{:?}", state.outbox().refusals());
        assert_eq!(tallies.put_off, 0, "{tallies:?}");
        assert!(tallies.repeated < state.connections(), "{tallies:?} on {} connections", state.connections());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_loses_no_message_and_fails_no_sending() {
    let redis = OwnRedis::start();
    let setup = at_redis(&redis.url()).set("server.leave_seconds", 2);
    let (mut a, mut b) = setup.start_two().await;
    let balancer = a.behind_proxy(7).await;
    let company = Company::gather(&Seats::at(&a, &b).with_pages_at(balancer.address())).await;

    company
        .talk(async {
            renew(&mut a, &b, &balancer, &company).await;
            renew(&mut b, &a, &balancer, &company).await;
            company.flow(&Writer::ALL, 3).await;
        })
        .await;

    let books = a.books();
    company.clients_end_well(&books).await;
    retried_at_most_once(&company);
    let byes: usize = company.clients().iter().map(|client| client.tallies().byes).sum();
    assert!(byes >= 4, "only {byes} were asked to go elsewhere");
    let by_balancer = |person: Person| person.by_way_of(balancer.address());
    let shopper = MallPage::shopper(&by_balancer(a.member(101)), Pace::shopper());
    let console = MallPage::console(&by_balancer(a.agent(8)), Pace::console());
    console.select(company.of_alice).await;
    for (page, again) in [(&company.shopper, &shopper), (&company.console, &console)] {
        assert!(page.state().sockets.len() >= 3, "it has come back each time");
        found_by_reloading(page, again, company.of_alice, &books).await;
    }
    books.audit();
}
