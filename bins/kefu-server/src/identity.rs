//! Who is calling: a token in, an [`Identity`] out.
//!
//! Two kinds of token are understood side by side: those that this server's own login gave out, and those that the
//! shop's server signed. A token of neither kind, an expired and a revoked one are all the same to the caller:
//! nobody.

mod jwt;
mod own;
mod token;

use kefu_domain::{Party, Permission, Profile, StoreError, TenantId, Timestamp};
use kefu_push::Credential;

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
    /// How others are shown what they write.
    pub profile: Profile,
    /// Names the token, so that its sockets can be closed.
    pub credential: Credential,
    /// When the token ends.
    pub expires: Timestamp,
}

/// Tells who a token belongs to.
pub trait WhoAreYou: Send + Sync {
    /// The answer, where it needs no waiting: `Some(None)` is a clear no, `None` means to ask [`WhoAreYou::ask`].
    fn at_once(&self, token: &Token) -> Option<Option<Identity>>;

    /// The answer. Blocks; an error means that it could not be found out.
    fn ask(&self, token: &Token) -> Result<Option<Identity>, StoreError>;

    /// The answer where [`WhoAreYou::ask`] came to nothing in time, if the token itself is proof enough.
    fn without_asking(&self, _: &Token) -> Option<Identity> {
        None
    }
}

/// Several adapters, asked in turn; the first that knows the token answers.
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

    fn ask(&self, token: &Token) -> Result<Option<Identity>, StoreError> {
        for adapter in &self.0 {
            let answer = match adapter.at_once(token) {
                Some(answer) => answer,
                None => adapter.ask(token)?,
            };
            if answer.is_some() {
                return Ok(answer);
            }
        }
        Ok(None)
    }

    fn without_asking(&self, token: &Token) -> Option<Identity> {
        self.0.iter().find_map(|adapter| adapter.without_asking(token))
    }
}
