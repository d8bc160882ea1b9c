//! Whoever receives bytes of a server.

use std::fmt;

use base64::Engine;
use serde_json::Value;

use crate::{Claims, Side};

/// Somebody before a server's door, as far as they are known there.
#[derive(Clone, PartialEq, Eq)]
pub struct Visitor {
    /// What they show; nobody in particular shows nothing.
    pub(super) token: Option<String>,
    pub(super) tenant: Option<i64>,
    pub(super) side: Option<Side>,
    pub(super) id: Option<i64>,
    /// The shops that an agent's token names.
    pub(super) shops: Option<Vec<i64>>,
    /// The shop at which a member asks.
    pub(super) at: i64,
}

impl Visitor {
    /// Somebody without a token.
    #[must_use]
    pub fn nobody() -> Self {
        Self { token: None, tenant: None, side: None, id: None, shops: None, at: 0 }
    }

    /// Somebody with a token that says nothing.
    pub(super) fn stranger(token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..Self::nobody() }
    }

    /// Whom those claims describe.
    pub(crate) fn of(claims: &Claims, token: &str) -> Self {
        let side = if claims.kind == "member" { Side::Member } else { Side::Agent };
        let shops = claims.shops.clone();
        Self { tenant: Some(claims.tenant), side: Some(side), id: Some(claims.id), shops, ..Self::stranger(token) }
    }

    /// Somebody of that side and number; the tenant and the shops are taken from the token where it is a signed one.
    pub(crate) fn with(side: Side, id: i64, token: &str) -> Self {
        let said = said_by(token).unwrap_or_default();
        let shops: Option<Vec<i64>> =
            said["shops"].as_array().map(|shops| shops.iter().filter_map(Value::as_i64).collect());
        Self { tenant: said["tenant"].as_i64(), side: Some(side), id: Some(id), shops, ..Self::stranger(token) }
    }

    /// The same at this tenant.
    pub(super) fn of_tenant(self, tenant: Option<i64>) -> Self {
        Self { tenant: tenant.or(self.tenant), ..self }
    }

    /// The same asking at this shop.
    #[must_use]
    pub fn at(self, shop: i64) -> Self {
        Self { at: shop, ..self }
    }
}

/// Without the token, which a failed test must not print either.
impl fmt::Debug for Visitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.token.is_none() {
            return f.write_str("somebody without a token");
        }
        match (self.side, self.id) {
            (Some(Side::Member), Some(id)) => write!(f, "member {id} at shop {}", self.at)?,
            (Some(Side::Agent), Some(id)) => write!(f, "agent {id} of shops {:?}", self.shops)?,
            _ => f.write_str("somebody with an unknown token")?,
        }
        self.tenant.map_or(Ok(()), |tenant| write!(f, " of tenant {tenant}"))
    }
}

/// What a signed token says, whoever signed it.
fn said_by(token: &str) -> Option<Value> {
    let claims = token.split('.').nth(1)?;
    let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(claims).ok()?;
    serde_json::from_slice(&claims).ok()
}
