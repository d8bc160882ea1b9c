//! Refusals as frames: the code and text that a request would be answered with.

use std::time::Duration;

use bytestring::ByteString;
use kefu_domain::{ClientMsgId, ConversationId};
use kefu_push::v2::{self, Action, Misheard, Refusal};

use crate::ApiError;

/// What was asked for is not done.
pub(super) fn refused(action: Option<Action>, error: &ApiError, key: Option<&ClientMsgId>) -> ByteString {
    refused_in(action, error, None, key)
}

/// The same, where a frame named several conversations.
pub(super) fn refused_in(
    action: Option<Action>,
    error: &ApiError,
    conversation: Option<ConversationId>,
    key: Option<&ClientMsgId>,
) -> ByteString {
    error.note();
    let told = error.told();
    let retry_after = told.retry_after.map(Duration::from_secs);
    v2::refused(action, &Refusal { code: told.code, msg: &told.msg, retry_after, conversation }, key)
}

/// It cannot be done now.
pub(super) fn later(action: Action, code: i32, msg: &str, after: Duration, key: Option<&ClientMsgId>) -> ByteString {
    let refusal = Refusal { code, msg, retry_after: Some(after), conversation: None };
    v2::refused(Some(action), &refusal, key)
}

/// A frame was not understood.
pub(super) fn misheard(misheard: &Misheard) -> ByteString {
    let error = ApiError::Invalid(misheard.why.into());
    refused(misheard.action, &error, misheard.client_msg_id.as_ref())
}
