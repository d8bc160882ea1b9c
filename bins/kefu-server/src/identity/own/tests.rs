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
    };
    let id = database.add_account(&account).unwrap().unwrap();
    let account = database.account(id).unwrap().unwrap();
    World { tokens: OwnTokens::new(database, 1_800, 3_600), account, _folder: folder }
}

fn good(tokens: &OwnTokens, text: &str) -> bool {
    tokens.find(Token::new(text).unwrap().hash()).unwrap().is_some()
}

#[test]
fn both_tokens_of_a_pair_name_the_account() {
    let world = world();

    let issued = world.tokens.issue(TenantId(1), Party::Admin(world.account.id)).unwrap();

    for text in [&issued.access, &issued.refresh] {
        let identity = world.tokens.find(Token::new(text).unwrap().hash()).unwrap().unwrap();
        assert_eq!(identity.party, Party::Admin(world.account.id));
        assert_eq!(identity.permissions, [Permission::ConversationQuery, Permission::MessageQuery]);
    }
    assert_ne!(issued.access, issued.refresh);
}

#[test]
fn unknown_tokens_are_nobody() {
    let world = world();

    assert!(!good(&world.tokens, &"0".repeat(32)));
    assert!(!good(&world.tokens, "no token at all"));
    assert_eq!(world.tokens.at_once(&Token::new("a.b.c").unwrap()), Some(None));
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

#[test]
fn a_disabled_account_is_nobody() {
    let world = world();
    let issued = world.tokens.issue(TenantId(1), Party::Admin(world.account.id)).unwrap();

    world.tokens.database.set_account_status(world.account.id, AccountStatus::Disabled).unwrap();

    assert!(!good(&world.tokens, &issued.access));
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
