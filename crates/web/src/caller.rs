//! Who is calling: put into the request's extensions by the host's authentication, read here.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kefu_domain::{Agent, Member, Party, Permission, Profile, Scope, ShopId, Shops, TenantId, Timestamp};
use kefu_push::Credential;

use crate::{ApiError, Params};

/// Somebody whose identity was established. Absent from the extensions means 401.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub party: Party,
    /// Whose.
    pub tenant: TenantId,
    /// The shops that an admin serves. A member names a shop with each request (`shopId`), the platform if none.
    pub shops: Shops,
    /// What an admin may do; empty for members.
    pub permissions: Vec<Permission>,
    /// How others are shown what they write.
    pub profile: Profile,
    /// Names the credential they came with, so that revoking it closes their sockets.
    pub credential: Option<Credential>,
    /// When that credential ends.
    pub expires: Option<Timestamp>,
}

impl Caller {
    /// The caller of a request, or 401.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        request.extensions().get::<Self>().cloned().ok_or(ApiError::Unauthenticated)
    }
}

/// A signed-in member, at the door of the shop that the query's `shopId` names, the platform if it names none.
///
/// Anybody else is refused: 401 without a caller, 403 for an admin. Whether there is such a shop is the desk's to say.
#[derive(Debug, Clone)]
pub struct MemberCaller {
    /// Who, and where.
    pub me: Member,
    /// How others are shown what they write.
    pub profile: Profile,
    named: bool,
}

impl MemberCaller {
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
#[derive(Debug, Clone)]
pub struct AdminCaller {
    me: Agent,
    profile: Profile,
    permissions: Vec<Permission>,
}

impl AdminCaller {
    /// The only way to the admin: name what you are about to do.
    pub fn may(self, permission: Permission) -> Result<(Agent, Profile), ApiError> {
        if self.permissions.contains(&permission) { Ok((self.me, self.profile)) } else { Err(ApiError::Forbidden) }
    }
}

impl FromRequest for MemberCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| {
            let Party::Member(id) = caller.party else { return Err(ApiError::Forbidden) };
            let named = shop_of(request)?;
            let scope = Scope { tenant: caller.tenant, shop: named.unwrap_or(ShopId::PLATFORM) };
            Ok(Self { me: Member { scope, id }, profile: caller.profile, named: named.is_some() })
        }))
    }
}

impl FromRequest for AdminCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| match caller.party {
            Party::Admin(id) => Ok(Self {
                me: Agent { tenant: caller.tenant, shops: caller.shops, id },
                profile: caller.profile,
                permissions: caller.permissions,
            }),
            Party::Member(_) | Party::System => Err(ApiError::Forbidden),
        }))
    }
}

/// The shop that a request names in its query.
pub(crate) fn shop_of(request: &HttpRequest) -> Result<Option<ShopId>, ApiError> {
    Ok(Params::of(request)?.number("shopId")?.map(ShopId))
}
