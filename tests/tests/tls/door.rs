//! A server whose listener speaks TLS, and the ways through it.

use std::fs;
use std::net::SocketAddr;

use h2::client::SendRequest;
use http::Request;
use kefu_tests::{Log, PATIENCE, Program, Running, beside_this_program};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Bytes;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use super::authority::Authority;

/// What the certificates are made for.
pub(crate) const HOST: &str = "kefu.test";

/// A development server with TLS, which says itself where it is and who may come in.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) authority: Authority,
    pub(crate) folder: TempDir,
    pub(crate) log: Log,
    pub(crate) member: String,
    pub(crate) agent: String,
    _running: Running,
}

/// The program on these settings and a database of its own.
pub(crate) fn program(folder: &TempDir, server: &str) -> Program {
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (data, uploads, url) = (path("data"), path("uploads"), format!("sqlite:{}", path("kefu.sqlite3")));
    let settings = format!(
        "[server]\nlisten = \"127.0.0.1:0\"\ndata_dir = {data:?}\n{server}\n\
         [database]\nurl = {url:?}\n[upload]\ndir = {uploads:?}\n[desk]\nsends_per_minute = 0\nshop_sends_per_minute = 0\n"
    );
    fs::write(folder.path().join("kefu.toml"), settings).unwrap();
    Program::new(beside_this_program("kefu-under-test"), ["--dev", "--config", &path("kefu.toml"), "serve"])
}

/// The lines for a certificate and its key.
pub(crate) fn settings(folder: &TempDir) -> String {
    let path = |name: &str| folder.path().join(name).display().to_string();
    format!("tls_cert = {:?}\ntls_key = {:?}", path("cert.pem"), path("key.pem"))
}

impl Server {
    pub(crate) async fn start() -> Self {
        let (folder, authority, log) = (tempfile::tempdir().unwrap(), Authority::new(), Log::default());
        authority.issue(HOST, folder.path());
        let running = program(&folder, &settings(&folder)).start(&log);
        let said = |begin: &'static str| {
            let log = log.clone();
            async move {
                let find = |line: &str| line.trim().strip_prefix(begin).map(|rest| rest.trim().to_owned());
                log.wait_for(0, PATIENCE, find).await.unwrap_or_else(|| panic!("{begin}?\n{}", log.tail(30)))
            }
        };
        let address = said("kefu-server is listening on https://").await.parse().unwrap();
        assert_eq!(said("demo page").await, format!("https://{address}/demo"), "how browsers reach it");
        let (member, agent) = (said("member 101").await, said("agent  201").await);
        Self { address, authority, folder, log, member, agent, _running: running }
    }

    /// A connection whose other end showed a certificate of our authority.
    pub(crate) async fn connect(&self, protocols: &[&str], receive_buffer: Option<u32>) -> TlsStream<TcpStream> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(bytes) = receive_buffer {
            socket.set_recv_buffer_size(bytes).unwrap();
        }
        let stream = socket.connect(self.address).await.unwrap();
        let connector = TlsConnector::from(self.authority.client(protocols));
        connector.connect(HOST.try_into().unwrap(), stream).await.unwrap()
    }

    /// A connection that speaks HTTP/2, as browsers do.
    pub(crate) async fn http2(&self) -> SendRequest<Bytes> {
        let stream = self.connect(&["h2", "http/1.1"], None).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        requests
    }

    /// A socket of the mall's pages, on a connection of its own.
    pub(crate) async fn listen(&self, token: &str, hangs: bool) -> WebSocketStream<TlsStream<TcpStream>> {
        let stream = self.connect(&["http/1.1"], hangs.then_some(4_096)).await;
        let mut config = WebSocketConfig::default();
        config.read_buffer_size = 4 * 1_024;
        let address = format!("wss://{HOST}/infra/ws?token={token}");
        tokio_tungstenite::client_async_with_config(address, stream, Some(config)).await.unwrap().0
    }
}

/// Asks over HTTP/2.
pub(crate) async fn ask(
    to: &SendRequest<Bytes>,
    path: &str,
    token: Option<&str>,
    body: Option<Value>,
) -> (u16, String) {
    let method = if body.is_some() { "POST" } else { "GET" };
    let mut request = Request::builder().method(method).uri(format!("https://{HOST}{path}"));
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let request = request.header("content-type", "application/json").body(()).unwrap();
    let (answer, mut sending) = to.clone().ready().await.unwrap().send_request(request, body.is_none()).unwrap();
    if let Some(body) = body {
        sending.send_data(body.to_string().into(), true).unwrap();
    }
    let answer = answer.await.unwrap();
    let status = answer.status().as_u16();
    let (mut body, mut text) = (answer.into_body(), Vec::new());
    while let Some(part) = body.data().await {
        let part = part.unwrap();
        body.flow_control().release_capacity(part.len()).unwrap();
        text.extend_from_slice(&part);
    }
    (status, String::from_utf8(text).unwrap())
}
