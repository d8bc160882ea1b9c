//! A small yudao mall to try the desk beside: its people sign in, and its tokens are good at a desk.
//!
//! `cargo run -p kefu-tests --bin fake-mall -- --help` says what it can do.

#![allow(clippy::expect_used, reason = "a mall that cannot open says so by panicking")]

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::SocketAddr;

use chrono_tz::Tz;
use clap::Parser;
use kefu_tests::{FakeMall, MALL_CLIENT, MALL_CLIENT_SECRET, MALL_PASSWORD, MallAdmin, MallMember, MallSetup, Who};

/// A small yudao mall to try the desk beside, until it is stopped. It forgets everything but what it has copied.
#[derive(Parser)]
#[command(name = "fake-mall")]
struct Options {
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:48080")]
    listen: SocketAddr,

    /// A Redis in which it keeps its tokens, such as redis://127.0.0.1:6379
    #[arg(long)]
    redis: Option<String>,

    /// A MariaDB in which it keeps people, roles and tokens, such as mysql://root@127.0.0.1:3306/mall; missing tables
    /// are made, and what stands in those of the same name is replaced where the ids are the same
    #[arg(long)]
    database: Option<String>,

    /// Make the tables of the mall's own customer service, with this many messages in them
    #[arg(long, value_name = "MESSAGES", requires = "database")]
    with_history: Option<u32>,

    /// The zone of the times in its tables
    #[arg(long, default_value = "Asia/Shanghai")]
    zone: Tz,
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut setup = MallSetup::new().empty().at(options.listen).zone(options.zone);
    if let Some(redis) = &options.redis {
        setup = setup.redis(redis);
    }
    if let Some(database) = &options.database {
        setup = setup.tables(database);
    }
    let mall = setup.try_start()?;
    let people = people(&mall);
    if let Some(messages) = options.with_history {
        mall.write_history(messages);
    }
    writeln!(std::io::stdout(), "{people}")?;
    loop {
        std::thread::park();
    }
}

/// Opens the accounts, signs everybody in, and says so.
fn people(mall: &FakeMall) -> String {
    let admins = [
        (MallAdmin::new(1).named("芋道源码").with_every_right(), "super admin"),
        (MallAdmin::new(7).named("小客服"), "all of customer service"),
        (MallAdmin::new(8).named("仓库").allowed(&["trade:order:query"]), "nothing of customer service"),
        (MallAdmin::new(27).named("二号客服").at(2), "all of customer service"),
    ];
    let members = [
        MallMember::new(101).named("爱丽丝"),
        MallMember::new(102).named("鲍勃"),
        MallMember::new(201).named("卡罗尔").at(2),
    ];

    let mut page = format!(
        "a fake mall at {}; every password is {MALL_PASSWORD}; client {MALL_CLIENT} with secret {MALL_CLIENT_SECRET}\n",
        mall.url()
    );
    let mut line = |what: &str, tenant: i64, name: &str, rights: &str, who: Who| {
        let tokens = mall.sign_in(who);
        let (access, refresh) = (tokens.access, tokens.refresh);
        writeln!(page, "\n{what}  tenant {tenant}  signs in as {name}  {rights}").expect("memory");
        writeln!(page, "    access token   {access}\n    refresh token  {refresh}").expect("memory");
    };
    for (admin, rights) in admins {
        let (id, tenant, name) = (admin.id, admin.tenant, admin.username.clone());
        mall.put_admin(admin);
        line(&format!("admin {id}"), tenant, &name, rights, Who::Admin(id));
    }
    for member in members {
        let (id, tenant, mobile) = (member.id, member.tenant, member.mobile.clone());
        mall.put_member(member);
        line(&format!("member {id}"), tenant, &mobile, "", Who::Member(id));
    }
    page
}
