//! Who is calling: put into the request's extensions by the host's authentication, read here.

use std::any::Any;
use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kefu_domain::{
    AdminId, Agent, Member, MemberId, Party, Permission, Profile, Scope, ShopId, Shops, TenantId, Timestamp,
};
use kefu_push::{Credential, Dialect, Guest};

use crate::ApiError;
use crate::serving::Params;

/// Somebody whose identity was established. Absent from a request's extensions means 401.
///
/// ```
/// use kefu::domain::{AdminId, MemberId, Permission, Profile, ShopId, TenantId};
/// use kefu_web::Caller;
///
/// let mall = TenantId(1);
/// let shopper = Caller::member(mall, MemberId(101))
///     .shown_as(Profile { nickname: Some("小红".into()), avatar: None });
/// let agent = Caller::admin(mall, AdminId(7), Permission::ALL).serving([ShopId::PLATFORM, ShopId(3)]);
///
/// assert_eq!(shopper.party.id(), 101);
/// assert!(agent.shops.contains(&ShopId(3)));
/// ```
///
/// It knows no password and no token, and printing it for a log shows nobody's name.
#[derive(Clone)]
#[non_exhaustive]
pub struct Caller {
    /// Who. [`Party::System`] is nobody who could call, and is refused everywhere.
    pub party: Party,
    /// Whose.
    pub tenant: TenantId,
    /// The shops that an admin serves. A member names a shop with each request (`shopId`), the platform if none.
    pub shops: Shops,
    /// What an admin may do; empty for members.
    pub permissions: Vec<Permission>,
    /// How others are shown what they write.
    pub profile: Profile,
    /// Names the credential they came with, so that [`Hub::close_credential`](kefu_push::Hub::close_credential) finds
    /// their sockets.
    pub credential: Option<Credential>,
    /// When that credential ends. [`Hub::close_expired`](kefu_push::Hub::close_expired) goes by it; whether a request
    /// still comes in time is for the host's authentication to say.
    pub expires: Option<Timestamp>,
    /// Kept for as long as a socket of theirs is open, and dropped with it. The host's affair, and never printed.
    pub keeps: Option<Arc<dyn Any + Send + Sync>>,
}

impl Caller {
    /// A signed-in member.
    #[must_use]
    pub fn member(tenant: TenantId, id: MemberId) -> Self {
        Self::new(tenant, Party::Member(id))
    }

    /// A signed-in admin with these permissions, at the platform's own desk unless [`serving`](Self::serving) says
    /// otherwise.
    #[must_use]
    pub fn admin(tenant: TenantId, id: AdminId, permissions: impl IntoIterator<Item = Permission>) -> Self {
        Self { permissions: permissions.into_iter().collect(), ..Self::new(tenant, Party::Admin(id)) }
    }

    /// Whoever that is, without any permission: for a host that keeps members and admins in one table.
    #[must_use]
    pub fn new(tenant: TenantId, party: Party) -> Self {
        Self {
            party,
            tenant,
            shops: Shops::platform(),
            permissions: Vec::new(),
            profile: Profile::default(),
            credential: None,
            expires: None,
            keeps: None,
        }
    }

    /// With the name and picture that others are shown.
    #[must_use]
    pub fn shown_as(self, profile: Profile) -> Self {
        Self { profile, ..self }
    }

    /// At the desks of exactly these shops, perhaps of none. Means nothing for a member.
    #[must_use]
    pub fn serving(self, shops: impl IntoIterator<Item = ShopId>) -> Self {
        Self { shops: shops.into_iter().collect(), ..self }
    }

    /// With a name for the session or token they came with.
    #[must_use]
    pub fn with_credential(self, credential: Credential) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// With an end of it, in milliseconds since the epoch.
    #[must_use]
    pub fn until(self, expires: Timestamp) -> Self {
        Self { expires: Some(expires), ..self }
    }

    /// With something that lives as long as their socket does.
    #[must_use]
    pub fn keeping(self, keeps: impl Any + Send + Sync) -> Self {
        Self { keeps: Some(Arc::new(keeps)), ..self }
    }

    /// As whom they sit down at the hub, hearing the news of these shops.
    pub(crate) fn guest(&self, shops: Shops, dialect: Dialect) -> Guest {
        Guest {
            party: self.party,
            tenant: self.tenant,
            shops,
            permissions: self.permissions.clone(),
            credential: self.credential,
            expires: self.expires,
            dialect,
        }
    }

    /// The caller of a request, or [`ApiError::Unauthenticated`].
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        request.extensions().get::<Self>().cloned().ok_or(ApiError::Unauthenticated)
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").field("party", &self.party).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// A signed-in member, at the door of the shop that the query's `shopId` names, the platform if it names none.
///
/// Anybody else is refused: 401 without a caller, 403 for an admin. Whether there is such a shop is the desk's to say.
#[derive(Clone)]
pub struct MemberCaller {
    /// Who, and where.
    pub me: Member,
    /// How others are shown what they write.
    pub profile: Profile,
    pub(crate) credential: Option<Credential>,
    named: bool,
}

impl MemberCaller {
    /// A member at the door of that shop, whatever a query says.
    pub(crate) fn at_door(caller: Caller, shop: ShopId) -> Result<Self, ApiError> {
        let Party::Member(id) = caller.party else { return Err(ApiError::Forbidden) };
        let me = Member { scope: Scope { tenant: caller.tenant, shop }, id };
        Ok(Self { me, profile: caller.profile, credential: caller.credential, named: true })
    }

    /// The same member, at the door of the shop that the body names; refused where the query names another.
    pub(crate) fn at(self, shop: Option<i64>) -> Result<Self, ApiError> {
        let Some(shop) = shop.map(ShopId) else { return Ok(self) };
        if self.named && shop != self.me.scope.shop {
            return Err(ApiError::Invalid("地址与请求体中的 shopId 不一致".into()));
        }
        let scope = Scope { shop, ..self.me.scope };
        Ok(Self { me: Member { scope, ..self.me }, ..self })
    }
}

/// A signed-in admin whose identity is kept behind a permission. 401 without a caller, 403 for a member.
#[derive(Clone)]
pub struct AdminCaller {
    me: Agent,
    profile: Profile,
    permissions: Vec<Permission>,
    pub(crate) credential: Option<Credential>,
}

impl AdminCaller {
    pub(crate) fn of(caller: Caller) -> Result<Self, ApiError> {
        let Party::Admin(id) = caller.party else { return Err(ApiError::Forbidden) };
        Ok(Self {
            me: Agent { tenant: caller.tenant, shops: caller.shops, id },
            profile: caller.profile,
            permissions: caller.permissions,
            credential: caller.credential,
        })
    }

    /// Whose, and who. What they may do is another question.
    pub(crate) fn who(&self) -> (TenantId, Party) {
        (self.me.tenant, self.me.party())
    }

    /// The only way to the admin: name what you are about to do.
    pub fn may(self, permission: Permission) -> Result<(Agent, Profile), ApiError> {
        if self.permissions.contains(&permission) { Ok((self.me, self.profile)) } else { Err(ApiError::Forbidden) }
    }
}

// Neither shows anybody's name in a log.

impl fmt::Debug for MemberCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemberCaller").field("me", &self.me).finish_non_exhaustive()
    }
}

impl fmt::Debug for AdminCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdminCaller").field("me", &self.me).finish_non_exhaustive()
    }
}

impl FromRequest for MemberCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| {
            let caller = Self::at_door(caller, ShopId::PLATFORM)?;
            let named = shop_of(request)?;
            let scope = Scope { shop: named.unwrap_or(ShopId::PLATFORM), ..caller.me.scope };
            Ok(Self { me: Member { scope, ..caller.me }, named: named.is_some(), ..caller })
        }))
    }
}

impl FromRequest for AdminCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(Self::of))
    }
}

/// The shop that a request names in its query.
pub(crate) fn shop_of(request: &HttpRequest) -> Result<Option<ShopId>, ApiError> {
    Ok(Params::of(request)?.number("shopId")?.map(ShopId))
}
