use kefu_domain::{Scope, ShopId, Shops};
use kefu_storage::{Account, NewAccount, NewTenant, Options};

use super::*;

struct World {
    tokens: OwnTokens,
    account: Account,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let folder = tempfile::tempdir().unwrap();
    let address = format!("sqlite:{}", folder.path().join("kefu.sqlite3").display());
    let database = Database::connect(&address, &Options::default()).unwrap();
    let tenant = database.add_tenant(&NewTenant { id: None, name: "mall".into(), expires: None }).unwrap().unwrap();
    let account = NewAccount {
        tenant,
        username: "kefu".into(),
        password_hash: "x".into(),
        nickname: "Bob".into(),
        avatar: None,
        roles: vec!["observer".into()],
        shops: Shops::platform(),
    };
    let id = database.add_account(&account).unwrap().unwrap();
    let account = database.account(id).unwrap().unwrap();
    World { tokens: OwnTokens::new(database, 1_800, 3_600), account, _folder: folder }
}

fn find(tokens: &OwnTokens, text: &str) -> Verdict {
    tokens.find(Token::new(text).unwrap().hash()).unwrap()
}

fn good(tokens: &OwnTokens, text: &str) -> bool {
    find(tokens, text).identity().is_some()
}

#[test]
fn both_tokens_of_a_pair_name_the_account() {
    let world = world();

    let issued = world.tokens.issue(TenantId(1), Party::Admin(world.account.id)).unwrap();

    for text in [&issued.access, &issued.refresh] {
        let identity = find(&world.tokens, text).identity().unwrap();
        assert_eq!(identity.party, Party::Admin(world.account.id));
        assert_eq!(identity.permissions, [Permission::ConversationQuery, Permission::MessageQuery]);
    }
    assert_ne!(issued.access, issued.refresh);
}

#[test]
fn unknown_tokens_are_nobody() {
    let world = world();

    let strange = "0".repeat(32);
    assert_eq!(find(&world.tokens, &strange), Verdict::Unknown);
    assert_eq!(world.tokens.at_once(&Token::new(&strange).unwrap()), Some(Verdict::Unknown));
    assert_eq!(find(&world.tokens, "no token at all"), Verdict::Unknown);
    assert_eq!(world.tokens.at_once(&Token::new("a.b.c").unwrap()), Some(Verdict::Unknown));
}

#[test]
fn renewing_keeps_the_refresh_token_and_ends_the_old_access_token() {
    let world = world();
    let first = world.tokens.issue(TenantId(1), Party::Admin(world.account.id)).unwrap();

    let Renewed::Again(_, second) = world.tokens.renew(&Token::new(&first.refresh).unwrap(), Side::Desk).unwrap()
    else {
        panic!("not renewed")
    };

    assert_eq!(second.refresh, first.refresh);
    assert!(!good(&world.tokens, &first.access));
    assert!(good(&world.tokens, &second.access) && good(&world.tokens, &first.refresh));
    assert!(matches!(world.tokens.renew(&Token::new(&second.access).unwrap(), Side::Desk).unwrap(), Renewed::Unknown));
}

#[test]
fn a_token_that_was_taken_back_is_nobody_at_once() {
    let world = world();
    let issued = world.tokens.issue(TenantId(1), Party::Admin(world.account.id)).unwrap();
    assert!(good(&world.tokens, &issued.access) && good(&world.tokens, &issued.refresh));

    let revoked = world.tokens.revoke(&Token::new(&issued.access).unwrap()).unwrap();

    assert_eq!(revoked.len(), 2);
    let access = Token::new(&issued.access).unwrap();
    assert_eq!(world.tokens.at_once(&access), None, "nothing is remembered");
    assert!(!good(&world.tokens, &issued.access) && !good(&world.tokens, &issued.refresh));
}

/// Ours, and ended: no one else is to be asked about it, now or while it is remembered.
#[track_caller]
fn has_ended(tokens: &OwnTokens, text: &str) {
    assert_eq!(find(tokens, text), Verdict::Nobody);
    assert_eq!(tokens.at_once(&Token::new(text).unwrap()), Some(Verdict::Nobody));
}

#[test]
fn what_has_ended_is_known_to_be_ours() {
    let world = world();
    let (admin, database) = (Party::Admin(world.account.id), &world.tokens.database);
    let issue = |lives_ms| world.tokens.issue_for(TenantId(1), admin, lives_ms).unwrap();
    let [expired, revoked, disabled] = [issue(0), issue(60_000), issue(60_000)];
    let system = world.tokens.issue(TenantId(1), Party::System).unwrap();
    world.tokens.revoke(&Token::new(&revoked.access).unwrap()).unwrap();

    has_ended(&world.tokens, &expired.access);
    has_ended(&world.tokens, &revoked.access);
    has_ended(&world.tokens, &revoked.refresh);
    has_ended(&world.tokens, &system.access);
    assert!(good(&world.tokens, &disabled.access));
    database.set_account_status(world.account.id, AccountStatus::Disabled).unwrap();
    has_ended(&world.tokens, &disabled.access);
}

#[test]
fn a_remembered_token_ends_in_time() {
    let world = world();
    let token = Token::new(&"a".repeat(32)).unwrap();
    let identity = Identity {
        party: Party::Admin(world.account.id),
        tenant: TenantId(1),
        permissions: Vec::new(),
        shops: rota::nowhere(),
        profile: Profile::default(),
        credential: token.credential(),
        expires: Some(crate::clock::now()),
    };

    world.tokens.known.insert(token.hash(), Verdict::Is(identity));

    assert_eq!(world.tokens.at_once(&token), Some(Verdict::Nobody));
}

#[test]
fn a_remembered_admin_serves_what_the_books_say_once_they_are_read_again() {
    let world = world();
    let (tenant, id) = (TenantId(1), world.account.id);
    let issued = world.tokens.issue(tenant, Party::Admin(id)).unwrap();
    let access = Token::new(&issued.access).unwrap();
    let branch = world.tokens.database.add_shop(tenant, None, "branch").unwrap().unwrap();
    let served = |verdict: Verdict| verdict.identity().unwrap().shops.to_vec();
    assert_eq!(served(find(&world.tokens, &issued.access)), [ShopId::PLATFORM]);

    world.tokens.database.grant_shop(id, Scope { tenant, shop: branch }).unwrap();
    world.tokens.rota().forget(tenant, id);

    assert_eq!(world.tokens.at_once(&access), None);
    assert!(served(find(&world.tokens, &issued.access)).contains(&branch));
    assert!(served(world.tokens.at_once(&access).unwrap()).contains(&branch));
}

#[test]
fn roles_add_up_and_unknown_ones_allow_nothing() {
    let allow = |names: &[&str]| Role::allow(&names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());

    assert_eq!(allow(&["manager"]), Permission::ALL);
    assert_eq!(allow(&["agent", "observer"]).len(), 5);
    assert!(!allow(&["agent"]).contains(&Permission::ConversationDelete));
    assert_eq!(allow(&[]), []);
    assert_eq!(allow(&["Manager", "root", ""]), []);
}
