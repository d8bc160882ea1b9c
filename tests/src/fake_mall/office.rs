//! What the mall knows: tenants, people, tokens, files.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};

use super::people::{MALL_PASSWORD, MallAdmin, MallMember, Who};
use super::tokens::{MALL_CLIENT, Purse, Token};
use super::wire::{Ask, Refusal, Upload, long, not_allowed, not_signed_in, refused};

/// The secret of [`MALL_CLIENT`], as the mall is delivered.
pub const MALL_CLIENT_SECRET: &str = "admin123";

#[derive(Debug, Default)]
pub(super) struct Office {
    pub(super) tenants: BTreeMap<i64, String>,
    pub(super) admins: BTreeMap<i64, MallAdmin>,
    pub(super) members: BTreeMap<i64, MallMember>,
    pub(super) purse: Purse,
    pub(super) files: HashMap<String, Upload>,
}

/// What a page asks of whoever opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// Nothing, not even a tenant.
    Open,
    /// A tenant.
    Public,
    /// A token.
    SignedIn,
}

/// Who asks, as the doorman lets them in.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) token: Option<Token>,
    pub(super) tenant: i64,
}

impl Visitor {
    pub(super) fn id(&self) -> i64 {
        self.token.as_ref().map_or(0, |token| token.who.id())
    }
}

impl Office {
    /// Java's filters in their order: the token, the side, whether somebody must be signed in, the tenant.
    pub(super) fn let_in(&mut self, ask: &Ask, door: Door, now: i64) -> Result<Visitor, Refusal> {
        let token = ask.token().and_then(|token| self.purse.find(token, now)).filter(|token| token.expires > now);
        let side = user_type_of(&ask.path);
        if token.as_ref().is_some_and(|token| side.is_some_and(|side| side != token.who.user_type())) {
            return Err(not_allowed());
        }
        if token.is_none() && door == Door::SignedIn {
            return Err(not_signed_in());
        }
        let tenant = match &token {
            Some(token) if ask.tenant.is_some_and(|asked| asked != token.tenant) => {
                return Err(refused(403, "您无权访问该租户的数据"));
            }
            Some(token) => Some(token.tenant),
            None => ask.tenant,
        };
        let tenant = match tenant {
            None if door == Door::Open => 0,
            None => return Err(refused(400, "请求的租户标识未传递，请进行排查")),
            Some(tenant) if door != Door::Open && !self.tenants.contains_key(&tenant) => {
                return Err(refused(1_002_015_000, "租户不存在"));
            }
            Some(tenant) => tenant,
        };
        Ok(Visitor { token, tenant })
    }

    pub(super) fn admin_signs_in(&self, tenant: i64, username: &str, password: &str) -> Result<Who, Refusal> {
        let admin = self.admins.values().find(|admin| admin.tenant == tenant && admin.username == username);
        match admin {
            Some(admin) if password == MALL_PASSWORD && admin.disabled => {
                Err(refused(1_002_000_001, "登录失败，账号被禁用"))
            }
            Some(admin) if password == MALL_PASSWORD => Ok(Who::Admin(admin.id)),
            _ => Err(refused(1_002_000_000, "登录失败，账号密码不正确")),
        }
    }

    pub(super) fn member_signs_in(&self, tenant: i64, mobile: &str, password: &str) -> Result<Who, Refusal> {
        let member = self.members.values().find(|member| member.tenant == tenant && member.mobile == mobile);
        match member {
            Some(member) if password == MALL_PASSWORD && member.disabled => {
                Err(refused(1_004_003_001, "登录失败，账号被禁用"))
            }
            Some(member) if password == MALL_PASSWORD => Ok(Who::Member(member.id)),
            _ => Err(refused(1_004_003_000, "登录失败，账号密码不正确")),
        }
    }

    /// The tenant of somebody with an account.
    pub(super) fn tenant_of(&self, who: Who) -> Option<i64> {
        match who {
            Who::Admin(id) => self.admins.get(&id).map(|admin| admin.tenant),
            Who::Member(id) => self.members.get(&id).map(|member| member.tenant),
        }
    }

    /// What stands in a token's row about its owner; a member's is empty in Java too.
    pub(super) fn user_info(&self, who: Who) -> Value {
        match who {
            Who::Admin(id) => match self.admins.get(&id) {
                Some(admin) => json!({"nickname": admin.nickname, "deptId": "103"}),
                None => json!({}),
            },
            Who::Member(_) => json!({}),
        }
    }

    pub(super) fn check_token(&mut self, ask: &Ask, now: i64) -> Result<Value, Refusal> {
        let (client, secret) = ask.client()?;
        if client != MALL_CLIENT {
            return Err(refused(1_002_020_000, "OAuth2 客户端不存在"));
        }
        if secret != MALL_CLIENT_SECRET {
            return Err(refused(1_002_020_006, format!("无效 client_secret: {secret}")));
        }
        let found = self.purse.find(ask.parameter("token")?, now);
        let token = found.ok_or_else(|| refused(401, "访问令牌不存在"))?;
        if token.expires <= now {
            return Err(refused(401, "访问令牌已过期"));
        }
        Ok(json!({
            "user_id": long(token.who.id()),
            // Java writes the admins' number here whoever the token is of.
            "user_type": 2,
            "tenant_id": long(token.tenant),
            "client_id": MALL_CLIENT,
            "scopes": null,
            "access_token": token.access,
            "exp": token.expires / 1_000,
        }))
    }
}

fn user_type_of(path: &str) -> Option<i64> {
    if path.starts_with("/admin-api/") {
        Some(2)
    } else if path.starts_with("/app-api/") {
        Some(1)
    } else {
        None
    }
}
