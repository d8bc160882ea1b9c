//! A page takes a pong that is late for a line that is dead.

use std::time::Duration;

use kefu_tests::{Backend, Load, MallPage, Pace, Server, WhenCut};

/// What the server says of its pongs: how many there were, and how many took at most a tenth of a second from the ping
/// to the socket's writer.
async fn pongs(server: &Server) -> (f64, f64) {
    let body = server.get("/metrics").await.expect("an answer").body;
    let value = |name: &str| {
        let line = body.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.trim().parse::<f64>().ok()).expect("a number")
    };
    (value("kefu_pong_seconds_count "), value("kefu_pong_seconds_bucket{le=\"0.1\"} "))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pongs_are_not_late_while_many_write() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let pages: Vec<MallPage> = (1..=4)
        .flat_map(|n| {
            let page = MallPage::console(&server.agent(n), Pace::console());
            [page, MallPage::shopper(&server.member(n), Pace::shopper())]
        })
        .collect();
    for page in &pages {
        page.until("its socket", |state| state.open_sockets() == 1).await;
    }

    let writers = (1..=8).map(|n| server.member(n)).collect();
    let mut load = Load::endless(writers, WhenCut::Retry);
    load.wait_until("a flow", |tally| tally.acknowledged >= 50).await;
    // The pages' own pace: so many pings, while the others write.
    for page in &pages {
        page.until("its pings", |state| state.sockets.iter().any(|socket| socket.pongs >= 2)).await;
    }
    let outcome = load.finish().await;

    assert!(outcome.tally.acknowledged >= 100, "nobody wrote much: no test of anything");
    let (all, in_time) = pongs(&server).await;
    assert!(all >= 16.0 && in_time / all >= 0.9, "{in_time} of {all} pongs took less than a tenth of a second");
    for page in &pages {
        let state = page.state();
        let used = state.sockets.iter().filter(|socket| !socket.closed_by_page).count();
        assert_eq!(
            (used, state.open_sockets()),
            (1, 1),
            "a page took its line for dead; slowest {:?}",
            state.slowest_pong
        );
        assert!(state.slowest_pong < Duration::from_secs(1));
    }
}
