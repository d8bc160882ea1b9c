//! nginx with the rules of docs/nginx, where nothing but addresses, the listener and the folder of its log is changed.

use std::net::SocketAddr;

use kefu_tests::OwnNginx;

const RULES: &str = include_str!("../../../docs/nginx/kefu-beside-mall.conf");

/// Where the rules send customer service.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Service {
    /// To the mall's own, as before the move and after going back.
    AtTheMall,
    /// Nowhere, while the tables are upgraded.
    Closed,
    /// To the desk.
    At(SocketAddr),
}

/// The proxy before a mall.
pub(crate) struct Proxy {
    nginx: OwnNginx,
    mall: SocketAddr,
}

impl Proxy {
    pub(crate) fn before(mall: SocketAddr, service: Service) -> Self {
        Self { nginx: OwnNginx::start(&rules(mall, service)), mall }
    }

    /// Lets other rules count, and ends all connections.
    pub(crate) fn turn(&mut self, service: Service) {
        self.nginx.kill9();
        self.nginx.start_again(&rules(self.mall, service));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.nginx.address()
    }

    pub(crate) fn url(&self) -> String {
        self.nginx.url()
    }

    /// What it has written about requests.
    pub(crate) fn access_log(&self) -> String {
        std::fs::read_to_string(self.nginx.folder().join("mall.log")).unwrap()
    }

    /// All that it has written.
    pub(crate) fn everything_written(&self) -> String {
        self.access_log() + &self.nginx.log().lines().join("\n")
    }
}

fn rules(mall: SocketAddr, service: Service) -> String {
    let (desk, closed) = match service {
        Service::AtTheMall => (mall, "off"),
        Service::Closed => (mall, "on"),
        Service::At(desk) => (desk, "off"),
    };
    let changes = [
        ("127.0.0.1:48080", mall.to_string()),
        ("127.0.0.1:48081", desk.to_string()),
        ("listen 80;", "listen 127.0.0.1:@PORT@;".to_owned()),
        ("/var/log/nginx/", "@DIR@/".to_owned()),
        ("set $kefu_closed off;", format!("set $kefu_closed {closed};")),
    ];
    changes.iter().fold(RULES.to_owned(), |rules, (from, to)| {
        assert!(rules.contains(from), "the rules in docs/nginx have no {from:?} any more");
        rules.replace(from, to)
    })
}
