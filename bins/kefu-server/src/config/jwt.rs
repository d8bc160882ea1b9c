//! The section `[jwt]`: which signed tokens are good, and what their claims mean.

use std::fmt;
use std::path::PathBuf;

use kefu_domain::Permission;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::identity::Role;

/// Signed tokens.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct JwtSettings {
    /// A file with public keys (PEM, RSA from 2048 bits or Ed25519); empty: none.
    pub keys: PathBuf,
    /// A JWK set: a file, or an `http://` or `https://` address; empty: none.
    pub jwks: String,
    /// How long an address is not asked again after an unknown key id.
    pub jwks_refetch_seconds: u32,
    /// What the claim `iss` must be; empty: it may be anything.
    pub issuer: String,
    /// What the claim `aud` must contain; empty: there must be none.
    pub audience: String,
    /// The claim with the bearer's number or name.
    pub claim_id: String,
    /// The claim with the bearer's user type.
    pub claim_type: String,
    /// What that claim says of a member; empty: `1` or `member`.
    pub member_value: String,
    /// What that claim says of an agent; empty: `2` or `admin`.
    pub admin_value: String,
    /// The user type of tokens that name none.
    pub default_type: DefaultType,
    /// The claim with the tenant.
    pub claim_tenant: String,
    /// The tenant of tokens that name none; none: they are refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_tenant: Option<i64>,
    /// The claim with the bearer's name for others.
    pub claim_nickname: String,
    /// The claim with the address of a picture.
    pub claim_avatar: String,
    /// The claim with what an agent may do.
    pub claim_permissions: String,
    /// The claim with the shops that an agent serves.
    pub claim_shops: String,
    /// What names in the claim of permissions allow, beside those of the permissions themselves.
    pub roles: Roles,
}

impl Default for JwtSettings {
    fn default() -> Self {
        Self {
            keys: PathBuf::new(),
            jwks: String::new(),
            jwks_refetch_seconds: 30,
            issuer: String::new(),
            audience: String::new(),
            claim_id: "id".into(),
            claim_type: "type".into(),
            member_value: String::new(),
            admin_value: String::new(),
            default_type: DefaultType::None,
            claim_tenant: "tenant".into(),
            default_tenant: None,
            claim_nickname: "nickname".into(),
            claim_avatar: "avatar".into(),
            claim_permissions: "permissions".into(),
            claim_shops: "shops".into(),
            roles: Roles::default(),
        }
    }
}

impl JwtSettings {
    /// Whether public keys are named.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.keys.as_os_str().is_empty() || !self.jwks.is_empty()
    }

    /// Whether the JWK set lies at an address of the web.
    #[must_use]
    pub fn jwks_is_remote(&self) -> bool {
        self.jwks.starts_with("http://") || self.jwks.starts_with("https://")
    }
}

/// The user type of tokens that name none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DefaultType {
    /// They are refused.
    None,
    /// Members.
    Member,
    /// Agents.
    Admin,
}

/// What foreign names of roles allow: `["staff=agent", "auditor=promotion:kefu-message:query"]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Roles(Vec<(String, String)>);

impl Roles {
    /// What a name allows: the permission that it is, and what the settings say of it.
    pub fn allowed_to<'a>(&'a self, name: &'a str) -> impl Iterator<Item = Permission> + 'a {
        let listed = self.0.iter().filter(move |(role, _)| role == name).map(|(_, grant)| grant.as_str());
        listed.flat_map(meaning).chain(Permission::parse(name))
    }
}

/// What the right side of an entry allows; nothing where it is neither a role nor a permission.
fn meaning(grant: &str) -> Vec<Permission> {
    Permission::parse(grant).map_or_else(|| Role::allow(&[grant.to_owned()]), |permission| vec![permission])
}

fn entry(text: &str) -> Result<(String, String), String> {
    let pair = text.rsplit_once('=').map(|(role, grant)| (role.trim(), grant.trim()));
    let Some((role, grant)) = pair.filter(|(role, _)| !role.is_empty()) else {
        return Err(format!("{text:?} is no pair; write ROLE=agent"));
    };
    if meaning(grant).is_empty() {
        return Err(format!("{grant:?} is neither manager, agent, observer nor a permission"));
    }
    Ok((role.to_owned(), grant.to_owned()))
}

impl<'de> Deserialize<'de> for Roles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Roles;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of entries such as ROLE=agent")
            }

            /// A variable of the environment has no lists: there commas stand between the entries.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Roles, E> {
                let entries = text.split(',').filter(|entry| !entry.trim().is_empty());
                entries.map(entry).collect::<Result<_, _>>().map(Roles).map_err(E::custom)
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Roles, A::Error> {
                let mut roles = Vec::new();
                while let Some(text) = list.next_element::<String>()? {
                    roles.push(entry(&text).map_err(de::Error::custom)?);
                }
                Ok(Roles(roles))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|(role, grant)| format!("{role}={grant}")))
    }
}

/// What must hold of the section.
pub(super) fn check(jwt: &JwtSettings, require: &mut dyn FnMut(bool, &str, &str)) {
    require(
        !jwt.jwks.contains("://") || jwt.jwks_is_remote() && is_fetchable(&jwt.jwks),
        "jwt.jwks",
        "is neither a file nor an address of the web; write a path, or http:// or https:// with a host and no login",
    );
    require(
        (1..=3_600).contains(&jwt.jwks_refetch_seconds),
        "jwt.jwks_refetch_seconds",
        "is not within 1 to 3600; 30 is a good value",
    );
    for (setting, name) in [
        ("jwt.claim_id", &jwt.claim_id),
        ("jwt.claim_type", &jwt.claim_type),
        ("jwt.claim_tenant", &jwt.claim_tenant),
        ("jwt.claim_nickname", &jwt.claim_nickname),
        ("jwt.claim_avatar", &jwt.claim_avatar),
        ("jwt.claim_permissions", &jwt.claim_permissions),
        ("jwt.claim_shops", &jwt.claim_shops),
    ] {
        require(!name.is_empty(), setting, "is empty; write the name of a claim, or leave the setting out");
    }
    let means = |value: &str, usual: [&str; 2]| {
        if value.is_empty() { usual.map(str::to_owned).to_vec() } else { vec![value.to_owned()] }
    };
    let members = means(&jwt.member_value, ["1", "member"]);
    require(
        !means(&jwt.admin_value, ["2", "admin"]).iter().any(|value| members.contains(value)),
        "jwt.admin_value",
        "is what members are too, so nobody could be told from anybody; write another than jwt.member_value",
    );
    require(
        jwt.default_tenant.is_none_or(|tenant| tenant >= 0),
        "jwt.default_tenant",
        "is not the number of a tenant; write one of `kefu-server tenant list`",
    );
}

/// An absolute address with a host and without a login.
fn is_fetchable(text: &str) -> bool {
    let uri = text.parse::<actix_web::http::Uri>().ok();
    uri.is_some_and(|uri| uri.host().is_some_and(|host| !host.is_empty())) && !text.contains(['@', '#', ' '])
}
