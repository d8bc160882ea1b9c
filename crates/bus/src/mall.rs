//! The frames of a mall's Java nodes: what they publish when their `sender-type` is `redis`, and what they read.

mod inward;

use kefu_domain::{Event, ShopId};
use kefu_push::mall_frame;
use serde::Serialize;

use crate::{MallBridge, NodeId};

pub(crate) use inward::{Mail, read};

pub(crate) struct Bridge {
    settings: MallBridge,
    node: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outward<'a> {
    headers: Headers,
    session_id: Option<&'a str>,
    user_type: i32,
    user_id: Option<i64>,
    message_type: &'a str,
    message_content: &'a str,
    /// Java has no such member, and skips it. What carries it was said by a node of ours, and all of ours have it as a
    /// hint.
    kefu_node: &'a str,
}

#[derive(Serialize)]
struct Headers {
    #[serde(rename = "tenant-id")]
    tenant: String,
}

impl Bridge {
    pub(crate) fn new(settings: MallBridge, node: NodeId) -> Self {
        Self { settings, node: node.hex() }
    }

    pub(crate) fn channel(&self) -> &str {
        &self.settings.channel
    }

    /// What Java nodes are to be told of an event, one text for the member and one for the tenant's admins, as the
    /// mall itself does it. Its pages know one conversation of a member, that with the platform.
    pub(crate) fn mail(&self, event: &Event, avatar: Option<&str>, mut say: impl FnMut(Vec<u8>)) {
        let after = &event.after;
        if after.scope.shop != ShopId::PLATFORM {
            return;
        }
        let Ok(Some((kind, content))) = mall_frame(event, avatar, self.settings.legacy_escape) else { return };
        for (user_type, user_id) in [(1, Some(after.member.0)), (2, None)] {
            let outward = Outward {
                headers: Headers { tenant: after.scope.tenant.to_string() },
                session_id: None,
                user_type,
                user_id,
                message_type: kind,
                message_content: &content,
                kefu_node: &self.node,
            };
            if let Ok(bytes) = serde_json::to_vec(&outward) {
                say(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests;
