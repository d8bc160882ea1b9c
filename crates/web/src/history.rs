//! Which page of a conversation somebody asks for, and how it is to be written.

use kefu_domain::MessagePage;

use crate::serving::Params;
use crate::{ApiError, Settings};

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As the mall writes them.
    Mall,
    /// As `kefu.v2` does.
    V2,
}

/// `form=v2`, or none.
pub(crate) fn form(params: &Params) -> Result<Form, ApiError> {
    match params.text("form") {
        None => Ok(Form::Mall),
        Some("v2") => Ok(Form::V2),
        Some(_) => Err(ApiError::Invalid("form 只能为 v2".into())),
    }
}

/// `limit` 1..=200, 10 when absent, and at most one of `createTime`, `beforeSeq`, `sinceSeq`.
///
/// `no`, which the shopper's page sends, is ignored; so is a member's `conversationId`.
pub(crate) fn page(params: &Params, settings: &Settings) -> Result<MessagePage, ApiError> {
    let limit = match params.number("limit")? {
        None => 10,
        Some(limit @ 1..=200) => u32::try_from(limit).unwrap_or(10),
        Some(..=0) => return Err(ApiError::Invalid("每次查询条数最小值为 1".into())),
        Some(_) => return Err(ApiError::Invalid("每次查询最大值为 200".into())),
    };
    let before = params
        .text("createTime")
        .map(|text| settings.instant(text).ok_or(ApiError::Invalid("createTime 的格式为 yyyy-MM-dd HH:mm:ss".into())))
        .transpose()?;
    match (before, params.number("beforeSeq")?, params.number("sinceSeq")?) {
        (None, None, None) => Ok(MessagePage::Newest(limit)),
        (Some(before), None, None) => Ok(MessagePage::Before(before, limit)),
        (None, Some(seq), None) => Ok(MessagePage::BeforeSeq(seq, limit)),
        (None, None, Some(seq)) => Ok(MessagePage::SinceSeq(seq, limit)),
        _ => Err(ApiError::Invalid("createTime、beforeSeq、sinceSeq 只能选一个".into())),
    }
}
