//! From which pages a socket may be opened.

use kefu_tests::{Backend, Server};

use crate::knock::Knock;

const SHOP: &str = "https://shop.example.com";
const LIST: &str = "[\"https://shop.example.com\", \"http://localhost:5173\"]";

const FOREIGN: [&str; 12] = [
    "null",
    "https://evil.example",
    "https://shop.example.com.evil.example",
    "https://evil-shop.example.com",
    "https://a.shop.example.com",
    "http://shop.example.com",
    "https://shop.example.com:8443",
    "https://shop.example.com/",
    "https://shop.example.com.",
    "http://localhost",
    "https://xn--shp-xlc.example.com",
    "",
];

fn knock(server: &Server, protocol: Option<&str>) -> Knock {
    let knock = Knock::of(server, &server.member(101));
    protocol.map_or(knock.clone(), |protocol| knock.with(&format!("Sec-WebSocket-Protocol: {protocol}")))
}

/// Whether a page at that origin may open a socket.
async fn check(server: &Server, protocol: Option<&str>, origin: &str, status: u16) {
    let asked = knock(server, protocol).with(&format!("Origin: {origin}")).ask().await;

    assert_eq!(asked.status, status, "{protocol:?} from {origin:?}");
}

async fn only_those_of_the_list(server: &Server, protocol: Option<&str>) {
    for origin in [SHOP, "https://SHOP.example.com", "https://shop.example.com:443", "http://localhost:5173"] {
        check(server, protocol, origin, 101).await;
    }
    for origin in FOREIGN {
        check(server, protocol, origin, 403).await;
    }
    let two = knock(server, protocol).with(&format!("Origin: {SHOP}")).with("Origin: https://evil.example");
    assert_ne!(two.ask().await.status, 101);
    assert_eq!(knock(server, protocol).ask().await.status, 101, "apps and servers name no origin");
}

#[tokio::test]
async fn the_list_of_the_malls_dialect_binds_its_sockets() {
    let server = Server::start(Backend::Sqlite, &[("socket.mall_origins", LIST)]).await;

    only_those_of_the_list(&server, None).await;

    let refused = server.metrics().await.sum("kefu_socket_refused_total");
    assert!(refused >= 12.0, "{refused}");
    check(&server, Some("kefu.v2"), "https://evil.example", 101).await;
}

#[tokio::test]
async fn the_list_of_kefu_v2_binds_its_sockets() {
    let server = Server::start(Backend::Sqlite, &[("socket.origins", LIST)]).await;

    only_those_of_the_list(&server, Some("kefu.v2")).await;

    check(&server, None, "https://evil.example", 101).await;
}

#[tokio::test]
async fn without_a_list_pages_of_any_origin_may() {
    let server = Server::start(Backend::Sqlite, &[]).await;

    for protocol in [None, Some("kefu.v2")] {
        for origin in [SHOP, "null", "https://evil.example"] {
            check(&server, protocol, origin, 101).await;
        }
    }
}
