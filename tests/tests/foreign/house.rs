//! A mall and the desk beside it.

use std::time::Instant;

use kefu_tests::{
    Answer, Backend, FakeMall, MALL_CLIENT, MALL_CLIENT_SECRET, MallSetup, MallTokens, PATIENCE, Person, Place, Server,
    Setup, Side, Who, shared_redis,
};

pub(crate) const ADMIN: &str = "/admin-api/system/auth/get-permission-info";
pub(crate) const MEMBER: &str = "/app-api/member/user/get";
pub(crate) const CHECK: &str = "/admin-api/system/oauth2/check-token";

/// Both. The mall's tables, where they are asked, are in a database of their own.
pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) mall: FakeMall,
    _tables: Option<Place>,
    _folder: tempfile::TempDir,
}

/// What is to be built.
pub(crate) struct Plan {
    order: Vec<String>,
    setup: Setup,
    /// Over everything else.
    settings: Vec<(String, String)>,
    mall: MallSetup,
    redis: Option<String>,
}

impl Plan {
    /// A desk that asks the mall in this order: `redis`, `tables`, `http`, or `checked` for `http` with a client.
    pub(crate) fn asking(order: &[&str]) -> Self {
        let order = order.iter().map(|&source| source.to_owned()).collect();
        Self { order, setup: Setup::on(Backend::Sqlite), settings: Vec::new(), mall: MallSetup::new(), redis: None }
    }

    /// With this setting of section `mall`.
    pub(crate) fn set(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        self.settings.push((format!("mall.{name}"), value.to_string()));
        self
    }

    /// With a Redis of one's own in place of the one that all tests share.
    pub(crate) fn redis(self, url: &str) -> Self {
        Self { redis: Some(url.to_owned()), ..self }
    }

    /// With another mall.
    pub(crate) fn mall(self, change: impl FnOnce(MallSetup) -> MallSetup) -> Self {
        Self { mall: change(self.mall), ..self }
    }

    pub(crate) async fn build(self) -> House {
        let Self { order, mut setup, settings, mut mall, redis } = self;
        let folder = tempfile::tempdir().unwrap();
        let asks = |source: &str| order.iter().any(|it| it == source);
        let tables = asks("tables").then(|| Backend::MariaDb.prepare(folder.path()));
        if let Some(place) = &tables {
            mall = mall.tables(place.url());
            setup = setup.set("mall.database_url", format!("{:?}", place.url()));
        }
        if asks("redis") {
            let url = redis.unwrap_or_else(shared_redis);
            mall = mall.redis(&url);
            setup = setup.set("mall.redis_url", format!("{url:?}"));
        }
        let mall = mall.start();
        if asks("checked") {
            setup = setup.set("mall.client_id", format!("{MALL_CLIENT:?}"));
            setup = setup.set("mall.client_secret", format!("{MALL_CLIENT_SECRET:?}"));
        }
        let order: Vec<_> = order.iter().map(|source| if source == "checked" { "http" } else { source }).collect();
        setup = setup.set("mall.tokens", format!("{order:?}")).set("mall.url", format!("{:?}", mall.url()));
        setup = settings.iter().fold(setup, |setup, (name, value)| setup.set(name, value));
        let server = setup.start().await;
        server.keep_secret(MALL_CLIENT_SECRET);
        House { server, mall, _tables: tables, _folder: folder }
    }
}

impl House {
    pub(crate) async fn asking(order: &[&str]) -> Self {
        Plan::asking(order).build().await
    }

    /// Somebody with a token of the mall, at the desk.
    pub(crate) fn person(&self, who: Who, token: &str) -> Person {
        let (side, id) = match who {
            Who::Member(id) => (Side::Member, id),
            Who::Admin(id) => (Side::Agent, id),
        };
        self.server.person_with(side, id, token)
    }

    /// Signs in at the mall, and comes to the desk with what it gave.
    pub(crate) fn sign_in(&self, who: Who) -> (Person, MallTokens) {
        let tokens = self.mall.sign_in(who);
        // Neither may stand in the log, and a test may show only one of them.
        self.server.keep_secret(&tokens.refresh);
        (self.person(who, &tokens.access), tokens)
    }

    pub(crate) fn member(&self, id: i64) -> Person {
        self.sign_in(Who::Member(id)).0
    }

    pub(crate) fn admin(&self, id: i64) -> Person {
        self.sign_in(Who::Admin(id)).0
    }

    /// How often a source has given such an answer.
    pub(crate) async fn heard(&self, source: &str, outcome: &str) -> u64 {
        let page = self.server.get("/metrics").await.unwrap().body;
        let start = format!("kefu_mall_questions_total{{source=\"{source}\",outcome=\"{outcome}\"}} ");
        page.lines().find_map(|line| line.strip_prefix(&start)).map_or(0, |value| value.parse().unwrap())
    }

    /// Goes on asking until a source has given such an answer, and says what was answered then.
    pub(crate) async fn ask_until_heard(&self, person: &Person, source: &str, outcome: &str) -> Answer {
        let before = self.heard(source, outcome).await;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = open(person).await;
            if self.heard(source, outcome).await > before {
                return answer;
            }
            assert!(Instant::now() < deadline, "{source} never said {outcome}");
        }
    }
}

/// Something that everybody may ask who is let in.
pub(crate) async fn open(person: &Person) -> Answer {
    match person.side {
        Side::Member => person.list(&[]).await,
        Side::Agent => person.conversations(&[]).await,
    }
}

/// Goes on asking until the answer has this code.
pub(crate) async fn ask_until(person: &Person, code: i64) -> Answer {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = open(person).await;
        if answer.code == code {
            return answer;
        }
        assert!(Instant::now() < deadline, "{code} never came, but {}", answer.body);
    }
}
