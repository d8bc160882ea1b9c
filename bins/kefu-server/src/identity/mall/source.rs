//! What the mall is asked, and what it can answer.

use futures_util::future::BoxFuture;
use kefu_domain::{BoxError, Party, Permission, Side, TenantId, Timestamp};

use crate::identity::Token;

/// A question to one source.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) token: Token,
    /// Which side to think of first.
    pub(super) side: Option<Side>,
    /// The tenant to think of first.
    pub(super) tenant: Option<TenantId>,
}

/// Whoever a token belongs to, as far as the sources that were asked know them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bearer {
    pub(super) party: Party,
    pub(super) tenant: TenantId,
    pub(super) expires: Option<Timestamp>,
    pub(super) nickname: Option<String>,
    pub(super) avatar: Option<String>,
    /// `None` where nobody has said yet; members have none.
    pub(super) permissions: Option<Vec<Permission>>,
    /// Whether name and picture are all there are.
    pub(super) is_described: bool,
    /// Whether the account was seen to be in use.
    pub(super) is_enabled: bool,
}

impl Bearer {
    /// Somebody of whom nothing else is known yet.
    pub(super) fn new(party: Party, tenant: TenantId, expires: Option<Timestamp>) -> Self {
        let permissions = if matches!(party, Party::Member(_)) { Some(Vec::new()) } else { None };
        Self {
            party,
            tenant,
            expires,
            nickname: None,
            avatar: None,
            permissions,
            is_described: false,
            is_enabled: false,
        }
    }
}

/// What a source knows of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sighting {
    /// Whose it is.
    Of(Box<Bearer>),
    /// Nothing; another source may.
    Unknown,
    /// That it is good, and that its owner may not come in.
    Nobody,
}

/// A source that could not find out. Its text names no token.
#[derive(Debug, thiserror::Error)]
#[error("the mall did not say")]
pub(super) struct Silent(#[source] pub(super) BoxError);

impl Silent {
    pub(super) fn because(why: impl Into<BoxError>) -> Self {
        Self(why.into())
    }
}

/// One of the ways to ask the mall.
pub(super) trait Source: Send + Sync {
    /// Whether it can be asked at all.
    fn greet(&self) -> BoxFuture<'_, Result<(), Silent>>;

    /// Whose a token is.
    fn find<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Sighting, Silent>>;

    /// Whether it can say more of somebody than is known.
    fn can_add(&self, bearer: &Bearer) -> bool;

    /// Says more of somebody whom another source has found.
    fn add<'a>(&'a self, token: &'a Token, bearer: Bearer) -> BoxFuture<'a, Result<Sighting, Silent>>;
}
