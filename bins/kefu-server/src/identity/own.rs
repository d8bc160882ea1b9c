//! Tokens that this server's own login gave out: 32 hex digits that mean nothing, looked up by their hash.
//!
//! An access and a refresh token are both good wherever a token is. A good answer is remembered for at most three
//! seconds, so a revoked token is out within five.

use std::time::Duration;

use kefu_domain::{Party, Permission, Profile, StoreError};
use kefu_storage::{Account, AccountStatus, Database, NewToken, Renewal, TokenHash};
use moka::sync::Cache;

use super::{Identity, Token, WhoAreYou, credential_of};
use crate::{clock, random};

/// With the two seconds of the sweeper below the five that are promised.
const REMEMBERED: Duration = Duration::from_secs(3);

/// What an account may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Role {
    /// Everything.
    Manager,
    /// Everything but taking conversations out of the list.
    Agent,
    /// Reading, and nothing that others would notice.
    Observer,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Manager, Self::Agent, Self::Observer];

    /// As it is kept.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Manager => "manager",
            Self::Agent => "agent",
            Self::Observer => "observer",
        }
    }

    const fn permissions(self) -> &'static [Permission] {
        match self {
            Self::Manager => &Permission::ALL,
            Self::Agent => &[
                Permission::ConversationQuery,
                Permission::ConversationUpdate,
                Permission::MessageSend,
                Permission::MessageUpdate,
                Permission::MessageQuery,
            ],
            Self::Observer => &[Permission::ConversationQuery, Permission::MessageQuery],
        }
    }

    /// What the roles of these names allow together; unknown names allow nothing.
    #[must_use]
    pub fn allow(names: &[String]) -> Vec<Permission> {
        let roles: Vec<_> =
            Self::ALL.into_iter().filter(|role| names.iter().any(|name| name == role.as_str())).collect();
        let allowed = |permission: &Permission| roles.iter().any(|role| role.permissions().contains(permission));
        Permission::ALL.into_iter().filter(allowed).collect()
    }
}

/// The adapter for own tokens, and the place where they are made.
#[derive(Clone)]
pub struct OwnTokens {
    database: Database,
    known: Cache<TokenHash, Option<Identity>>,
    access_lives_ms: i64,
    refresh_lives_ms: i64,
}

/// Tokens just given out.
pub struct Issued {
    /// The access token.
    pub access: String,
    /// The refresh token.
    pub refresh: String,
    /// When the access token ends, in milliseconds since the epoch.
    pub expires_ms: i64,
}

/// What came of renewing.
pub enum Renewed {
    /// No such refresh token, or no longer.
    Unknown,
    /// It has expired.
    Expired,
    /// Another access token for the account, with the same refresh token.
    Again(kefu_domain::AdminId, Issued),
}

impl OwnTokens {
    /// Keeps tokens in the database; they live that many seconds.
    #[must_use]
    pub fn new(database: Database, access_seconds: u32, refresh_seconds: u32) -> Self {
        Self {
            database,
            known: Cache::builder().max_capacity(50_000).time_to_live(REMEMBERED).build(),
            access_lives_ms: i64::from(access_seconds) * 1_000,
            refresh_lives_ms: i64::from(refresh_seconds) * 1_000,
        }
    }

    /// Gives an account a new pair. Blocks.
    pub fn issue(&self, account: &Account) -> Result<Issued, StoreError> {
        let (access, refresh) = (new_token()?, new_token()?);
        let (stored, _) = self.database.add_tokens(&NewToken {
            access: access.hash(),
            refresh: refresh.hash(),
            account: account.id,
            user_type: 2,
            tenant: account.tenant,
            access_lives_ms: self.access_lives_ms,
            refresh_lives_ms: self.refresh_lives_ms,
        })?;
        Ok(Issued {
            access: access.reveal().to_owned(),
            refresh: refresh.reveal().to_owned(),
            expires_ms: stored.expires.0,
        })
    }

    /// Gives another access token for a refresh token. Blocks.
    pub fn renew(&self, refresh: &Token) -> Result<Renewed, StoreError> {
        let access = new_token()?;
        Ok(match self.database.renew_access(&refresh.hash(), &access.hash(), self.access_lives_ms)? {
            Renewal::Unknown => Renewed::Unknown,
            Renewal::Expired => Renewed::Expired,
            Renewal::Renewed(stored) => {
                let (access, refresh) = (access.reveal().to_owned(), refresh.reveal().to_owned());
                Renewed::Again(stored.account, Issued { access, refresh, expires_ms: stored.expires.0 })
            }
        })
    }

    /// Takes a token back, with the others of its pair; returns the hashes that were good until now. Blocks.
    pub fn revoke(&self, token: &Token) -> Result<Vec<TokenHash>, StoreError> {
        let Some(stored) = self.database.token(&token.hash())? else { return Ok(Vec::new()) };
        let revoked = self.database.revoke_tokens(&stored.refresh)?;
        revoked.iter().for_each(|hash| self.forget(hash));
        Ok(revoked)
    }

    /// Forgets what was remembered of a token.
    pub fn forget(&self, hash: &TokenHash) {
        self.known.invalidate(hash);
    }

    fn look_up(&self, hash: &TokenHash) -> Result<Option<Identity>, StoreError> {
        let Some(token) = self.database.token(hash)? else { return Ok(None) };
        if !token.is_good_at(self.database.now()?) {
            return Ok(None);
        }
        let Some(account) = self.database.account(token.account)? else { return Ok(None) };
        if account.status == AccountStatus::Disabled {
            return Ok(None);
        }
        Ok(Some(Identity {
            party: Party::Admin(account.id),
            tenant: account.tenant,
            permissions: Role::allow(&account.roles),
            profile: Profile { nickname: Some(account.nickname), avatar: account.avatar },
            credential: credential_of(hash),
            expires: token.expires,
        }))
    }
}

impl WhoAreYou for OwnTokens {
    fn at_once(&self, token: &Token) -> Option<Option<Identity>> {
        if !random::is_name(token.reveal()) {
            return Some(None);
        }
        let known = self.known.get(&token.hash())?;
        Some(known.filter(|identity| identity.expires > clock::now()))
    }

    fn ask(&self, token: &Token) -> Result<Option<Identity>, StoreError> {
        if !random::is_name(token.reveal()) {
            return Ok(None);
        }
        let hash = token.hash();
        let identity = self.look_up(&hash)?;
        self.known.insert(hash, identity.clone());
        Ok(identity)
    }
}

fn new_token() -> Result<Token, StoreError> {
    let name = random::name().map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
    Token::new(&name).ok_or_else(|| StoreError::Unavailable("the kernel gave no random bytes".into()))
}

#[cfg(test)]
mod tests {
    use kefu_storage::{NewAccount, NewTenant, Options};

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
        tokens.ask(&Token::new(text).unwrap()).unwrap().is_some()
    }

    #[test]
    fn both_tokens_of_a_pair_name_the_account() {
        let world = world();

        let issued = world.tokens.issue(&world.account).unwrap();

        for text in [&issued.access, &issued.refresh] {
            let identity = world.tokens.ask(&Token::new(text).unwrap()).unwrap().unwrap();
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
        let first = world.tokens.issue(&world.account).unwrap();

        let Renewed::Again(_, second) = world.tokens.renew(&Token::new(&first.refresh).unwrap()).unwrap() else {
            panic!("not renewed")
        };

        assert_eq!(second.refresh, first.refresh);
        assert!(!good(&world.tokens, &first.access));
        assert!(good(&world.tokens, &second.access) && good(&world.tokens, &first.refresh));
        assert!(matches!(world.tokens.renew(&Token::new(&second.access).unwrap()).unwrap(), Renewed::Unknown));
    }

    #[test]
    fn a_token_that_was_taken_back_is_nobody_at_once() {
        let world = world();
        let issued = world.tokens.issue(&world.account).unwrap();
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
        let issued = world.tokens.issue(&world.account).unwrap();

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
}
