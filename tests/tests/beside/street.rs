//! A whole street: the mall with its tables and its Redis, the proxy before it, and the desk next door.

use std::time::{Duration, Instant};

use kefu_tests::{Backend, Books, CANARY, FakeMall, MallSetup, PATIENCE, Place, shared_redis};
use tempfile::TempDir;

use crate::desk::Desk;
use crate::page::{Page, Secrets, good};
use crate::proxy::{Proxy, Service};

/// Messages that the mall's own customer service has on the day of the move.
pub(crate) const HISTORY: u32 = 200;

pub(crate) struct Street {
    pub(crate) proxy: Proxy,
    pub(crate) desk: Desk,
    pub(crate) mall: FakeMall,
    pub(crate) secrets: Secrets,
    place: Place,
    _folder: TempDir,
}

impl Street {
    /// The day before: a mall with its history and the rules in place, which still send everything to the mall.
    pub(crate) fn before_the_move() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Backend::MariaDb.prepare(folder.path());
        let redis = shared_redis();
        let mall = MallSetup::new().redis(&redis).tables(place.url()).start();
        mall.write_history(HISTORY);
        let proxy = Proxy::before(mall.address(), Service::AtTheMall);
        let desk = Desk::with(&settings(place.url(), &redis, &mall));
        Self { proxy, desk, mall, secrets: Secrets::default(), place, _folder: folder }
    }

    /// The day after.
    pub(crate) async fn moved() -> Self {
        let mut street = Self::before_the_move();
        street.take_over().await;
        street.open().await;
        street
    }

    /// What is done while customer service is closed.
    pub(crate) async fn take_over(&self) {
        self.desk.run(&["upgrade"]).await;
        self.desk.run(&["tenant", "add", "芋道源码", "--id", "1"]).await;
        self.desk.run(&["tenant", "add", "小租户", "--id", "2"]).await;
    }

    /// Starts the desk and sends customer service there.
    pub(crate) async fn open(&mut self) {
        let desk = self.desk.start().await;
        self.proxy.turn(Service::At(desk));
    }

    /// An agent of tenant 1 at the console.
    pub(crate) async fn console(&self, id: i64) -> Page {
        Page::console(self.proxy.address(), &self.secrets, id, "1").await
    }

    /// A member of tenant 1 at the shop.
    pub(crate) async fn shop(&self, id: i64) -> Page {
        Page::shop(self.proxy.address(), &self.secrets, id, "1").await
    }

    /// The one agent of tenant 2.
    pub(crate) async fn console_of_tenant_2(&self) -> Page {
        Page::console(self.proxy.address(), &self.secrets, 27, "2").await
    }

    /// Uploads a picture as a page does before it sends one; returns its address.
    pub(crate) async fn upload(&self, page: &Page) -> String {
        let picture = reqwest::multipart::Part::bytes(vec![1, 2, 3]).file_name("a.png").mime_str("image/png").unwrap();
        let form = reqwest::multipart::Form::new().part("file", picture);
        let url = format!("{}/admin-api/infra/file/upload", self.proxy.url());
        let upload = kefu_tests::http().build().unwrap().post(url).bearer_auth(page.access()).multipart(form);
        let address = good(upload.send().await.unwrap().json().await.unwrap());
        address.as_str().unwrap().to_owned()
    }

    /// Tries until it holds: what the mall says counts here after its second in the cache.
    pub(crate) async fn until(&self, what: &str, mut holds: impl AsyncFnMut() -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !holds().await {
            assert!(Instant::now() < deadline, "in vain waited until {what}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) fn books(&self) -> Books {
        Books::at(self.place.url())
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the desk's last words:\n{}", self.desk.log().tail(40));
            return;
        }
        let mut secrets: Vec<String> = self.secrets.lock().unwrap().iter().cloned().collect();
        let tokens = secrets.len();
        secrets.push(CANARY.to_owned());
        let leaks = self.desk.log().leaks(&secrets);
        assert!(leaks.is_empty(), "the desk's log holds what must never stand there:\n{}", leaks.join("\n"));
        let written = self.proxy.everything_written();
        assert!(written.contains("/auth/login"), "a proxy that logs nothing keeps no secrets");
        assert!(tokens > 0 && !secrets.iter().any(|secret| written.contains(secret)), "the proxy's log holds a token");
    }
}

fn settings(database: &str, redis: &str, mall: &FakeMall) -> String {
    let mall = mall.url();
    format!(
        r#"
        [server]
        listen = "@LISTEN@"
        trusted_proxies = ["127.0.0.1"]

        [database]
        url = "{database}"

        [auth]
        jwt_secret = "c93f1a5be27d4086b1e79a52d8f30c64"

        [mall]
        tokens = ["redis", "tables", "http"]
        redis_url = "{redis}"
        url = "{mall}"
        tenants = [1, 2]
        positive_seconds = 1
        negative_seconds = 1
        recheck_seconds = 1
        "#
    )
}
