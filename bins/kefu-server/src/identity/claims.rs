//! What a signed token says, and how it says it: the names of its claims are the settings' affair.
//!
//! A path such as `realm_access.roles` reaches into objects; a claim whose own name holds dots is found too. What is
//! there and makes no sense is never replaced by a default.

use std::collections::BTreeMap;
use std::fmt;

use kefu_domain::{Permission, Profile, ShopId, Shops, TenantId};
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::number::{Called, MAX_ID};
use super::profile::profile_of;
use crate::config::{DefaultType, JwtSettings};

/// The mall's user types.
const MEMBER: i32 = 1;
const ADMIN: i32 = 2;

/// What a token of ours is to say.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// The member's or admin's id.
    pub id: i64,
    /// 1 member, 2 admin.
    pub user_type: i32,
    /// The tenant.
    pub tenant: i64,
    /// The end, in seconds since the epoch.
    pub exp: i64,
    /// The beginning, in seconds since the epoch.
    pub nbf: Option<i64>,
    /// How others see the bearer.
    pub nickname: Option<String>,
    /// The address of a picture.
    pub avatar: Option<String>,
    /// What an admin may do, as the mall's menus name it.
    pub permissions: Option<Vec<String>>,
    /// The shops that an admin serves; the platform where it says nothing.
    pub shops: Option<Vec<i64>>,
}

/// What a token was found to say.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Said {
    pub(super) called: Called,
    pub(super) user_type: i32,
    pub(super) tenant: TenantId,
    /// Seconds since the epoch.
    pub(super) expires: i64,
    pub(super) begins: Option<i64>,
    pub(super) profile: Profile,
    pub(super) permissions: Vec<Permission>,
    pub(super) shops: Shops,
}

/// An object in which no member is named twice: two readers could disagree on what it says.
#[derive(Debug)]
pub(super) struct Payload(Map<String, Value>);

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Payload, A::Error> {
                let mut map = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if map.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim is named twice"));
                    }
                }
                Ok(Payload(map))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// How tokens are read, and written for those who try things out.
#[derive(Debug, Clone, Default)]
pub struct Reading(JwtSettings);

impl Reading {
    /// As the settings say.
    #[must_use]
    pub fn new(settings: JwtSettings) -> Self {
        Self(settings)
    }

    /// What a payload says; `None` where anything that is needed is missing or makes no sense.
    pub(super) fn read(&self, Payload(claims): &Payload) -> Option<Said> {
        let names = &self.0;
        let user_type = match find(claims, &names.claim_type) {
            Some(value) => self.user_type(value)?,
            None => match names.default_type {
                DefaultType::None => return None,
                DefaultType::Member => MEMBER,
                DefaultType::Admin => ADMIN,
            },
        };
        let tenant = match find(claims, &names.claim_tenant) {
            Some(value) => whole(value)?,
            None => names.default_tenant?,
        };
        let permissions = match find(claims, &names.claim_permissions) {
            Some(value) => self.permissions(&words(value)?),
            None => Vec::new(),
        };
        let shops = match find(claims, &names.claim_shops) {
            Some(value) => {
                several(value).into_iter().map(|shop| whole(shop).map(ShopId)).collect::<Option<Shops>>()?.bounded()
            }
            None => Shops::platform(),
        };
        let text = |name: &str| find(claims, name).and_then(Value::as_str);
        Some(Said {
            called: called(find(claims, &names.claim_id)?)?,
            user_type,
            tenant: (0..=MAX_ID).contains(&tenant).then_some(TenantId(tenant))?,
            expires: seconds(claims.get("exp")?)?,
            begins: match claims.get("nbf") {
                Some(value) => Some(seconds(value)?),
                None => None,
            },
            profile: profile_of(text(&names.claim_nickname), text(&names.claim_avatar)),
            permissions: if user_type == ADMIN { permissions } else { Vec::new() },
            shops,
        })
    }

    fn user_type(&self, value: &Value) -> Option<i32> {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(truth) => truth.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        let means = |wanted: &str, usual: [&str; 2]| {
            if wanted.is_empty() { usual.contains(&text.as_str()) } else { text == wanted }
        };
        match (means(&self.0.member_value, ["1", "member"]), means(&self.0.admin_value, ["2", "admin"])) {
            (true, false) => Some(MEMBER),
            (false, true) => Some(ADMIN),
            (true, true) | (false, false) => None,
        }
    }

    fn permissions(&self, names: &[&str]) -> Vec<Permission> {
        let allowed: Vec<_> = names.iter().flat_map(|name| self.0.roles.allowed_to(name)).collect();
        Permission::ALL.into_iter().filter(|permission| allowed.contains(permission)).collect()
    }

    /// The payload of a token that says these things, under the names that [`Reading`] reads.
    #[must_use]
    pub fn write(&self, claims: &Claims) -> Value {
        let names = &self.0;
        let (wanted, usual) =
            if claims.user_type == MEMBER { (&names.member_value, MEMBER) } else { (&names.admin_value, ADMIN) };
        let user_type = if wanted.is_empty() { json!(usual) } else { json!(wanted) };
        let told = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
        // A path is found as a name too.
        let mut payload: BTreeMap<&str, Value> = BTreeMap::from([
            (names.claim_id.as_str(), json!(claims.id)),
            (&names.claim_type, user_type),
            (&names.claim_tenant, json!(claims.tenant)),
            (&names.claim_nickname, json!(claims.nickname)),
            (&names.claim_avatar, json!(claims.avatar)),
            (&names.claim_permissions, json!(claims.permissions)),
            (&names.claim_shops, json!(claims.shops)),
            ("exp", json!(claims.exp)),
            ("nbf", json!(claims.nbf)),
            ("iss", told(&names.issuer)),
            ("aud", told(&names.audience)),
        ]);
        payload.retain(|_, value| !value.is_null());
        json!(payload)
    }
}

/// The claim of a name or a path; null is as good as absent.
fn find<'a>(claims: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(path) {
        return (!value.is_null()).then_some(value);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let inner = claims.get(&path[..dot])?.as_object()?;
        find(inner, &path[dot + 1..])
    })
}

fn called(value: &Value) -> Option<Called> {
    match value {
        Value::Number(number) => Called::number(number.as_i64()?),
        Value::String(text) => Called::text(text),
        _ => None,
    }
}

/// A whole number that is not negative, or its digits.
fn whole(value: &Value) -> Option<i64> {
    let digits = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match value {
        Value::Number(number) => number.as_i64().filter(|number| *number >= 0),
        Value::String(text) => Some(text.as_str()).filter(digits)?.parse().ok(),
        _ => None,
    }
}

/// Some libraries write seconds with a fraction.
fn seconds(value: &Value) -> Option<i64> {
    #[allow(
        clippy::cast_possible_truncation,
        reason = "within the range that the guard allows, it only cuts the fraction"
    )]
    let cut = |seconds: f64| (0.0..1e12).contains(&seconds).then_some(seconds as i64);
    value.as_i64().or_else(|| value.as_f64().and_then(cut))
}

fn several(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |values| values.iter().collect())
}

/// A list of texts, or one text with blanks between them, as OAuth writes scopes.
fn words(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(text.split_whitespace().collect()),
        Value::Array(values) => values.iter().map(Value::as_str).collect(),
        _ => None,
    }
}
