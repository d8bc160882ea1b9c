use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::*;

/// Says back what it hears, in a task for every line.
async fn parrot() -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut line, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = line.split();
                let _ = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    address
}

async fn scene() -> (FaultProxy, TcpStream) {
    let proxy = FaultProxy::before(parrot().await, 7).await;
    let line = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.until("the line", |counts| counts.opened == 1).await;
    (proxy, line)
}

async fn hear(line: &mut TcpStream, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    timeout(PATIENCE, line.read_exact(&mut bytes)).await.expect("in time").expect("so many bytes");
    bytes
}

/// Nothing comes, for so long that it would have come.
async fn hears_nothing(line: &mut TcpStream) -> bool {
    timeout(Duration::from_millis(150), line.read_u8()).await.is_err()
}

#[tokio::test]
async fn a_good_line_changes_nothing_and_passes_ends_on() {
    let (proxy, mut line) = scene().await;
    let said: Vec<u8> = (0..200_000_u32).map(|n| (n % 251) as u8).collect();

    let (mut from, mut to) = line.split();
    let mut heard = Vec::new();
    let writing = async {
        to.write_all(&said).await.unwrap();
        to.shutdown().await.unwrap();
    };
    let (_, read) = tokio::join!(writing, timeout(PATIENCE, from.read_to_end(&mut heard)));

    read.expect("in time").expect("an end, not an error");
    assert_eq!(heard, said);
    assert_eq!((proxy.carried(Way::Up), proxy.carried(Way::Down)), (200_000, 200_000));
    let counts = proxy.until("the end", |counts| counts.ended == 1).await;
    assert_eq!(counts, Counts { opened: 1, ended: 1, cut: 0, refused: 0 });
}

#[tokio::test]
async fn slices_and_delays_change_neither_bytes_nor_order() {
    let (proxy, mut line) = scene().await;
    proxy.slice(7);
    proxy.delay(Way::Down, Duration::from_millis(60), Duration::from_millis(20));
    let since = Instant::now();

    let said: Vec<u8> = (0..=255).collect();
    line.write_all(&said).await.unwrap();
    let mut first = vec![0; 256];
    let most = timeout(PATIENCE, line.read(&mut first)).await.unwrap().unwrap();
    let rest = hear(&mut line, 256 - most).await;

    assert_eq!([&first[..most], &rest].concat(), said);
    assert!(since.elapsed() >= Duration::from_millis(60), "it came too early: {:?}", since.elapsed());
    // Late is not slow: what is said at once arrives at once.
    assert!(since.elapsed() < Duration::from_secs(5), "every piece waited for the one before");
}

#[tokio::test]
async fn a_cut_is_a_reset_or_an_end_as_it_is_told() {
    for how in [Cut::Reset, Cut::End] {
        let (proxy, mut line) = scene().await;
        line.write_all(b"x").await.unwrap();
        hear(&mut line, 1).await;

        proxy.cut(how);

        let end = timeout(PATIENCE, line.read_u8()).await.expect("in time").expect_err("nothing more comes");
        let reset = end.kind() == std::io::ErrorKind::ConnectionReset;
        assert_eq!(reset, how == Cut::Reset, "{how:?}: {end}");
        drop(line);
        proxy.until("its end", |counts| (counts.cut, counts.ended) == (1, 1)).await;
        let mut next = TcpStream::connect(proxy.address()).await.unwrap();
        next.write_all(b"y").await.unwrap();
        assert_eq!(hear(&mut next, 1).await, b"y", "a cut concerns the lines there are");
    }
}

#[tokio::test]
async fn a_cut_after_so_many_bytes_lets_exactly_those_pass() {
    let (proxy, mut line) = scene().await;
    proxy.cut_after(Way::Down, 5, Cut::End);

    line.write_all(b"ab").await.unwrap();
    hear(&mut line, 2).await;
    line.write_all(b"cdefgh").await.unwrap();

    let mut heard = Vec::new();
    timeout(PATIENCE, line.read_to_end(&mut heard)).await.expect("in time").expect("an end");
    assert_eq!(heard, b"cde");
    assert_eq!(proxy.carried(Way::Up), 8, "the other way has passed");
}

#[tokio::test]
async fn a_cut_before_certain_bytes_sees_them_across_pieces_and_only_once() {
    let (proxy, mut line) = scene().await;
    proxy.cut_before(Way::Down, b"STOP", Cut::End);

    line.write_all(b"go ST").await.unwrap();
    hear(&mut line, 5).await;
    line.write_all(b"OP now").await.unwrap();
    let mut heard = Vec::new();
    timeout(PATIENCE, line.read_to_end(&mut heard)).await.expect("in time").expect("an end");
    assert_eq!(heard, b"", "what has not passed does not");

    let mut next = TcpStream::connect(proxy.address()).await.unwrap();
    next.write_all(b"STOP").await.unwrap();
    assert_eq!(hear(&mut next, 4).await, b"STOP");
}

#[tokio::test]
async fn a_stalled_way_keeps_everything_for_later_and_leaves_the_other_alone() {
    let (proxy, mut line) = scene().await;
    proxy.stall(Way::Down);

    line.write_all(b"late").await.unwrap();
    assert!(hears_nothing(&mut line).await);
    assert_eq!(proxy.carried(Way::Up), 4);

    proxy.heal();
    assert_eq!(hear(&mut line, 4).await, b"late");
    assert_eq!(proxy.counts().cut, 0);
}

#[tokio::test]
async fn a_stalled_way_is_felt_by_whoever_writes() {
    let (proxy, mut line) = scene().await;
    proxy.stall(Way::Up);

    let much = vec![0; 1 << 20];
    let mut taken = 0;
    let flood = async {
        while taken < 1 << 26 {
            taken += line.write(&much).await.unwrap();
        }
    };

    assert!(timeout(Duration::from_millis(500), flood).await.is_err(), "the proxy holds 64 MiB of a line that stands");
    assert_eq!(proxy.carried(Way::Up), 0);
}

#[tokio::test]
async fn a_vanished_line_looks_alive_and_is_reset_when_all_is_well_again() {
    let (proxy, mut line) = scene().await;
    let mut idle = TcpStream::connect(proxy.address()).await.unwrap();
    proxy.until("both lines", |counts| counts.opened == 2).await;
    proxy.vanish();

    line.write_all(b"nobody hears this").await.unwrap();
    assert!(hears_nothing(&mut line).await);
    assert_eq!((proxy.lines(), proxy.carried(Way::Up)), (2, 0));

    proxy.heal();
    let end = timeout(PATIENCE, line.read_u8()).await.expect("in time").expect_err("no byte");
    assert_eq!(end.kind(), std::io::ErrorKind::ConnectionReset);
    idle.write_all(b"x").await.unwrap();
    assert_eq!(hear(&mut idle, 1).await, b"x", "nothing of it was lost");
}

#[tokio::test]
async fn not_even_an_end_passes_a_vanished_line() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let proxy = FaultProxy::before(listener.local_addr().unwrap(), 1).await;
    for reset in [false, true] {
        let client = TcpStream::connect(proxy.address()).await.unwrap();
        let (mut server, _) = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap();
        proxy.vanish();
        if reset {
            client.set_zero_linger().unwrap();
        }
        drop(client);

        assert!(hears_nothing(&mut server).await, "the server knows that its client is gone, reset: {reset}");
        proxy.heal();
        assert!(timeout(PATIENCE, server.read_u8()).await.expect("in time").is_err());
    }
}

#[tokio::test]
async fn whoever_comes_is_sent_away_while_it_refuses_and_when_nobody_is_there() {
    let (proxy, mut line) = scene().await;
    proxy.refuse();

    let mut sent_away = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(timeout(PATIENCE, sent_away.read_u8()).await.expect("in time").is_err());
    line.write_all(b"x").await.unwrap();
    assert_eq!(hear(&mut line, 1).await, b"x", "whoever is there stays");

    proxy.heal();
    let gone = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    proxy.lead_to(gone.local_addr().unwrap());
    drop(gone);
    let mut sent_away = TcpStream::connect(proxy.address()).await.unwrap();
    assert!(timeout(PATIENCE, sent_away.read_u8()).await.expect("in time").is_err());
    proxy.until("two refusals", |counts| counts.refused == 2).await;
}

#[tokio::test]
async fn it_ends_with_its_drop_and_its_lines_with_it() {
    let (proxy, mut line) = scene().await;
    let address = proxy.address();

    drop(proxy);

    assert!(timeout(PATIENCE, line.read_u8()).await.expect("in time").is_err());
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[test]
fn an_address_of_the_settings_is_led_through_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let proxy = FaultProxy::before(SocketAddr::from(([127, 0, 0, 1], 1)), 1).await;
        let here = proxy.address();
        for (url, led) in [
            ("mysql://me:p%40ss@127.0.0.1:3306/kefu?x=1", format!("mysql://me:p%40ss@{here}/kefu?x=1")),
            ("redis://127.0.0.1:6379", format!("redis://{here}")),
            ("redis://:word@127.0.0.1:6379/2", format!("redis://:word@{here}/2")),
        ] {
            assert_eq!(proxy.in_place_of(url), led);
        }
    });
}
