//! What a Java node says, and to whom.

use kefu_domain::{AdminId, MemberId, Permission, Recipient, Scope, TenantId};
use kefu_push::{DESK_HAS_READ, POSTED};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The mall's own sockets take no more in one piece.
const LONGEST: usize = 256 * 1024;

/// What came over the mall's channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mail {
    /// A frame for sockets here.
    For(Recipient, Frame),
    /// One of our nodes has said it.
    Ours,
    /// For one socket of a Java node, or for nobody that we know of.
    Others,
    /// Unreadable.
    Bad,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: String,
    pub(crate) content: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inward {
    #[serde(default)]
    headers: Option<Headers>,
    #[serde(default)]
    session_id: Option<String>,
    #[serde(default)]
    user_type: Option<i64>,
    #[serde(default)]
    user_id: Option<Number>,
    #[serde(default)]
    message_type: Option<String>,
    #[serde(default)]
    message_content: Option<String>,
    #[serde(default)]
    kefu_node: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Headers {
    #[serde(default, rename = "tenant-id")]
    tenant: Option<Number>,
}

/// As Java writes numbers: a text where JavaScript could not hold it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Number(i64),
    Text(String),
}

impl Number {
    fn read(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

pub(crate) fn read(bytes: &[u8]) -> Mail {
    if bytes.len() > LONGEST {
        return Mail::Bad;
    }
    let Ok(inward) = serde_json::from_slice::<Inward>(bytes) else { return Mail::Bad };
    if inward.kefu_node.is_some() {
        return Mail::Ours;
    }
    if inward.session_id.is_some_and(|id| !id.is_empty()) {
        return Mail::Others;
    }
    let Some(user_type) = inward.user_type else { return Mail::Others };
    let Some(kind) = inward.message_type.filter(|kind| !kind.is_empty()) else { return Mail::Bad };
    // Java says the tenant of whoever it speaks for; a mall without tenants says none, and is tenant 0 here.
    let tenant = match inward.headers.and_then(|headers| headers.tenant).map(Number::read) {
        None => TenantId(0),
        Some(Some(tenant)) => TenantId(tenant),
        Some(None) => return Mail::Bad,
    };
    let user = match inward.user_id.map(Number::read) {
        None => None,
        Some(Some(id)) => Some(id),
        Some(None) => return Mail::Bad,
    };
    let Some(recipient) = recipient(tenant, user_type, user, &kind) else { return Mail::Others };
    Mail::For(recipient, Frame { kind, content: inward.message_content.unwrap_or_default() })
}

/// Whom a Java node means. Customer service is no business of every admin here, and at no other shop's door.
fn recipient(tenant: TenantId, user_type: i64, user: Option<i64>, kind: &str) -> Option<Recipient> {
    let desk = Scope::platform(tenant);
    let of_the_desk = kind == POSTED || kind == DESK_HAS_READ;
    Some(match (user_type, user) {
        (1, Some(id)) if of_the_desk => Recipient::Member(desk, MemberId(id)),
        (1, Some(id)) => Recipient::MemberAnywhere(tenant, MemberId(id)),
        (1, None) if of_the_desk => Recipient::Members(desk),
        (1, None) => Recipient::MembersAnywhere(tenant),
        (2, Some(id)) => Recipient::Admin(tenant, AdminId(id)),
        (2, None) if of_the_desk => Recipient::Admins(desk, Permission::MessageQuery),
        (2, None) => Recipient::AdminsAnywhere(tenant),
        _ => return None,
    })
}
