//! Who is calling: a token in, an [`Identity`] out.
//!
//! Two kinds of token are understood side by side: those that this server's own login gave out, and those that the
//! shop's server signed. A token of neither kind, an expired and a revoked one are all the same to the caller:
//! nobody.

mod jwt;
mod own;
mod token;

use futures_util::future::BoxFuture;
use kefu_domain::{Party, Permission, Profile, Shops, Side, TenantId, Timestamp};
use kefu_push::Credential;
use kefu_web::ApiError;

pub use jwt::{Claims, JwtIdentities, Remember, sign};
pub use own::{Issued, OwnTokens, Renewed, Role};
pub use token::{Token, credential_of, parameter};

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

/// What came of a question: `None` is a clear no, an error means that it could not be found out.
pub type Verdict = Result<Option<Identity>, ApiError>;

/// Tells who a token belongs to.
pub trait WhoAreYou: Send + Sync {
    /// The answer, where it needs no waiting: `Some(None)` is a clear no, `None` means to ask [`WhoAreYou::ask`].
    fn at_once(&self, token: &Token) -> Option<Option<Identity>>;

    /// The answer.
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Verdict>;

    /// The answer where [`WhoAreYou::ask`] came to nothing in time, if the token itself is proof enough.
    fn without_asking(&self, _: &Token) -> Option<Identity> {
        None
    }
}

/// Several adapters, asked in turn; the first that knows the token answers. Where none does, one that could not find
/// out makes all of them unsure.
pub struct AnyOf(pub Vec<Box<dyn WhoAreYou>>);

impl WhoAreYou for AnyOf {
    fn at_once(&self, token: &Token) -> Option<Option<Identity>> {
        let mut sure = true;
        for adapter in &self.0 {
            match adapter.at_once(token) {
                Some(Some(identity)) => return Some(Some(identity)),
                Some(None) => {}
                None => sure = false,
            }
        }
        sure.then_some(None)
    }

    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let mut unsure = None;
            for adapter in &self.0 {
                let answer = match adapter.at_once(&question.token) {
                    Some(answer) => Ok(answer),
                    None => adapter.ask(question).await,
                };
                match answer {
                    Ok(Some(identity)) => return Ok(Some(identity)),
                    Ok(None) => {}
                    Err(error) => unsure = unsure.or(Some(error)),
                }
            }
            unsure.map_or(Ok(None), Err)
        })
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.iter().find_map(|adapter| adapter.without_asking(token))
    }
}
