//! Who is calling: put into the request's extensions by the host's authentication, read here.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use kefu_domain::{Admin, Member, Party, Permission, Profile, Scope, Timestamp};
use kefu_push::Credential;

use crate::ApiError;

/// Somebody whose identity was established. Absent from the extensions means 401.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub party: Party,
    /// Which tenant, and at which shop's door or desk.
    pub scope: Scope,
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

/// A signed-in member. Anybody else is refused: 401 without a caller, 403 for an admin.
#[derive(Debug, Clone)]
pub struct MemberCaller {
    /// Who, and where.
    pub me: Member,
    /// How others are shown what they write.
    pub profile: Profile,
}

/// A signed-in admin whose identity is kept behind a permission. 401 without a caller, 403 for a member.
#[derive(Debug, Clone)]
pub struct AdminCaller {
    me: Admin,
    profile: Profile,
    permissions: Vec<Permission>,
}

impl AdminCaller {
    /// The only way to the admin: name what you are about to do.
    pub fn may(self, permission: Permission) -> Result<(Admin, Profile), ApiError> {
        if self.permissions.contains(&permission) { Ok((self.me, self.profile)) } else { Err(ApiError::Forbidden) }
    }
}

impl FromRequest for MemberCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| match caller.party {
            Party::Member(id) => Ok(Self { me: Member { scope: caller.scope, id }, profile: caller.profile }),
            Party::Admin(_) | Party::System => Err(ApiError::Forbidden),
        }))
    }
}

impl FromRequest for AdminCaller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Caller::of(request).and_then(|caller| match caller.party {
            Party::Admin(id) => Ok(Self {
                me: Admin { scope: caller.scope, id },
                profile: caller.profile,
                permissions: caller.permissions,
            }),
            Party::Member(_) | Party::System => Err(ApiError::Forbidden),
        }))
    }
}
