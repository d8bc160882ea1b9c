//! Browsers come in over TLS, and nobody else does.

use std::time::{Duration, Instant};

use futures_util::SinkExt;
use futures_util::stream::{self, StreamExt};
use kefu_tests::{Log, PATIENCE};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

use super::authority::Authority;
use super::door::{HOST, Server, ask, program, settings};

const SEND: &str = "/app-api/promotion/kefu-message/send";

fn hello(n: usize) -> Value {
    json!({"contentType": 1, "content": json!({"text": format!("over TLS {n}")}).to_string()})
}

/// The next frame, without the pongs.
async fn next<S>(socket: &mut S) -> Value
where
    S: StreamExt<Item = Result<Message, tokio_tungstenite::tungstenite::Error>> + Unpin,
{
    loop {
        let message = timeout(PATIENCE, socket.next()).await.expect("a frame").unwrap().unwrap();
        match message.into_text().unwrap().as_str() {
            "pong" => {}
            text => return serde_json::from_str(text).unwrap(),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_writes_over_https_and_an_agent_hears_it_over_wss() {
    let server = Server::start().await;
    let requests = server.http2().await;
    let mut socket = server.listen(&server.agent, false).await;
    socket.send(Message::text("ping")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().into_text().unwrap().as_str(), "pong");

    let (status, answer) = ask(&requests, SEND, Some(&server.member), Some(hello(1))).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["code"], 0, "{answer}");
    let frame = next(&mut socket).await;
    assert_eq!(frame["type"], "kefu_message_type");
    assert!(frame["content"].as_str().unwrap().contains("over TLS 1"), "{frame}");
    let (status, answer) = ask(&requests, "/readyz", None, None).await;
    assert_eq!((status, answer.contains("\"epoch\":\"")), (200, true), "{answer}");
    let (_, answer) = ask(&requests, SEND, None, Some(hello(2))).await;
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["code"], 401, "nobody comes in without a token");
}

#[tokio::test]
async fn who_does_not_speak_http_2_is_answered_too() {
    let server = Server::start().await;
    for protocols in [&["http/1.1"][..], &[]] {
        let mut stream = server.connect(protocols, None).await;
        let request = format!("GET /healthz HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();

        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();

        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok\n"), "{answer}");
    }
}

#[tokio::test]
async fn who_speaks_no_tls_or_nothing_at_all_is_shown_out() {
    let server = Server::start().await;
    let mut plain = TcpStream::connect(server.address).await.unwrap();
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: kefu.test\r\n\r\n").await.unwrap();
    let began = Instant::now();

    let mut answer = Vec::new();
    // A reset is an end too.
    let _ = timeout(PATIENCE, plain.read_to_end(&mut answer)).await.expect("an end");
    assert!(began.elapsed() < Duration::from_secs(2), "it was kept waiting for {:?}", began.elapsed());
    assert!(!String::from_utf8_lossy(&answer).contains("HTTP/"), "answered in the open: {answer:?}");

    let requests = server.http2().await;
    assert_eq!(ask(&requests, "/healthz", None, None).await, (200, "ok\n".to_owned()), "others are not kept waiting");
    let _ = timeout(Duration::from_secs(10), silent.read_to_end(&mut answer)).await.expect("an end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_hangs_fills_our_queue_and_not_the_kernels_memory() {
    let server = Server::start().await;
    let requests = &server.http2().await;
    let mut hanging = server.listen(&server.agent, true).await;
    hanging.send(Message::text("ping")).await.unwrap();
    hanging.next().await.unwrap().unwrap();

    stream::iter(0..2_000)
        .for_each_concurrent(32, |n| {
            let token = &server.member;
            async move { assert_eq!(ask(requests, SEND, Some(token), Some(hello(n))).await.0, 200) }
        })
        .await;

    let (_, metrics) = ask(requests, "/metrics", None, None).await;
    let dropped = metrics.lines().filter(|line| line.starts_with("kefu_push_dropped_total"));
    let dropped: f64 = dropped.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum();
    assert!(dropped > 0.0, "everything went into the kernel's buffers:\n{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_renewed_certificate_is_shown_to_newcomers_and_disturbs_nobody() {
    let server = Server::start().await;
    let mut socket = server.listen(&server.agent, false).await;
    let before = shown(&server).await;

    server.authority.issue(HOST, server.folder.path());
    let renewed = |line: &str| line.contains("the certificate was renewed").then_some(());
    server.log.wait_for(0, PATIENCE, renewed).await.expect("a renewal");

    assert_ne!(shown(&server).await, before);
    socket.send(Message::text("ping")).await.unwrap();
    let pong = timeout(PATIENCE, socket.next()).await.expect("a pong").unwrap().unwrap();
    assert_eq!(pong.into_text().unwrap().as_str(), "pong", "who was connected stays so");
}

/// The certificate that a newcomer is shown.
async fn shown(server: &Server) -> Vec<u8> {
    let stream = server.connect(&["http/1.1"], None).await;
    stream.get_ref().1.peer_certificates().unwrap()[0].to_vec()
}

#[tokio::test]
async fn nothing_starts_with_files_that_do_not_belong_together() {
    let (folder, log) = (tempfile::tempdir().unwrap(), Log::default());
    Authority::new().issue(HOST, folder.path());
    let other = tempfile::tempdir().unwrap();
    let stranger = Authority::new().issue(HOST, other.path());
    std::fs::copy(stranger.key, folder.path().join("key.pem")).unwrap();

    let running = program(&folder, &settings(&folder)).start(&log);

    let status = running.wait(PATIENCE).await.expect("an end");
    assert_eq!(status.code(), Some(1), "{}", log.tail(10));
    let why = |line: &str| line.contains("belongs to another certificate than the first of").then_some(());
    log.wait_for(0, PATIENCE, why).await.unwrap_or_else(|| panic!("{}", log.tail(10)));
    assert!(!folder.path().join("kefu.sqlite3").exists(), "it looks at the certificate first");
}
