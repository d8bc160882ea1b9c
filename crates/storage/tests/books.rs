//! Accounts, tokens, tenants, profiles and files, on each database.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use kefu_domain::{
    AdminDirectory, AdminId, ConversationId, MemberDirectory, MemberId, Party, Profile, Scope, ShopId, Shops,
    StoreError, TenantId, Timestamp,
};
use kefu_storage::{
    Account, AccountStatus, Database, NewAccount, NewTenant, NewToken, Renewal, StoredFile, TenantStatus, TokenHash,
    TokenKind,
};
use support::{DESK, Site};

on_each_database! {
    an_account_comes_back_as_it_was_made
    a_username_is_taken_once_per_tenant_in_any_case
    an_account_changes_one_thing_at_a_time
    account_ids_lie_beyond_any_mall_s
    tokens_come_in_pairs_and_expire_by_the_database_s_clock
    renewing_keeps_the_refresh_token_and_ends_the_old_access
    a_refresh_token_that_is_not_good_renews_nothing
    revoking_is_seen_by_whoever_asks_since
    disabling_and_new_passwords_lock_out
    expired_tokens_are_forgotten
    tenants_are_found_by_number_and_by_name
    profiles_are_remembered_and_changed
    a_profile_that_does_not_differ_is_not_written
    an_overlong_profile_is_cut_not_refused
    an_admin_s_profile_is_the_account_s_or_what_was_seen
    nobody_is_denied
    a_file_comes_back_as_it_was_noted
}

fn agent(name: &str) -> NewAccount {
    NewAccount {
        tenant: TenantId(1),
        username: name.to_owned(),
        password_hash: "$argon2id$one".to_owned(),
        nickname: format!("客服{name}"),
        avatar: Some("https://x/a.png".to_owned()),
        roles: vec!["kefu".to_owned(), "supervisor".to_owned()],
        shops: Shops::platform(),
    }
}

fn added(database: &Database, name: &str) -> AdminId {
    database.add_account(&agent(name)).unwrap().unwrap()
}

fn found(database: &Database, id: AdminId) -> Account {
    database.account(id).unwrap().unwrap()
}

const fn hash(text: u8) -> TokenHash {
    [text; 32]
}

fn pair(account: AdminId, access: u8, refresh: u8) -> NewToken {
    NewToken {
        access: hash(access),
        refresh: hash(refresh),
        owner: Party::Admin(account),
        tenant: TenantId(1),
        access_lives_ms: 1_800_000,
        refresh_lives_ms: 30 * 86_400_000,
    }
}

fn is_good(database: &Database, token: u8) -> bool {
    let now = database.now().unwrap();
    database.token(&hash(token)).unwrap().is_some_and(|token| token.is_good_at(now))
}

fn an_account_comes_back_as_it_was_made(site: &Site) {
    let database = site.open();
    let id = added(&database, "lili");

    let account = found(&database, id);

    assert_eq!(database.account_by_name(TenantId(1), "lili").unwrap().as_ref(), Some(&account));
    assert_eq!(database.accounts(TenantId(1)).unwrap(), std::slice::from_ref(&account));
    assert_eq!(database.accounts(TenantId(2)).unwrap(), []);
    assert_eq!(account.username, "lili");
    assert_eq!(account.password_hash, "$argon2id$one");
    assert_eq!(account.nickname, "客服lili");
    assert_eq!(account.avatar.as_deref(), Some("https://x/a.png"));
    assert_eq!(account.roles, ["kefu", "supervisor"]);
    assert_eq!(account.status, AccountStatus::Enabled);
    assert_eq!(database.account(AdminId(1)).unwrap(), None);
}

fn a_username_is_taken_once_per_tenant_in_any_case(site: &Site) {
    let database = site.open();
    let id = added(&database, "lili");

    assert_eq!(database.add_account(&agent("LiLi")).unwrap(), None);
    assert_eq!(database.account_by_name(TenantId(1), "LILI").unwrap().unwrap().id, id);
    assert!(database.add_account(&NewAccount { tenant: TenantId(2), ..agent("lili") }).unwrap().is_some());
}

fn an_account_changes_one_thing_at_a_time(site: &Site) {
    let database = site.open();
    let id = added(&database, "lili");

    assert!(database.set_password(id, "$argon2id$two").unwrap());
    assert!(database.set_roles(id, &[]).unwrap());
    assert!(database.set_account_profile(id, "莉莉", None).unwrap());
    assert!(database.set_account_status(id, AccountStatus::Disabled).unwrap());

    let account = found(&database, id);
    assert_eq!(account.password_hash, "$argon2id$two");
    assert_eq!(account.roles, [] as [String; 0]);
    assert_eq!((account.nickname.as_str(), account.avatar), ("莉莉", None));
    assert_eq!(account.status, AccountStatus::Disabled);
    assert!(!database.set_password(AdminId(7), "x").unwrap());
    assert!(!database.set_account_status(AdminId(7), AccountStatus::Enabled).unwrap());
}

fn account_ids_lie_beyond_any_mall_s(site: &Site) {
    assert_eq!(added(&site.open(), "lili"), AdminId(1_000_000_000_000));
}

fn tokens_come_in_pairs_and_expire_by_the_database_s_clock(site: &Site) {
    let database = site.open();
    let account = added(&database, "lili");
    let before = database.now().unwrap();

    let (access, refresh) = database.add_tokens(&pair(account, 1, 2)).unwrap();

    let after = database.now().unwrap();
    assert_eq!(database.token(&hash(1)).unwrap().as_ref(), Some(&access));
    assert_eq!(database.token(&hash(2)).unwrap().as_ref(), Some(&refresh));
    assert_eq!(database.token(&hash(3)).unwrap(), None);
    assert_eq!((access.kind, access.refresh), (TokenKind::Access, hash(2)));
    assert_eq!((refresh.kind, refresh.refresh), (TokenKind::Refresh, hash(2)));
    assert_eq!((access.owner, access.tenant), (Party::Admin(account), TenantId(1)));
    assert!((before.0 + 1_800_000..=after.0 + 1_800_000).contains(&access.expires.0));
    assert_eq!(refresh.expires.0 - access.expires.0, 30 * 86_400_000 - 1_800_000);
    assert!(access.is_good_at(after));
    assert!(!access.is_good_at(access.expires));
}

fn renewing_keeps_the_refresh_token_and_ends_the_old_access(site: &Site) {
    let database = site.open();
    let account = added(&database, "lili");
    let (_, refresh) = database.add_tokens(&pair(account, 1, 2)).unwrap();
    database.add_tokens(&pair(account, 5, 6)).unwrap();

    let Renewal::Renewed(renewed) = database.renew_access(&hash(2), &hash(3), 60_000).unwrap() else {
        panic!("a good token renews");
    };

    assert_eq!(database.token(&hash(3)).unwrap().as_ref(), Some(&renewed));
    assert_eq!((renewed.kind, renewed.refresh, renewed.owner), (TokenKind::Access, hash(2), Party::Admin(account)));
    assert_eq!(database.token(&hash(2)).unwrap(), Some(refresh));
    assert!(!is_good(&database, 1), "the access token before it has ended");
    assert!(is_good(&database, 3));
    assert!(is_good(&database, 5) && is_good(&database, 6), "another sign-in goes on");
}

fn a_refresh_token_that_is_not_good_renews_nothing(site: &Site) {
    let database = site.open();
    let account = added(&database, "lili");
    database.add_tokens(&pair(account, 1, 2)).unwrap();
    database.add_tokens(&NewToken { refresh_lives_ms: 0, ..pair(account, 3, 4) }).unwrap();
    database.add_tokens(&pair(account, 5, 6)).unwrap();
    database.revoke_tokens(&hash(6)).unwrap();

    let renew = |refresh| database.renew_access(&hash(refresh), &hash(9), 60_000).unwrap();

    assert_eq!(renew(8), Renewal::Unknown);
    assert_eq!(renew(1), Renewal::Unknown, "an access token buys nothing");
    assert_eq!(renew(4), Renewal::Expired);
    assert_eq!(renew(6), Renewal::Unknown, "a revoked one is not told from a wrong one");
    assert_eq!(database.token(&hash(9)).unwrap(), None);
    assert!(is_good(&database, 1));
}

fn revoking_is_seen_by_whoever_asks_since(site: &Site) {
    let database = site.open();
    let account = added(&database, "lili");
    database.add_tokens(&pair(account, 1, 2)).unwrap();
    database.add_tokens(&pair(account, 3, 4)).unwrap();
    let since = database.now().unwrap();
    assert_eq!(database.revoked_since(Timestamp(0)).unwrap(), [] as [TokenHash; 0]);

    let mut revoked = database.revoke_tokens(&hash(2)).unwrap();

    revoked.sort_unstable();
    assert_eq!(revoked, [hash(1), hash(2)]);
    let mut seen = database.revoked_since(since).unwrap();
    seen.sort_unstable();
    assert_eq!(seen, revoked);
    assert_eq!(database.revoke_tokens(&hash(2)).unwrap(), [] as [TokenHash; 0], "once");
    assert!(!is_good(&database, 1) && !is_good(&database, 2));
    let mut rest = database.revoke_tokens_of(TenantId(1), Party::Admin(account)).unwrap();
    rest.sort_unstable();
    assert_eq!(rest, [hash(3), hash(4)]);
    let later = Timestamp(database.now().unwrap().0 + 1);
    assert_eq!(database.revoked_since(later).unwrap(), [] as [TokenHash; 0]);
}

fn disabling_and_new_passwords_lock_out(site: &Site) {
    let database = site.open();
    let (one, two) = (added(&database, "one"), added(&database, "two"));
    database.add_tokens(&pair(one, 1, 2)).unwrap();
    database.add_tokens(&pair(two, 3, 4)).unwrap();

    database.set_account_status(one, AccountStatus::Enabled).unwrap();
    assert!(is_good(&database, 1), "enabling takes nothing away");
    database.set_account_status(one, AccountStatus::Disabled).unwrap();

    assert!(!is_good(&database, 1) && !is_good(&database, 2));
    assert!(is_good(&database, 3) && is_good(&database, 4));
    database.set_password(two, "$argon2id$two").unwrap();
    assert!(!is_good(&database, 3) && !is_good(&database, 4));
}

fn expired_tokens_are_forgotten(site: &Site) {
    let database = site.open();
    let account = added(&database, "lili");
    let (access, _) = database.add_tokens(&pair(account, 1, 2)).unwrap();

    assert_eq!(database.forget_tokens(access.expires).unwrap(), 0);
    assert_eq!(database.forget_tokens(Timestamp(access.expires.0 + 1)).unwrap(), 1);
    assert_eq!(database.token(&hash(1)).unwrap(), None);
    assert!(is_good(&database, 2));
}

fn tenants_are_found_by_number_and_by_name(site: &Site) {
    let database = site.open();
    let new = |id: Option<i64>, name: &str, expires| NewTenant { id: id.map(TenantId), name: name.to_owned(), expires };
    let expires = Some(Timestamp(1_795_287_600_123));

    assert_eq!(database.add_tenant(&new(Some(1), "芋道源码", None)).unwrap(), Some(TenantId(1)));
    assert_eq!(database.add_tenant(&new(Some(162), "shop", expires)).unwrap(), Some(TenantId(162)));
    let next = database.add_tenant(&new(None, "next", None)).unwrap().unwrap();
    assert_eq!(database.add_tenant(&new(Some(1), "other", None)).unwrap(), None, "the number is taken");
    assert_eq!(database.add_tenant(&new(None, "SHOP", None)).unwrap(), None, "the name is taken");

    assert!(next.0 > 162);
    let shop = database.tenant_by_name("Shop").unwrap().unwrap();
    assert_eq!((shop.id, shop.name.as_str(), shop.expires), (TenantId(162), "shop", expires));
    assert_eq!(shop.status, TenantStatus::Enabled);
    assert_eq!(database.tenant(TenantId(1)).unwrap().unwrap().name, "芋道源码");
    assert_eq!(database.tenant(TenantId(2)).unwrap(), None);
    assert_eq!(database.tenants().unwrap().iter().map(|it| it.id.0).collect::<Vec<_>>(), [1, 162, next.0]);
    assert!(database.set_tenant_status(TenantId(162), TenantStatus::Disabled).unwrap());
    assert_eq!(database.tenant(TenantId(162)).unwrap().unwrap().status, TenantStatus::Disabled);
    assert!(!database.set_tenant_status(TenantId(9), TenantStatus::Disabled).unwrap());
}

fn named(nickname: &str, avatar: &str) -> Profile {
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Profile { nickname: text(nickname), avatar: text(avatar) }
}

fn member_profile(database: &Database, tenant: i64, id: i64) -> Option<Profile> {
    let ids = [MemberId(id), MemberId(4711)];
    MemberDirectory::profiles(database, TenantId(tenant), &ids).unwrap().remove(&MemberId(id))
}

fn profiles_are_remembered_and_changed(site: &Site) {
    let database = site.open();

    database.remember_profile(TenantId(1), 1, 101, &named("小明😀", "https://x/1.png")).unwrap();
    assert_eq!(member_profile(&database, 1, 101), Some(named("小明😀", "https://x/1.png")));
    database.remember_profile(TenantId(1), 1, 101, &named("小红", "")).unwrap();

    assert_eq!(member_profile(&database, 1, 101), Some(named("小红", "")));
    assert_eq!(member_profile(&database, 2, 101), None);
    assert_eq!(member_profile(&database, 1, 102), None);
}

fn a_profile_that_does_not_differ_is_not_written(site: &Site) {
    let database = site.open();
    database.remember_profile(TenantId(1), 1, 101, &named("小明", "")).unwrap();
    site.run("UPDATE kefu_profile SET updated_ms = 1");

    database.remember_profile(TenantId(1), 1, 101, &named("小明", "")).unwrap();
    assert_eq!(site.number("SELECT updated_ms AS value FROM kefu_profile"), 1);
    database.remember_profile(TenantId(1), 1, 101, &named("小", "")).unwrap();

    assert!(site.number("SELECT updated_ms AS value FROM kefu_profile") > 1);
}

fn an_overlong_profile_is_cut_not_refused(site: &Site) {
    let database = site.open();
    let long = "名".repeat(300);

    database.remember_profile(TenantId(1), 1, 101, &named(&long, &"x".repeat(2049))).unwrap();

    assert_eq!(member_profile(&database, 1, 101), Some(named(&"名".repeat(255), "")));
}

fn an_admin_s_profile_is_the_account_s_or_what_was_seen(site: &Site) {
    let database = site.open();
    let own = added(&database, "lili");
    database.remember_profile(TenantId(1), 2, own.0, &named("stale", "")).unwrap();
    database.remember_profile(TenantId(1), 2, 7, &named("商城客服", "")).unwrap();
    database.remember_profile(TenantId(1), 1, 8, &named("a member", "")).unwrap();

    let profiles = |tenant| {
        AdminDirectory::profiles(&database, TenantId(tenant), &[own, AdminId(7), AdminId(8), AdminId(9)]).unwrap()
    };

    let known = profiles(1);
    assert_eq!(known.len(), 2);
    assert_eq!(known[&own], named("客服lili", "https://x/a.png"));
    assert_eq!(known[&AdminId(7)], named("商城客服", ""));
    assert!(profiles(2).is_empty());
}

fn nobody_is_denied(site: &Site) {
    assert!(!site.open().denies(TenantId(1), MemberId(4711)).unwrap());
}

fn a_file_comes_back_as_it_was_noted(site: &Site) {
    let database = site.open();
    let file = |name: &str, uploader, conversation| StoredFile {
        name: name.to_owned(),
        scope: Scope { tenant: TenantId(1), shop: ShopId(3) },
        uploader,
        conversation,
        kind: "png".to_owned(),
        bytes: 5_000_000_000,
        created: Timestamp(1_795_287_600_123),
    };
    let files = [
        file("a.png", Party::Member(MemberId(101)), None),
        file("A.png", Party::Admin(AdminId(7)), Some(ConversationId(12))),
        file("c.png", Party::System, None),
    ];

    for file in &files {
        database.add_file(file).unwrap();
    }

    for file in &files {
        assert_eq!(database.file(&file.name).unwrap().as_ref(), Some(file));
    }
    assert_eq!(database.file("b.png").unwrap(), None);
    assert!(matches!(database.add_file(&files[0]), Err(StoreError::Failed(_))));
    assert_eq!(database.file("a.png").unwrap().unwrap().scope.tenant, DESK.tenant);
}
