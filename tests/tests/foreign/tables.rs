//! The mall's tables: where they are, and what their clock says.

use chrono_tz::Tz;
use kefu_tests::{Backend, MallSetup, OwnMariaDb, Setup, Side, Who, text};

use crate::house::{House, Plan, ask_until, open};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_desks_own_database_may_be_the_malls() {
    let server = Setup::on(Backend::MariaDb).set("mall.tokens", "[\"tables\"]").start().await;
    let mall = MallSetup::new().tables(server.place().url()).start();
    let member = |id| server.person_with(Side::Member, id, &mall.sign_in(Who::Member(id)).access);

    member(101).send(&text(1), None).await.ok();
    let bob = server.person_with(Side::Agent, 7, &mall.sign_in(Who::Admin(7)).refresh);

    assert_eq!(bob.conversations(&[]).await.ok().rows().len(), 1);
}

async fn in_zones(mall: Tz, setting: &str) -> House {
    Plan::asking(&["tables"]).mall(|setup| setup.zone(mall)).set("zone", format!("{setting:?}")).build().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_ends_by_the_wall_clock_of_its_mall() {
    for (zone, setting) in [(Tz::Europe__Berlin, "Europe/Berlin"), (Tz::America__New_York, "America/New_York")] {
        let house = in_zones(zone, setting).await;
        let over = house.mall.sign_in(Who::Member(102));
        house.mall.expire(&over.access);

        open(&house.member(101)).await.ok();
        open(&house.person(Who::Member(102), &over.access)).await.refused(401);
    }

    let house = in_zones(Tz::UTC, "Asia/Shanghai").await;
    open(&house.member(101)).await.refused(401);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_itself_in_every_letter() {
    let house = House::asking(&["tables"]).await;
    let token = house.mall.sign_in(Who::Member(101)).access;
    house.server.keep_secret(&token);

    // The tables' collation would take one for the other.
    open(&house.person(Who::Member(101), &token.to_uppercase())).await.refused(401);
    open(&house.person(Who::Member(101), &token)).await.ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_that_hang_keep_nobody_waiting_who_is_in() {
    let own = OwnMariaDb::start();
    let place = Backend::MariaDbAt(own.url()).prepare(std::path::Path::new("unused"));
    let plan = Plan::asking(&["http", "tables"]).set("positive_seconds", 1);
    let house = plan.set("tokens", "[\"tables\"]").set("database_url", format!("{:?}", place.url())).build().await;
    let mall = MallSetup::new().tables(place.url()).start();
    let who = Who::Member(101);
    let alice = house.person(who, &mall.sign_in(who).access);
    let stranger = house.person(who, &mall.sign_in(who).access);
    ask_until(&alice, 0).await;

    own.freeze();
    house.ask_until_heard(&alice, "tables", "unavailable").await.ok();
    assert_eq!(open(&stranger).await.code, 503);
    own.thaw();

    ask_until(&stranger, 0).await;
    house.ask_until_heard(&alice, "tables", "found").await.ok();
}
