//! The mall's own pages, asked with the token itself.
//!
//! Who somebody is, is what two pages say: the one that only admins see, and the one that only members see. A client
//! of `system_oauth2_client` lets `check-token` say the tenant and the end; of whom it says that they are an admin it
//! says of everybody, and is not read. Without a client the tenants of the settings are tried: the mall refuses a
//! token that comes with another tenant's number.

use std::time::Duration;

use futures_util::future::BoxFuture;
use kefu_domain::{AdminId, MemberId, Party, Permission, Side, TenantId, Timestamp};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::loose::{id, maybe_id};
use super::source::{Asked, Bearer, Sighting, Silent, Source};
use crate::identity::Token;
use crate::outward;
use crate::secret::Secret;

const ADMIN: &str = "/admin-api/system/auth/get-permission-info";
const MEMBER: &str = "/app-api/member/user/get";
const CHECK: &str = "/admin-api/system/oauth2/check-token";

/// The menus of a super admin are some hundred kilobytes.
const LONGEST: usize = 4 << 20;
/// Connections that are kept for the next question.
const IDLE: usize = 16;

/// The mall's pages.
pub(super) struct Http {
    client: Client,
    /// Without a slash at its end.
    url: String,
    /// Name and secret, where there is a client.
    account: Option<(String, Secret)>,
    tenants: Vec<TenantId>,
}

/// What every answer of the mall is wrapped in.
#[derive(Deserialize)]
struct Envelope<T> {
    code: i32,
    #[serde(default = "Option::default")]
    data: Option<T>,
}

#[derive(Deserialize)]
struct PermissionInfo {
    user: Person,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
}

#[derive(Deserialize)]
struct Person {
    #[serde(deserialize_with = "id")]
    id: i64,
    #[serde(default)]
    nickname: Option<String>,
    #[serde(default)]
    avatar: Option<String>,
}

#[derive(Deserialize)]
struct Checked {
    #[serde(default, deserialize_with = "maybe_id")]
    tenant_id: Option<i64>,
    /// In seconds.
    #[serde(default, deserialize_with = "maybe_id")]
    exp: Option<i64>,
}

/// What one page says.
enum Shown {
    /// The page of its owner.
    To(Box<Bearer>),
    /// The token is not good.
    NotGood,
    /// The token is another side's, or another tenant's.
    ToOthers,
    /// The token is good, and its owner has no account any more.
    ToNobody,
}

impl Http {
    pub(super) fn new(
        url: &str,
        account: Option<(String, Secret)>,
        tenants: Vec<TenantId>,
        within: Duration,
    ) -> Result<Self, reqwest::Error> {
        // Kept connections are good here, where one runtime asks all questions.
        let client = outward::client(within).pool_max_idle_per_host(IDLE).build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned(), account, tenants })
    }

    /// The tenants to try, the likeliest first.
    fn candidates(&self, asked: &Asked) -> Vec<TenantId> {
        let first = asked.tenant.filter(|tenant| self.tenants.contains(tenant));
        let others = self.tenants.iter().copied().filter(|tenant| Some(*tenant) != first);
        first.into_iter().chain(others).collect()
    }

    async fn look(&self, asked: &Asked) -> Result<Sighting, Silent> {
        let mut tenants = self.candidates(asked);
        let mut expires = None;
        if let Some(account) = &self.account {
            match self.check(&asked.token, account, tenants.first().copied()).await? {
                (NOT_GOOD, _) => return Ok(Sighting::Unknown),
                (GOOD, Some(checked)) => {
                    tenants = vec![TenantId(checked.tenant_id.unwrap_or(0))];
                    expires = checked.exp.map(|seconds| Timestamp(seconds.saturating_mul(1_000)));
                }
                (code, _) => {
                    let why = format!("{CHECK} answered code {code}: see mall.client_id and mall.client_secret");
                    return Err(Silent::because(why));
                }
            }
        }
        for tenant in tenants {
            for side in sides(asked.side) {
                match self.show(&asked.token, side, tenant).await? {
                    Shown::To(bearer) => return Ok(Sighting::Of(Box::new(Bearer { expires, ..*bearer }))),
                    Shown::NotGood => return Ok(Sighting::Unknown),
                    Shown::ToNobody => return Ok(Sighting::Nobody),
                    Shown::ToOthers => {}
                }
            }
        }
        // Good at the mall, for a tenant that is not one of ours.
        Ok(Sighting::Unknown)
    }

    /// What `check-token` says, with its code.
    async fn check(
        &self,
        token: &Token,
        (name, secret): &(String, Secret),
        tenant: Option<TenantId>,
    ) -> Result<(i32, Option<Checked>), Silent> {
        // In the header: named by parameters, the mall would take the parameter `token` for the bearer's own, and
        // refuse members.
        let request = self.client.post(format!("{}{CHECK}", self.url)).basic_auth(name, Some(secret.reveal()));
        let request = request.header("tenant-id", tenant.unwrap_or(TenantId(1)).0);
        let envelope: Envelope<Checked> = answer(request.form(&[("token", token.reveal())])).await?;
        Ok((envelope.code, envelope.data))
    }

    /// What a page shows to the token's owner.
    async fn show(&self, token: &Token, side: Side, tenant: TenantId) -> Result<Shown, Silent> {
        let get = |path: &str| {
            let request = self.client.get(format!("{}{path}", self.url));
            request.bearer_auth(token.reveal()).header("tenant-id", tenant.0)
        };
        let (code, bearer) = match side {
            Side::Desk => {
                let envelope: Envelope<PermissionInfo> = answer(get(ADMIN)).await?;
                (envelope.code, envelope.data.map(|info| info.bearer(tenant)))
            }
            Side::Member => {
                let envelope: Envelope<Person> = answer(get(MEMBER)).await?;
                (envelope.code, envelope.data.map(|person| person.member(tenant)))
            }
        };
        match (code, bearer) {
            (GOOD, Some(bearer)) if bearer.party.id() > 0 => Ok(Shown::To(Box::new(bearer))),
            (GOOD, _) => Ok(Shown::ToNobody),
            (NOT_GOOD, _) => Ok(Shown::NotGood),
            (OTHERS, _) => Ok(Shown::ToOthers),
            // A tenant that the mall does not have, has switched off, or whose time is over.
            (1_002_015_000..=1_002_015_002, _) => Ok(Shown::ToOthers),
            (code, _) => Err(Silent::because(format!("the mall's page answered code {code}"))),
        }
    }
}

const GOOD: i32 = 0;
const NOT_GOOD: i32 = 401;
const OTHERS: i32 = 403;

impl Source for Http {
    fn greet(&self) -> BoxFuture<'_, Result<(), Silent>> {
        Box::pin(async move {
            let envelope: Envelope<serde_json::Value> =
                answer(self.client.get(format!("{}{MEMBER}", self.url))).await?;
            // Without a token the page is nobody's.
            if envelope.code == NOT_GOOD { Ok(()) } else { Err(Silent::because(format!("code {}", envelope.code))) }
        })
    }

    fn find<'a>(&'a self, asked: &'a Asked) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(self.look(asked))
    }

    fn can_add(&self, bearer: &Bearer) -> bool {
        !bearer.is_described || bearer.permissions.is_none()
    }

    fn add<'a>(&'a self, token: &'a Token, bearer: Bearer) -> BoxFuture<'a, Result<Sighting, Silent>> {
        Box::pin(async move {
            match self.show(token, bearer.party.side(), bearer.tenant).await? {
                Shown::To(shown) if shown.party == bearer.party => Ok(Sighting::Of(Box::new(Bearer {
                    expires: bearer.expires,
                    is_enabled: bearer.is_enabled,
                    ..*shown
                }))),
                Shown::NotGood | Shown::ToNobody => Ok(Sighting::Nobody),
                Shown::To(_) | Shown::ToOthers => Err(Silent::because("the mall's page and another source disagree")),
            }
        })
    }
}

/// Which page to try first.
fn sides(hint: Option<Side>) -> [Side; 2] {
    match hint {
        Some(Side::Member) => [Side::Member, Side::Desk],
        Some(Side::Desk) | None => [Side::Desk, Side::Member],
    }
}

impl PermissionInfo {
    fn bearer(self, tenant: TenantId) -> Bearer {
        let everything = self.roles.iter().any(|role| role == "super_admin");
        let allowed =
            |permission: &Permission| everything || self.permissions.iter().any(|it| it == permission.as_str());
        let permissions = Permission::ALL.into_iter().filter(allowed).collect();
        let party = Party::Admin(AdminId(self.user.id));
        self.user.bearer(party, tenant, permissions)
    }
}

impl Person {
    fn member(self, tenant: TenantId) -> Bearer {
        let party = Party::Member(MemberId(self.id));
        self.bearer(party, tenant, Vec::new())
    }

    fn bearer(self, party: Party, tenant: TenantId, permissions: Vec<Permission>) -> Bearer {
        Bearer {
            nickname: self.nickname,
            avatar: self.avatar,
            permissions: Some(permissions),
            is_described: true,
            ..Bearer::new(party, tenant, None)
        }
    }
}

/// Sends a request and reads the mall's envelope; anything else is no answer.
async fn answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<Envelope<T>, Silent> {
    // The address is the operator's own, and may hold what is nobody's business.
    let response = request.send().await.map_err(|error| Silent::because(error.without_url()))?;
    if response.status() != StatusCode::OK {
        return Err(Silent::because(format!("the mall's page answered HTTP {}", response.status().as_u16())));
    }
    let body = body(response).await?;
    // The library's own words would quote the answer.
    serde_json::from_slice(&body)
        .map_err(|_| Silent::because("the mall's page answered something else than its envelope"))
}

async fn body(mut response: Response) -> Result<Vec<u8>, Silent> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Silent::because(error.without_url()))? {
        if body.len() + chunk.len() > LONGEST {
            return Err(Silent::because("the mall's page answered without end"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
