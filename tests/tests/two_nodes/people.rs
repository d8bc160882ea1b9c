//! Who is at which server, and who may no longer be.

use std::time::Duration;

use kefu_tests::{OwnRedis, PATIENCE, Side, text};
use reqwest::Method;
use serde_json::json;

use crate::company::{Company, Seats, Writer, shows_all};
use crate::house::two_at;

/// The people of a server that is killed are gone by then.
const FORGOTTEN: Duration = Duration::from_secs(15);
/// Whoever has lost a token is shown out by then, at every server.
const SHOWN_OUT: Duration = Duration::from_secs(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_people_of_a_killed_server_are_gone_within_fifteen_seconds_and_back_with_it() {
    let redis = OwnRedis::start();
    let (mut a, b) = two_at(&redis.url()).await;
    let company = Company::gather(&Seats::at(&a, &b)).await;
    // The shopper's page has member 101 at the second server too; without it she is at the first alone.
    let Company { alice, carol, desks, shopper, console, of_alice, .. } = company;
    drop(shopper);
    let agent = b.agent(7);
    agent.sees_online(2, 2, PATIENCE).await;
    assert_eq!(agent.online_members("101,102").await, json!([101, 102]));

    a.kill9();
    agent.sees_online(1, 1, FORGOTTEN).await;
    assert_eq!(agent.online_members("101,102").await, json!([102]), "the agent is at both, and stays");

    let missed = desks[1].send_to(of_alice, &text("missed")).await;
    a.start_again().await;
    alice.until("what she missed", |state| state.applied().iter().any(|one| one.id == missed.id)).await;
    agent.sees_online(2, 2, PATIENCE).await;
    let (books, last) = (b.books(), alice.send(&text("back")).await);
    for reader in [&alice, &desks[1]] {
        reader.read(of_alice, last.seq).await.expect("it is read");
    }
    for client in [&alice, &carol, &desks[0], &desks[1]] {
        shows_all(client, &books).await;
    }
    console.until("its next socket", |state| state.open_sockets() == 1).await;
    books.came_once_to(&console, of_alice);
    books.audit();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_out_at_one_server_is_shown_out_of_a_kefu_v2_socket_at_the_other() {
    const PASSWORD: &str = "Richtig7Pferd";
    let redis = OwnRedis::start();
    let (a, b) = two_at(&redis.url()).await;
    let company = Company::gather(&Seats::at(&a, &b)).await;
    a.hire("bobby", PASSWORD).await;
    let login = async || {
        let login = a.log_in("bobby", PASSWORD).await;
        [&a, &b].map(|server| server.person_with(Side::Agent, login.id, &login.access))
    };
    let ([leaves, leaves_at_b], [_, stays]) = (login().await, login().await);
    // With a ticket of the one at the other.
    let (gone, kept) = (leaves_at_b.v2().with_tickets_of(&leaves).join(), stays.join());
    for client in [&gone, &kept] {
        client.open(company.of_alice).await;
    }

    company
        .talk(async {
            company.flow(&Writer::ALL, 2).await;
            leaves.ask(leaves.request_to(Method::POST, "/admin-api/system/auth/logout")).await.ok();
            gone.wait("its end", SHOWN_OUT, |state| !state.endings().is_empty()).await;
            company.flow(&Writer::ALL, 2).await;
        })
        .await;

    assert_eq!(gone.endings()[0].code, Some(4401));
    assert_eq!(leaves_at_b.ticket().await, None, "no ticket for a token that was given back");
    let came = gone.frames().len();
    company.ends_well(&a.books()).await;
    shows_all(&kept, &a.books()).await;
    assert_eq!(gone.frames().len(), came, "who was shown out hears nothing more");
    assert_eq!(gone.state().connections(), 1);
    let told = gone.thread(company.of_alice).expect("it was open").cursor().change;
    assert!(told < kept.thread(company.of_alice).expect("it is open").cursor().change);
}
