//! Tokens that this server's own login gave out: 32 hex digits that mean nothing, looked up by their hash.
//!
//! An access and a refresh token are both good wherever a token is. A good answer is remembered for at most three
//! seconds, so a revoked token is out within five.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use kefu_domain::{MemberDirectory, MemberId, Party, Permission, Profile, Side, StoreError, TenantId};
use kefu_storage::{AccountStatus, Database, NewToken, Renewal, TokenHash};
use moka::sync::Cache;

use super::{Answer, Identity, Keeper, Question, REMEMBERED, Rota, Token, Verdict, WhoAreYou, credential_of, rota};
use crate::guard::KNOWN_WITHIN;
use crate::questions::ask;
use crate::random;

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
    rota: Rota,
    /// What came of looking, without the shops: those are the rota's.
    known: Cache<TokenHash, Verdict>,
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
    /// Another access token for its owner, with the same refresh token.
    Again(Party, Issued),
}

impl OwnTokens {
    /// Keeps tokens in the database; they live that many seconds.
    #[must_use]
    pub fn new(database: Database, access_seconds: u32, refresh_seconds: u32) -> Self {
        let books = database.clone();
        Self {
            database,
            rota: Rota::new(Box::new(move |tenant, admin| books.shops_of(tenant, admin))),
            known: Cache::builder().max_capacity(50_000).time_to_live(REMEMBERED).build(),
            access_lives_ms: i64::from(access_seconds) * 1_000,
            refresh_lives_ms: i64::from(refresh_seconds) * 1_000,
        }
    }

    /// Gives somebody a new pair. Blocks.
    pub fn issue(&self, tenant: TenantId, owner: Party) -> Result<Issued, StoreError> {
        self.issue_for(tenant, owner, self.access_lives_ms)
    }

    /// The longest life of a token, in seconds.
    #[must_use]
    pub fn longest_seconds(&self) -> i64 {
        self.refresh_lives_ms / 1_000
    }

    /// Gives somebody a new pair, of which the access token lives so long. Blocks.
    pub fn issue_for(&self, tenant: TenantId, owner: Party, access_lives_ms: i64) -> Result<Issued, StoreError> {
        let (access, refresh) = (new_token()?, new_token()?);
        let (stored, _) = self.database.add_tokens(&NewToken {
            access: access.hash(),
            refresh: refresh.hash(),
            owner,
            tenant,
            access_lives_ms,
            refresh_lives_ms: self.refresh_lives_ms,
        })?;
        Ok(Issued {
            access: access.reveal().to_owned(),
            refresh: refresh.reveal().to_owned(),
            expires_ms: stored.expires.0,
        })
    }

    /// Gives another access token for a refresh token of that side. Blocks.
    pub fn renew(&self, refresh: &Token, side: Side) -> Result<Renewed, StoreError> {
        // Whose a token is never changes.
        if self.database.token(&refresh.hash())?.is_none_or(|token| token.owner.side() != side) {
            return Ok(Renewed::Unknown);
        }
        let access = new_token()?;
        Ok(match self.database.renew_access(&refresh.hash(), &access.hash(), self.access_lives_ms)? {
            Renewal::Unknown => Renewed::Unknown,
            Renewal::Expired => Renewed::Expired,
            Renewal::Renewed(stored) => {
                let (access, refresh) = (access.reveal().to_owned(), refresh.reveal().to_owned());
                Renewed::Again(stored.owner, Issued { access, refresh, expires_ms: stored.expires.0 })
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

    /// Takes all tokens of somebody back; returns the hashes that were good until now. Blocks.
    pub fn revoke_all(&self, tenant: TenantId, owner: Party) -> Result<Vec<TokenHash>, StoreError> {
        let revoked = self.database.revoke_tokens_of(tenant, owner)?;
        revoked.iter().for_each(|hash| self.forget(hash));
        Ok(revoked)
    }

    /// Forgets what was remembered of a token.
    pub fn forget(&self, hash: &TokenHash) {
        self.known.invalidate(hash);
    }

    /// Who serves which shops: the same list for every kind of token whose shops are kept in our books.
    #[must_use]
    pub fn rota(&self) -> &Rota {
        &self.rota
    }

    /// Looks a token up, and remembers what came of it. Blocks.
    fn find(&self, hash: TokenHash) -> Result<Verdict, StoreError> {
        let verdict = self.look_up(&hash)?;
        self.known.insert(hash, verdict.clone());
        match verdict {
            Verdict::Is(identity) => self.rota.seat(identity).map(Verdict::Is),
            Verdict::Nobody | Verdict::Unknown => Ok(verdict),
        }
    }

    fn look_up(&self, hash: &TokenHash) -> Result<Verdict, StoreError> {
        let Some(token) = self.database.token(hash)? else { return Ok(Verdict::Unknown) };
        if !token.is_good_at(self.database.now()?) {
            return Ok(Verdict::Nobody);
        }
        let credential = credential_of(hash);
        let identity = Identity {
            party: token.owner,
            tenant: token.tenant,
            permissions: Vec::new(),
            shops: rota::nowhere(),
            profile: Profile::default(),
            credential,
            expires: Some(token.expires),
        };
        Ok(match token.owner {
            Party::Admin(id) => match self.database.account(id)? {
                Some(account) if account.status != AccountStatus::Disabled => Verdict::Is(Identity {
                    permissions: Role::allow(&account.roles),
                    profile: Profile { nickname: Some(account.nickname), avatar: account.avatar },
                    ..identity
                }),
                _ => Verdict::Nobody,
            },
            Party::Member(id) => Verdict::Is(Identity { profile: self.member(token.tenant, id)?, ..identity }),
            Party::System => Verdict::Nobody,
        })
    }

    /// How a member is called, as their mall's server said when it asked for the token.
    fn member(&self, tenant: TenantId, id: MemberId) -> Result<Profile, StoreError> {
        let found = MemberDirectory::profiles(&self.database, tenant, &[id]);
        let mut profiles = found.map_err(|error| StoreError::Unavailable(error.0))?;
        Ok(profiles.remove(&id).unwrap_or_default())
    }
}

impl WhoAreYou for OwnTokens {
    fn at_once(&self, token: &Token) -> Option<Verdict> {
        if !random::is_name(token.reveal()) {
            return Some(Verdict::Unknown);
        }
        match self.known.get(&token.hash())? {
            Verdict::Is(identity) if identity.has_ended() => Some(Verdict::Nobody),
            Verdict::Is(identity) => self.rota.seat_at_once(identity).map(Verdict::Is),
            verdict => Some(verdict),
        }
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            if !random::is_name(question.token.reveal()) {
                return Ok(Verdict::Unknown);
            }
            let (tokens, hash) = (self.clone(), question.token.hash());
            ask(KNOWN_WITHIN, move || tokens.find(hash)).await
        })
    }

    /// An admin's roles and shops may change while their login lasts; that a token was taken back is heard otherwise.
    fn keeper(&self, token: &Token, identity: &Identity) -> Option<Arc<dyn Keeper>> {
        let is_ours = || self.known.get(&token.hash()).is_some_and(|verdict| matches!(verdict, Verdict::Is(_)));
        let mine = matches!(identity.party, Party::Admin(_)) && is_ours();
        mine.then(|| Arc::new(self.clone()) as Arc<dyn Keeper>)
    }
}

impl Keeper for OwnTokens {
    /// While the database does not answer, sockets stay.
    fn still<'a>(&'a self, token: &'a Token, before: &'a Identity) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let (tokens, hash) = (self.clone(), token.hash());
            let now = ask(KNOWN_WITHIN, move || tokens.find(hash)).await;
            now.map_or(true, |verdict| verdict.identity().is_some_and(|identity| identity.has_rights_of(before)))
        })
    }
}

fn new_token() -> Result<Token, StoreError> {
    let name = random::name().map_err(|error| StoreError::Unavailable(error.to_string().into()))?;
    Token::new(&name).ok_or_else(|| StoreError::Unavailable("the kernel gave no random bytes".into()))
}

#[cfg(test)]
mod tests;
