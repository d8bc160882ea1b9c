//! What is begun and not finished.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, Server};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::knock::{Knock, frame, is_alive};

/// Begins with this, goes on with that once in a second, and says when the server had enough.
async fn drip(stream: &mut TcpStream, beginning: impl AsRef<[u8]>, each: impl AsRef<[u8]>) -> Option<Duration> {
    let since = Instant::now();
    stream.write_all(beginning.as_ref()).await.expect("a beginning");
    let (mut read, mut write) = stream.split();
    let dripping = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if write.write_all(each.as_ref()).await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    };
    let ended = async {
        let mut bytes = [0; 1_024];
        while tokio::io::AsyncReadExt::read(&mut read, &mut bytes).await.is_ok_and(|count| count > 0) {}
    };
    let ended = async {
        tokio::select! { () = dripping => {}, () = ended => {} }
    };
    tokio::time::timeout(Duration::from_secs(25), ended).await.ok().map(|()| since.elapsed())
}

#[tokio::test]
async fn half_a_frame_and_half_a_message_are_waited_for_ten_seconds() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let healthy = server.member(101).listen().await;
    let mut sockets = Vec::new();
    for member in 102..=105 {
        sockets.push(Knock::of(&server, &server.member(member)).ask().await.opened());
    }
    let [stalled, dripping, pieces, pings] = &mut sockets[..] else { panic!("four") };

    let announced = [0x81, 0xfe, 0x04, 0x00, 0, 0, 0, 0];
    let ends = tokio::join!(
        drip(stalled, announced, b""),
        drip(dripping, announced, b"x"),
        drip(pieces, frame(0x01, b"x"), frame(0x00, b"x")),
        drip(pings, frame(0x01, b"x"), frame(0x89, b"x")),
    );

    for ended in [ends.0, ends.1, ends.2, ends.3] {
        let ended = ended.expect("it was to be closed");
        assert!((9..20).contains(&ended.as_secs()), "after {ended:?}");
    }
    healthy.settle().await;
}

#[tokio::test]
async fn whoever_finishes_their_messages_is_not_slow_however_long_it_goes_on() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let mut socket = Knock::of(&server, &server.member(101)).ask().await.opened();
    let since = Instant::now();

    while since.elapsed() < Duration::from_secs(13) {
        socket.write_all(&frame(0x01, b"pi")).await.unwrap();
        // How fast this client speaks.
        tokio::time::sleep(Duration::from_millis(700)).await;
        // The end of one message and the beginning of the next, in one piece.
        let both = [frame(0x80, b"ng"), frame(0x01, b"pi"), frame(0x80, b"ng")].concat();
        socket.write_all(&both).await.unwrap();
    }

    assert!(is_alive(&mut socket).await);
}

#[tokio::test]
async fn a_handshake_that_is_never_finished_is_ended() {
    let server = Server::start(Backend::Sqlite, &[("server.header_timeout_seconds", "2")]).await;
    let healthy = server.member(101).listen().await;
    let mut slow = Vec::new();
    for _ in 0..50 {
        slow.push(TcpStream::connect(server.address()).await.unwrap());
    }

    let ends = slow.iter_mut().map(|stream| drip(stream, b"GET /infra/ws HTTP/1.1\r\nHost: kefu", b"x"));
    let ends = futures_util::future::join_all(ends).await;

    for ended in ends {
        let ended = ended.expect("it was to be ended");
        assert!(ended < Duration::from_secs(10), "after {ended:?}");
    }
    healthy.settle().await;
    assert_eq!(server.get("/healthz").await.unwrap().status, 200);
}

#[tokio::test]
async fn half_a_body_is_waited_for_no_longer_than_any_answer() {
    let server = Server::start(Backend::Sqlite, &[]).await;
    let alice = server.member(101);
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /app-api/promotion/kefu-message/send HTTP/1.1\r\nHost: kefu\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{",
        alice.token
    );

    let ended = drip(&mut stream, head, b" ").await;

    let ended = ended.expect("it was to be ended");
    assert!((5..15).contains(&ended.as_secs()), "after {ended:?}");
    alice.send(&kefu_tests::text(1), None).await.ok();
}
