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
mod tests;
