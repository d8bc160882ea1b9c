//! The server dies, and the database does.

use kefu_tests::{Backend, OwnMariaDb, Server, Setup, on_both};

use crate::crowd::Crowd;

on_both! {
    async fn a_server_that_is_killed_twice_under_load_loses_doubles_and_swaps_nothing(backend) {
        let mut server = Server::start(backend, &[]).await;
        let mut crowd = Crowd::gather(&server).await;

        for _ in 0..2 {
            crowd.until_more_was_said(40).await;
            assert!(crowd.is_busy(), "nothing was under way: no test of anything");
            server.kill9();
            server.start_again().await;
        }
        crowd.until_more_was_said(20).await;

        let outcome = crowd.settle(&server).await;
        assert!(outcome.tally.cut > 0, "nobody noticed: no test of anything");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_twice_under_load_loses_doubles_and_swaps_nothing() {
    let mut own = OwnMariaDb::start();
    let server = Setup::on(Backend::MariaDbAt(own.url())).start().await;
    let mut crowd = Crowd::gather(&server).await;

    for _ in 0..2 {
        crowd.until_more_was_said(40).await;
        assert!(crowd.is_busy(), "nothing was under way: no test of anything");
        own.kill9();
        own.start_again();
    }
    crowd.until_more_was_said(20).await;

    crowd.settle(&server).await;
}
