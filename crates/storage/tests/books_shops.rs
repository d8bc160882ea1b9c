//! Shops, who serves them, subjects of foreign tokens, and API keys, on each database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::collections::BTreeSet;
use std::sync::Barrier;

use kefu_domain::{AdminId, Party, Scope, ShopDirectory, ShopId, Shops, Standing, TenantId};
use kefu_storage::{Database, NewAccount, NewToken, Shop, ShopStatus, Subject, TokenHash};
use support::Site;

on_each_database! {
    a_shop_comes_back_as_it_was_opened
    a_shop_gets_the_number_that_is_wanted_or_the_next
    after_the_last_number_there_is_no_next
    one_number_is_two_shops_in_two_tenants
    a_shop_that_is_closed_stays_and_may_open_again
    the_platform_is_always_open_and_has_no_row
    who_was_never_given_a_shop_serves_the_platform
    giving_takes_the_platform_from_nobody
    who_was_denied_the_platform_serves_exactly_what_they_were_given
    who_loses_their_last_shop_serves_none
    taking_what_is_not_served_changes_nothing
    what_is_given_and_denied_at_once_is_given_and_denied
    of_too_many_shops_an_agent_serves_the_lowest
    an_account_is_made_with_its_shops
    an_account_that_serves_no_shop_serves_not_the_platform_either
    giving_and_taking_twice_changes_nothing
    a_shop_knows_who_serves_it
    taking_a_shop_ends_that_admin_s_logins_and_nobody_else_s
    giving_a_shop_ends_no_login
    a_subject_keeps_its_id_for_ever_and_it_is_below_zero
    a_subject_is_somebody_else_with_another_tenant_type_issuer_or_case
    first_sights_at_once_give_one_id
    a_key_is_found_by_its_hash
    a_key_s_name_is_taken_once_per_tenant
    a_key_that_was_taken_back_is_gone
}

const ONE: TenantId = TenantId(1);
const TWO: TenantId = TenantId(2);
const LILI: AdminId = AdminId(7);

const fn at(tenant: TenantId, shop: i64) -> Scope {
    Scope { tenant, shop: ShopId(shop) }
}

fn shops(ids: &[i64]) -> Shops {
    ids.iter().copied().map(ShopId).collect()
}

fn opened(database: &Database, tenant: TenantId, id: i64) -> ShopId {
    database.add_shop(tenant, Some(ShopId(id)), &format!("店铺 {id}")).unwrap().unwrap()
}

fn a_shop_comes_back_as_it_was_opened(site: &Site) {
    let database = site.open();
    let name = "小店😀".to_owned();

    database.add_shop(ONE, Some(ShopId(5)), &name).unwrap().unwrap();

    let shop = Shop { scope: at(ONE, 5), name, status: ShopStatus::Open };
    assert_eq!(database.shop(at(ONE, 5)).unwrap(), Some(shop.clone()));
    assert_eq!(database.shops(ONE).unwrap(), [shop]);
    assert_eq!(database.shop(at(ONE, 6)).unwrap(), None);
    assert_eq!(database.shops(TWO).unwrap(), []);
}

fn a_shop_gets_the_number_that_is_wanted_or_the_next(site: &Site) {
    let database = site.open();

    assert_eq!(database.add_shop(ONE, None, "first").unwrap(), Some(ShopId(1)));
    assert_eq!(database.add_shop(ONE, Some(ShopId(40)), "wanted").unwrap(), Some(ShopId(40)));
    assert_eq!(database.add_shop(ONE, None, "next").unwrap(), Some(ShopId(41)));
    assert_eq!(database.add_shop(ONE, Some(ShopId(40)), "too late").unwrap(), None);
    assert_eq!(database.shop(at(ONE, 40)).unwrap().unwrap().name, "wanted");
    assert_eq!(database.add_shop(TWO, None, "elsewhere").unwrap(), Some(ShopId(1)), "each tenant counts for itself");
    let numbers: Vec<_> = database.shops(ONE).unwrap().iter().map(|shop| shop.scope.shop.0).collect();
    assert_eq!(numbers, [1, 40, 41]);
}

fn after_the_last_number_there_is_no_next(site: &Site) {
    let database = site.open();
    let last = ShopId((1 << 53) - 1);
    database.add_shop(ONE, Some(ShopId(last.0 - 1)), "the last but one").unwrap().unwrap();

    assert_eq!(database.add_shop(ONE, None, "the last").unwrap(), Some(last));
    assert_eq!(database.add_shop(ONE, None, "one more").unwrap(), None);

    assert_eq!(database.shops(ONE).unwrap().len(), 2);
    assert_eq!(database.add_shop(ONE, Some(ShopId(3)), "wanted").unwrap(), Some(ShopId(3)), "below there is room");
}

fn one_number_is_two_shops_in_two_tenants(site: &Site) {
    let database = site.open();
    opened(&database, ONE, 5);
    opened(&database, TWO, 5);

    database.set_shop_status(at(TWO, 5), ShopStatus::Closed).unwrap();
    database.grant_shop(LILI, at(TWO, 5)).unwrap();

    assert_eq!(database.standing(at(ONE, 5)).unwrap(), Standing::Open);
    assert_eq!(database.standing(at(TWO, 5)).unwrap(), Standing::Closed);
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), Shops::platform());
    assert_eq!(database.admins_of(at(ONE, 5)).unwrap(), []);
}

fn a_shop_that_is_closed_stays_and_may_open_again(site: &Site) {
    let database = site.open();
    opened(&database, ONE, 5);

    assert!(database.set_shop_status(at(ONE, 5), ShopStatus::Closed).unwrap());
    assert_eq!(database.shop(at(ONE, 5)).unwrap().unwrap().status, ShopStatus::Closed);
    assert_eq!(database.standing(at(ONE, 5)).unwrap(), Standing::Closed);
    assert!(database.set_shop_status(at(ONE, 5), ShopStatus::Closed).unwrap(), "closed as it was");
    assert!(database.set_shop_status(at(ONE, 5), ShopStatus::Open).unwrap());

    assert_eq!(database.standing(at(ONE, 5)).unwrap(), Standing::Open);
    assert!(!database.set_shop_status(at(ONE, 6), ShopStatus::Closed).unwrap());
    assert!(!database.set_shop_status(at(TWO, 5), ShopStatus::Closed).unwrap());
    assert_eq!(database.standing(at(ONE, 6)).unwrap(), Standing::Unknown);
}

fn the_platform_is_always_open_and_has_no_row(site: &Site) {
    let database = site.open();

    assert_eq!(database.standing(Scope::platform(ONE)).unwrap(), Standing::Open);
    assert_eq!(database.shop(Scope::platform(ONE)).unwrap(), None);
    assert!(!database.set_shop_status(Scope::platform(ONE), ShopStatus::Closed).unwrap());
    assert_eq!(database.standing(Scope::platform(ONE)).unwrap(), Standing::Open);
}

fn who_was_never_given_a_shop_serves_the_platform(site: &Site) {
    assert_eq!(site.open().shops_of(ONE, LILI).unwrap(), Shops::platform());
}

fn giving_takes_the_platform_from_nobody(site: &Site) {
    let database = site.open();

    for shop in [9, 5] {
        database.grant_shop(LILI, at(ONE, shop)).unwrap();
    }

    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[0, 5, 9]));
    assert_eq!(database.shops_of(ONE, AdminId(8)).unwrap(), Shops::platform());
    assert_eq!(database.shops_of(TWO, LILI).unwrap(), Shops::platform());
}

fn who_was_denied_the_platform_serves_exactly_what_they_were_given(site: &Site) {
    let database = site.open();
    database.revoke_shop(LILI, Scope::platform(ONE)).unwrap().unwrap();

    for shop in [9, 5] {
        database.grant_shop(LILI, at(ONE, shop)).unwrap();
    }
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[5, 9]));
    database.revoke_shop(LILI, at(ONE, 9)).unwrap().unwrap();
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[5]));

    database.grant_shop(LILI, Scope::platform(ONE)).unwrap();

    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[0, 5]), "until it is given again");
}

fn who_loses_their_last_shop_serves_none(site: &Site) {
    let database = site.open();
    database.grant_shop(LILI, at(ONE, 5)).unwrap();

    database.revoke_shop(LILI, Scope::platform(ONE)).unwrap().unwrap();
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[5]));
    database.revoke_shop(LILI, at(ONE, 5)).unwrap().unwrap();

    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[]), "and not the platform again");
    database.revoke_shop(AdminId(8), Scope::platform(ONE)).unwrap().unwrap();
    assert_eq!(database.shops_of(ONE, AdminId(8)).unwrap(), shops(&[]), "what was never written can be denied");
}

fn taking_what_is_not_served_changes_nothing(site: &Site) {
    let database = site.open();
    let lulu = agent(&database, "lulu");
    logged_in(&database, Party::Admin(lulu), 1, 2);
    database.revoke_shop(LILI, Scope::platform(ONE)).unwrap().unwrap();

    for admin in [lulu, LILI, AdminId(8)] {
        let before = database.shops_of(ONE, admin).unwrap();
        assert_eq!(database.revoke_shop(admin, at(ONE, 5)).unwrap(), None);
        assert_eq!(database.shops_of(ONE, admin).unwrap(), before);
    }

    assert_eq!(database.revoke_shop(LILI, Scope::platform(ONE)).unwrap(), None, "denied before");
    assert_eq!(good(&database), [1, 2], "and nobody is shown out");
}

fn what_is_given_and_denied_at_once_is_given_and_denied(site: &Site) {
    let database = site.open();
    for admin in (100..140).map(AdminId) {
        let start = Barrier::new(2);

        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                database.grant_shop(admin, at(ONE, 5)).unwrap();
            });
            start.wait();
            database.revoke_shop(admin, Scope::platform(ONE)).unwrap();
        });

        assert_eq!(database.shops_of(ONE, admin).unwrap(), shops(&[5]));
    }
}

fn of_too_many_shops_an_agent_serves_the_lowest(site: &Site) {
    let database = site.open();
    let most = i64::try_from(Shops::MOST).unwrap();
    let many = NewAccount { shops: (1..=most + 1).map(ShopId).collect(), ..account("lili") };
    let lili = database.add_account(&many).unwrap().unwrap();
    let served = |first: i64| (first..first + most).map(ShopId).collect::<Shops>();
    assert_eq!(database.shops_of(ONE, lili).unwrap(), served(1));

    assert!(database.revoke_shop(lili, at(ONE, most + 1)).unwrap().is_some(), "it was given all the same");
    database.grant_shop(lili, Scope::platform(ONE)).unwrap();

    assert_eq!(database.shops_of(ONE, lili).unwrap(), served(0));
}

fn an_account_is_made_with_its_shops(site: &Site) {
    let database = site.open();

    let lili = database.add_account(&NewAccount { shops: shops(&[9, 5]), ..account("lili") }).unwrap().unwrap();
    let lulu = database.add_account(&account("lulu")).unwrap().unwrap();

    assert_eq!(database.shops_of(ONE, lili).unwrap(), shops(&[5, 9]));
    assert_eq!(database.admins_of(at(ONE, 5)).unwrap(), [lili]);
    assert_eq!(database.admins_of(Scope::platform(ONE)).unwrap(), [lulu], "by a row, not by silence");
    let again = NewAccount { shops: shops(&[7]), ..account("LiLi") };
    assert_eq!(database.add_account(&again).unwrap(), None);
    assert_eq!(database.shops_of(ONE, lili).unwrap(), shops(&[5, 9]), "whose name is taken changes nobody's shops");
}

fn an_account_that_serves_no_shop_serves_not_the_platform_either(site: &Site) {
    let database = site.open();

    let lili = database.add_account(&NewAccount { shops: shops(&[]), ..account("lili") }).unwrap().unwrap();
    assert_eq!(database.shops_of(ONE, lili).unwrap(), shops(&[]));
    database.grant_shop(lili, at(ONE, 5)).unwrap();

    assert_eq!(database.shops_of(ONE, lili).unwrap(), shops(&[5]));
}

fn giving_and_taking_twice_changes_nothing(site: &Site) {
    let database = site.open();
    for _ in 0..2 {
        database.grant_shop(LILI, at(ONE, 5)).unwrap();
    }
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[0, 5]));
    for _ in 0..2 {
        database.revoke_shop(LILI, at(ONE, 5)).unwrap();
    }
    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[0]));

    database.grant_shop(LILI, at(ONE, 5)).unwrap();

    assert_eq!(database.shops_of(ONE, LILI).unwrap(), shops(&[0, 5]), "what was taken can be given again");
}

fn a_shop_knows_who_serves_it(site: &Site) {
    let database = site.open();
    for admin in [30, 10, 20] {
        database.grant_shop(AdminId(admin), at(ONE, 5)).unwrap();
    }
    database.grant_shop(AdminId(40), at(ONE, 6)).unwrap();
    database.grant_shop(AdminId(50), at(TWO, 5)).unwrap();

    database.revoke_shop(AdminId(20), at(ONE, 5)).unwrap();

    assert_eq!(database.admins_of(at(ONE, 5)).unwrap(), [AdminId(10), AdminId(30)]);
    assert_eq!(database.admins_of(Scope::platform(ONE)).unwrap(), [10, 20, 30, 40].map(AdminId));
    assert_eq!(database.admins_of(Scope::platform(TWO)).unwrap(), [AdminId(50)]);
}

const fn hash(text: u8) -> TokenHash {
    [text; 32]
}

fn account(name: &str) -> NewAccount {
    NewAccount {
        tenant: ONE,
        username: name.to_owned(),
        password_hash: "$argon2id$one".to_owned(),
        nickname: name.to_owned(),
        avatar: None,
        roles: Vec::new(),
        shops: Shops::platform(),
    }
}

fn agent(database: &Database, name: &str) -> AdminId {
    database.add_account(&account(name)).unwrap().unwrap()
}

fn logged_in(database: &Database, owner: Party, access: u8, refresh: u8) {
    let pair = NewToken {
        access: hash(access),
        refresh: hash(refresh),
        owner,
        tenant: ONE,
        access_lives_ms: 60_000,
        refresh_lives_ms: 120_000,
    };
    database.add_tokens(&pair).unwrap();
}

fn good(database: &Database) -> Vec<u8> {
    let now = database.now().unwrap();
    let is_good = |token: &u8| database.token(&hash(*token)).unwrap().is_some_and(|token| token.is_good_at(now));
    (1..=8).filter(is_good).collect()
}

fn taking_a_shop_ends_that_admin_s_logins_and_nobody_else_s(site: &Site) {
    let database = site.open();
    let (lili, lulu) = (agent(&database, "lili"), agent(&database, "lulu"));
    for admin in [lili, lulu] {
        database.grant_shop(admin, at(ONE, 5)).unwrap();
    }
    logged_in(&database, Party::Admin(lili), 1, 2);
    logged_in(&database, Party::Admin(lili), 3, 4);
    logged_in(&database, Party::Admin(lulu), 5, 6);
    logged_in(&database, Party::Member(kefu_domain::MemberId(lili.0)), 7, 8);
    let since = database.now().unwrap();

    let ended: BTreeSet<_> = database.revoke_shop(lili, at(ONE, 5)).unwrap().unwrap().into_iter().collect();

    assert_eq!(ended, [hash(1), hash(2), hash(3), hash(4)].into());
    assert_eq!(good(&database), [5, 6, 7, 8]);
    let told: BTreeSet<_> = database.revoked_since(since).unwrap().into_iter().collect();
    assert_eq!(told, ended, "other servers on the database hear of it too");
    assert_eq!(database.revoke_shop(lili, at(ONE, 5)).unwrap(), None, "once");
}

fn giving_a_shop_ends_no_login(site: &Site) {
    let database = site.open();
    let lili = agent(&database, "lili");
    logged_in(&database, Party::Admin(lili), 1, 2);

    database.grant_shop(lili, at(ONE, 5)).unwrap();

    assert_eq!(good(&database), [1, 2]);
}

fn subject(name: &str) -> Subject {
    Subject { tenant: ONE, user_type: 1, issuer: "https://mall.example".to_owned(), name: name.to_owned() }
}

fn a_subject_keeps_its_id_for_ever_and_it_is_below_zero(site: &Site) {
    let database = site.open();

    let id = database.id_of(&subject("auth0|5f7c😀")).unwrap();

    assert!(id < 0);
    assert_eq!(database.id_of(&subject("auth0|5f7c😀")).unwrap(), id);
    drop(database);
    assert_eq!(site.open().id_of(&subject("auth0|5f7c😀")).unwrap(), id);
    assert_eq!(site.number("SELECT COUNT(*) AS value FROM kefu_identity"), 1);
}

fn a_subject_is_somebody_else_with_another_tenant_type_issuer_or_case(site: &Site) {
    let database = site.open();
    let one = subject("lili");
    let people = [
        one.clone(),
        Subject { tenant: TWO, ..one.clone() },
        Subject { user_type: 2, ..one.clone() },
        Subject { issuer: "https://other.example".to_owned(), ..one.clone() },
        subject("Lili"),
        subject("lili "),
        subject("lilí"),
        subject(&"x".repeat(127)),
        subject(&"x".repeat(128)),
    ];

    let ids: BTreeSet<_> = people.iter().map(|person| database.id_of(person).unwrap()).collect();

    assert_eq!(ids.len(), people.len());
    assert!(ids.iter().all(|id| *id < 0));
}

fn first_sights_at_once_give_one_id(site: &Site) {
    let database = site.open();

    let ids: BTreeSet<i64> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..8).map(|_| scope.spawn(|| database.id_of(&subject("lili")).unwrap())).collect();
        asking.into_iter().map(|one| one.join().unwrap()).collect()
    });

    assert_eq!(ids.len(), 1);
}

fn a_key_is_found_by_its_hash(site: &Site) {
    let database = site.open();
    let before = database.now().unwrap();

    assert!(database.add_api_key(&hash(1), ONE, "商城后端").unwrap());

    let after = database.now().unwrap();
    let key = database.api_key(&hash(1)).unwrap().unwrap();
    assert_eq!((key.tenant, key.name.as_str()), (ONE, "商城后端"));
    assert!((before..=after).contains(&key.created));
    assert_eq!(database.api_key(&hash(2)).unwrap(), None);
    assert_eq!(database.api_keys(ONE).unwrap(), [key]);
    assert_eq!(database.api_keys(TWO).unwrap(), []);
}

fn a_key_s_name_is_taken_once_per_tenant(site: &Site) {
    let database = site.open();
    assert!(database.add_api_key(&hash(1), ONE, "mall").unwrap());

    assert!(!database.add_api_key(&hash(2), ONE, "mall").unwrap());
    assert!(database.add_api_key(&hash(3), TWO, "mall").unwrap());
    assert!(database.add_api_key(&hash(4), ONE, "app").unwrap());

    assert_eq!(database.api_key(&hash(2)).unwrap(), None);
    let names: Vec<_> = database.api_keys(ONE).unwrap().into_iter().map(|key| key.name).collect();
    assert_eq!(names, ["app", "mall"]);
}

fn a_key_that_was_taken_back_is_gone(site: &Site) {
    let database = site.open();
    database.add_api_key(&hash(1), ONE, "mall").unwrap();
    database.add_api_key(&hash(2), TWO, "mall").unwrap();

    assert!(database.remove_api_key(ONE, "mall").unwrap());

    assert_eq!(database.api_key(&hash(1)).unwrap(), None);
    assert!(database.api_key(&hash(2)).unwrap().is_some());
    assert!(!database.remove_api_key(ONE, "mall").unwrap());
    assert!(database.add_api_key(&hash(1), ONE, "mall").unwrap(), "its name is free again");
}
