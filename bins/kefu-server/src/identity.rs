//! Who is calling: a token in, an [`Identity`] out.
//!
//! Several kinds of token are understood side by side: those that this server gave out, those that the shop's server
//! signed, those of visitors, and those of a yudao mall. A token of no kind, an expired and a revoked one are all the
//! same to the caller: nobody.

mod claims;
mod guest;
mod jwks;
mod jwt;
mod keys;
mod mall;
mod number;
mod own;
mod profile;
mod rota;
#[cfg(test)]
mod test_keys;
mod token;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use kefu_domain::{Party, Permission, Profile, Shops, Side, TenantId, Timestamp};
use kefu_push::Credential;
use kefu_web::ApiError;

use crate::clock;

pub use claims::{Claims, Reading};
pub use guest::{Guests, Pass, Visitor};
pub(crate) use jwks::Jwks;
pub use jwks::JwksError;
pub use jwt::{JwtIdentities, Keys, SignatureError, sign, sign_as};
pub use keys::KeysError;
pub use mall::{MallError, MallTokens, Members};
pub use number::{Called, Numbering, Numbers};
pub use own::{Issued, OwnTokens, Renewed, Role};
pub use profile::{Remember, Remembering, profile_of};
pub use rota::{Books, Rota};
pub use token::{Token, credential_of, parameter};

/// How long what our own books say of somebody counts: with the two seconds of the sweeper below the five that are
/// promised.
const REMEMBERED: Duration = Duration::from_secs(3);

/// Somebody who has shown a good token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// A member or an admin.
    pub party: Party,
    /// Whose; never taken from a header.
    pub tenant: TenantId,
    /// What an admin may do; empty for members.
    pub permissions: Vec<Permission>,
    /// The shops that an admin serves; for members it means nothing.
    pub shops: Shops,
    /// How others are shown what they write.
    pub profile: Profile,
    /// Names the token, so that its sockets can be closed.
    pub credential: Credential,
    /// When the token ends, as far as that is known.
    pub expires: Option<Timestamp>,
}

impl Identity {
    /// Whether its token has ended, by our clock.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.expires.is_some_and(|expires| expires <= clock::now())
    }

    /// Whether it is the same person with the same rights.
    #[must_use]
    pub fn has_rights_of(&self, other: &Self) -> bool {
        let may = |all: &[Permission], one: &[Permission]| one.iter().all(|permission| all.contains(permission));
        (self.party, self.tenant, &self.shops) == (other.party, other.tenant, &other.shops)
            && may(&self.permissions, &other.permissions)
            && may(&other.permissions, &self.permissions)
    }
}

/// What is asked about a token.
#[derive(Debug, Clone)]
pub struct Question {
    /// The token.
    pub token: Token,
    /// Which side's path it came to, where that says anything: whom to think of first, never whom to believe.
    pub side: Option<Side>,
    /// The tenant that the request names beside it.
    pub tenant: Option<TenantId>,
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Theirs.
    Is(Identity),
    /// Nobody's any more, or not yet: it was made here, or signed with a key of ours. Nobody else is to be asked.
    Nobody,
    /// Not known here; others may know it.
    Unknown,
}

impl Verdict {
    /// Who may come in with it.
    #[must_use]
    pub fn identity(self) -> Option<Identity> {
        match self {
            Self::Is(identity) => Some(identity),
            Self::Nobody | Self::Unknown => None,
        }
    }
}

/// What came of a question; an error means that it could not be found out.
pub type Answer = Result<Verdict, ApiError>;

/// Tells who a token belongs to.
pub trait WhoAreYou: Send + Sync {
    /// The answer, where it needs no waiting; `None` means to ask [`WhoAreYou::ask`].
    fn at_once(&self, token: &Token) -> Option<Verdict>;

    /// The answer.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer>;

    /// The answer where [`WhoAreYou::ask`] came to nothing in time, if the token itself is proof enough.
    fn without_asking(&self, _: &Token) -> Option<Identity> {
        None
    }

    /// Whoever has to be asked again, while a socket is open, about somebody who was let in a moment ago: `None` where
    /// the token itself says all there is.
    fn keeper(&self, _: &Token, _: &Identity) -> Option<Arc<dyn Keeper>> {
        None
    }
}

/// Knows whether somebody's rights are still what they were.
pub trait Keeper: Send + Sync {
    /// Whether whoever came with this token may stay: it is good, and opens what it opened before.
    fn still<'a>(&'a self, token: &'a Token, before: &'a Identity) -> BoxFuture<'a, bool>;
}

/// Several adapters, asked in turn; the first that knows the token answers, be it that it has ended. Where none does, one
/// that could not find out makes all of them unsure.
pub struct AnyOf(pub Vec<Box<dyn WhoAreYou>>);

impl WhoAreYou for AnyOf {
    fn at_once(&self, token: &Token) -> Option<Verdict> {
        let mut sure = true;
        for adapter in &self.0 {
            match adapter.at_once(token) {
                Some(Verdict::Unknown) => {}
                Some(known) => return Some(known),
                None => sure = false,
            }
        }
        sure.then_some(Verdict::Unknown)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Answer> {
        Box::pin(async move {
            let mut unsure = None;
            for adapter in &self.0 {
                let answer = match adapter.at_once(&question.token) {
                    Some(verdict) => Ok(verdict),
                    None => adapter.ask(question).await,
                };
                match answer {
                    Ok(Verdict::Unknown) => {}
                    Ok(known) => return Ok(known),
                    Err(error) => unsure = unsure.or(Some(error)),
                }
            }
            unsure.map_or(Ok(Verdict::Unknown), Err)
        })
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.iter().find_map(|adapter| adapter.without_asking(token))
    }

    fn keeper(&self, token: &Token, identity: &Identity) -> Option<Arc<dyn Keeper>> {
        self.0.iter().find_map(|adapter| adapter.keeper(token, identity))
    }
}

#[cfg(test)]
mod tests;
