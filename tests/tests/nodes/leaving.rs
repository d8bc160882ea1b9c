//! A server that stops while another goes on.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, Nodes, PATIENCE, Setup, SocketOptions, V2Start, text};
use nix::sys::signal::Signal;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_told_to_stop_sends_whoever_understands_it_elsewhere_and_serves_the_others_meanwhile() {
    // Longer than anything here that is not the stop's own waiting takes.
    let setup = Setup::on(Backend::MariaDb).set("server.leave_seconds", 15);
    let (mut a, b) = setup.start_two().await;
    let (alice, carol) = (a.member(101), a.member(102));
    let first = alice.send(&text("hello"), None).await.ok();
    let device = V2Start::member(Nodes::of(&[&a, &b]), &alice.token).join();
    let page = carol.listen().await;
    device.until("what she has said", |state| state.applied().len() == 1).await;

    a.process().signal(Signal::SIGTERM);
    a.until("the stop", |report| report["state"] == "stopping").await;

    assert_eq!(a.readiness().await.0, 503);
    let refused = carol.try_listen(SocketOptions::default()).await;
    assert_eq!(refused.err().and_then(|refused| refused.status), Some(503));
    carol.send(&text("still here"), None).await.ok();
    page.wait_until("her message", |frames| frames.len() == 1).await;
    device
        .until("the move", |state| state.tallies().byes == 1 && state.connections() == 2 && state.is_connected())
        .await;
    assert_eq!(device.send(&text("from elsewhere")).await.seq, first.seq() + 1);
    device.flawless();

    // Whoever is in a hurry says it twice.
    let since = Instant::now();
    let status = a.terminate(PATIENCE).await;
    assert_eq!(status.and_then(|status| status.code()), Some(1), "it has not done everything");
    assert!(since.elapsed() < Duration::from_secs(5), "{:?}", since.elapsed());
}
