//! A small yudao mall, with everything that a customer-service desk beside it has to do with.
//!
//! It promises the wire: paths, envelopes, codes and texts of the mall's own answers, with its traps. Every answer is
//! HTTP 200; a member's token on `/admin-api` is code 403, an unknown or ended one 401, a wrong `tenant-id` 403;
//! `check-token` says of everybody that they are an admin; a refresh token passes for an access token. It does not
//! have customer service itself: under those paths it answers as a mall does that has switched the module off.
//!
//! # For a test
//!
//! ```no_run
//! # async fn example() {
//! use kefu_tests::{FakeMall, MallAdmin, Outage, Who};
//!
//! let mall = FakeMall::start(); // tenants 1 and 2, and the people below
//! let alice = mall.sign_in(Who::Member(101)); // as the login page would; `alice.access`, `alice.refresh`
//! mall.put_admin(MallAdmin::new(9).allowed(&["promotion:kefu-message:query"]));
//! mall.change_admin(9, |admin| admin.permissions.clear());
//! mall.sign_out(&alice.access); // gone, and its refresh token too
//! mall.down(Outage::Silent); // requests wait …
//! mall.wait_until_asked("/app-api/member/user/get", 1).await; // … and are counted when they arrive
//! mall.up(); // … and are answered now
//! # }
//! ```
//!
//! There from the start: admins 1 (super admin), 7 (all of customer service) and 8 (nothing of it), and members 101 and
//! 102, at tenant 1; admin 27 (all of customer service) and member 201 at tenant 2. They sign in as `agent7` or, members, by
//! the mobile number of their account, with [`MALL_PASSWORD`]. [`MallSetup`] begins with nobody where a test wants that,
//! and adds copies: [`MallSetup::redis`] keeps the tokens in a Redis as Java does, [`MallSetup::tables`] keeps people,
//! roles and tokens in a MariaDB. Copies are written before the mall answers. A control that cannot write its copy
//! panics; a page that cannot answers `系统异常`, except that a refresh token used as a bearer is let in.
//!
//! # For somebody who tries the desk out
//!
//! `cargo run -p kefu-tests --bin fake-mall` starts it and prints its people and tokens.

mod counter;
mod history;
mod inside;
mod menus;
mod office;
mod pages;
mod people;
mod redis_copy;
mod setup;
mod tables;
mod tokens;
mod wire;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use self::office::MALL_CLIENT_SECRET;
pub use self::people::{MALL_PASSWORD, MallAdmin, MallMember, Who};
pub use self::setup::MallSetup;
pub use self::tokens::{MALL_CLIENT, MallTokens};

use self::counter::Counter;
use self::inside::{Inside, count};
use self::office::Office;
use self::tokens::Token;
use crate::PATIENCE;

/// Where uploaded files are seen.
const FILES: &str = "/admin-api/infra/file/4/get/";

type Broken = Box<dyn std::error::Error + Send + Sync>;

/// How a mall is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Nobody listens on its port; what was connected is cut.
    Refused,
    /// The proxy before it answers 502.
    BadGateway,
    /// It takes requests and answers none until it is up again.
    Silent,
}

/// A mall that runs, on a thread of its own. Dropping it closes it.
#[derive(Debug)]
pub struct FakeMall {
    address: SocketAddr,
    counter: Mutex<Option<Counter>>,
    inside: Arc<Inside>,
}

impl FakeMall {
    /// A mall with the usual people, on a free port.
    #[must_use]
    pub fn start() -> Self {
        MallSetup::new().start()
    }

    /// `http://HOST:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens an account of the back office, or replaces the one with this number.
    pub fn put_admin(&self, admin: MallAdmin) {
        let mut office = self.inside.office();
        office.admins.insert(admin.id, admin.clone());
        if let Some(tables) = &self.inside.tables {
            tables.admin(&office, &admin).expect("the mall's tables are written");
        }
    }

    /// Opens a shopper's account, or replaces the one with this number.
    pub fn put_member(&self, member: MallMember) {
        let mut office = self.inside.office();
        office.members.insert(member.id, member.clone());
        if let Some(tables) = &self.inside.tables {
            tables.member(&member).expect("the mall's tables are written");
        }
    }

    /// Changes an account of the back office: its name, its permissions, whether it may sign in. Its tokens stay.
    pub fn change_admin(&self, id: i64, change: impl FnOnce(&mut MallAdmin)) {
        let mut admin = self.inside.office().admins.get(&id).expect("an admin of this number").clone();
        change(&mut admin);
        self.put_admin(admin);
    }

    /// Changes a shopper's account. Its tokens stay.
    pub fn change_member(&self, id: i64, change: impl FnOnce(&mut MallMember)) {
        let mut member = self.inside.office().members.get(&id).expect("a member of this number").clone();
        change(&mut member);
        self.put_member(member);
    }

    /// Tokens as the login page hands them out.
    ///
    /// # Panics
    ///
    /// When nobody of that number has an account.
    #[must_use]
    pub fn sign_in(&self, who: Who) -> MallTokens {
        let mut office = self.inside.office();
        let tenant = office.tenant_of(who).unwrap_or_else(|| panic!("{who:?} has no account"));
        let token = office.purse.issue(who, tenant, now());
        self.settle(&mut office);
        in_hand(token)
    }

    /// A new access token for a refresh token, as a page fetches it. The old one is gone.
    ///
    /// # Panics
    ///
    /// When the mall refuses.
    #[must_use]
    pub fn refresh(&self, refresh: &str) -> MallTokens {
        let mut office = self.inside.office();
        let tenant = office.purse.find(refresh, now()).map(|token| token.tenant);
        let fresh = tenant.map(|tenant| office.purse.refresh(refresh, tenant, now()));
        let fresh = fresh.and_then(Result::ok).expect("a refresh token that lives");
        self.settle(&mut office);
        in_hand(fresh)
    }

    /// What signing out does: the access token goes, and its refresh token with it.
    pub fn sign_out(&self, access: &str) {
        let mut office = self.inside.office();
        office.purse.sign_out(access);
        self.settle(&mut office);
    }

    /// This one token, of either kind, goes.
    pub fn revoke(&self, token: &str) {
        let mut office = self.inside.office();
        assert!(office.purse.revoke(token), "the mall does not know this token");
        self.settle(&mut office);
    }

    /// This one token, of either kind, has ended a second ago.
    pub fn expire(&self, token: &str) {
        self.end_at(token, now() - 1_000);
    }

    /// This one token, of either kind, ends after that time.
    pub fn ends_in(&self, token: &str, time: Duration) {
        self.end_at(token, now() + i64::try_from(time.as_millis()).expect("a token's life"));
    }

    fn end_at(&self, token: &str, end: i64) {
        let mut office = self.inside.office();
        assert!(office.purse.end_at(token, end), "the mall does not know this token");
        self.settle(&mut office);
    }

    /// Takes the mall away; it stays away until [`up`](Self::up).
    pub fn down(&self, outage: Outage) {
        self.inside.weather.send_modify(|weather| weather.outage = Some(outage));
        let mut counter = self.counter.lock().unwrap_or_else(PoisonError::into_inner);
        if outage == Outage::Refused {
            *counter = None;
        } else {
            self.listen(&mut counter);
        }
    }

    /// Brings the mall back, with all it knows, and answers whoever still waits.
    pub fn up(&self) {
        self.inside.weather.send_modify(|weather| weather.outage = None);
        self.listen(&mut self.counter.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn listen(&self, counter: &mut Option<Counter>) {
        counter.get_or_insert_with(|| {
            let listener = TcpListener::bind(self.address).expect("nobody has taken the mall's port meanwhile");
            Counter::open(listener, Arc::clone(&self.inside))
        });
    }

    /// Every request from now on is answered so much later.
    pub fn answer_after(&self, delay: Duration) {
        self.inside.weather.send_modify(|weather| weather.delay = delay);
    }

    /// How many requests came for this path, answered or not.
    #[must_use]
    pub fn asked(&self, path: &str) -> u64 {
        count(&self.inside.asked.borrow(), |asked, _| asked == path)
    }

    /// How many requests came for this path with this token: as bearer, or as parameter `token`.
    #[must_use]
    pub fn asked_with(&self, path: &str, token: &str) -> u64 {
        count(&self.inside.asked.borrow(), |asked, with| asked == path && with == token)
    }

    /// How many requests came with this token, whatever for.
    #[must_use]
    pub fn asked_about(&self, token: &str) -> u64 {
        count(&self.inside.asked.borrow(), |_, with| with == token)
    }

    /// How many requests came.
    #[must_use]
    pub fn asked_at_all(&self) -> u64 {
        count(&self.inside.asked.borrow(), |_, _| true)
    }

    /// Waits until that many requests came for this path since the start.
    ///
    /// # Panics
    ///
    /// When they do not come in time.
    pub async fn wait_until_asked(&self, path: &str, times: u64) {
        let mut asked = self.inside.asked.subscribe();
        let came = asked.wait_for(|asked| count(asked, |it, _| it == path) >= times);
        let came = tokio::time::timeout(PATIENCE, came).await.is_ok();
        assert!(came, "{path} was asked for {} times, not {times}", self.asked(path));
    }

    fn settle(&self, office: &mut Office) {
        self.inside.settle(office).expect("the copies of the mall's tokens are written");
    }
}

fn in_hand(token: Token) -> MallTokens {
    MallTokens { access: token.access, refresh: token.refresh }
}

/// Milliseconds since the epoch.
fn now() -> i64 {
    #[expect(clippy::disallowed_methods, reason = "a token ends at an instant of the real clock")]
    let now = std::time::SystemTime::now();
    let since = now.duration_since(std::time::UNIX_EPOCH).expect("after 1970");
    i64::try_from(since.as_millis()).expect("before the year 10^8")
}
