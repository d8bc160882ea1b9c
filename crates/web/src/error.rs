//! The one table of error codes: what goes wrong, which code it has, what the caller is told.

use std::borrow::Cow;

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::{HttpResponse, ResponseError};
use kefu::Error;
use kefu_domain::{Chain, ContentError, Refusal};

use crate::reply::{Code, Envelope};

/// Everything a controller can answer besides success.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApiError {
    /// No credential, or none that holds.
    #[error("not signed in")]
    Unauthenticated,
    /// Signed in, but not for this.
    #[error("not allowed")]
    Forbidden,
    /// A required query parameter is missing.
    #[error("query parameter {0} is missing")]
    Missing(&'static str),
    /// A value of the wrong type; holds what was sent.
    #[error("a parameter has the wrong type")]
    WrongType(String),
    /// A value that is refused; holds the reason, in the caller's language.
    #[error("a parameter is not acceptable")]
    Invalid(Cow<'static, str>),
    /// No body where one is needed.
    #[error("the body is missing")]
    NoBody,
    /// Another content type than JSON.
    #[error("the content type is not JSON")]
    NotJson(String),
    /// The path exists, the method does not.
    #[error("method {0} is not allowed")]
    Method(String),
    /// Nothing at this path.
    #[error("nothing at {0}")]
    NotFound(String),
    /// The mall's answer to anything unknown under its marketing module.
    #[error("no such route in this module")]
    ModuleDisabled,
    /// Too many requests; try again after this many seconds.
    #[error("too many requests")]
    TooMany(u64),
    /// Too many people at once, none of whom did anything wrong; come again after this many seconds.
    #[error("too many connections")]
    Crowded(u64),
    /// A code and text of the host's own.
    #[error("{1}")]
    Own(i32, Cow<'static, str>),
    /// What the desk said.
    #[error(transparent)]
    Desk(#[from] Error),
}

/// What a caller is told.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) msg: Cow<'static, str>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
}

impl ApiError {
    /// The code of the answer.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.told().code
    }

    /// (code, what the caller is told, when to try again). The only such table.
    pub(crate) fn told(&self) -> Told {
        let (code, msg): (i32, Cow<'static, str>) = match self {
            Self::Unauthenticated => (401, "账号未登录".into()),
            Self::Forbidden => (403, "没有该操作权限".into()),
            Self::Missing(name) => (400, format!("请求参数缺失:{name}").into()),
            Self::WrongType(text) => (400, format!("请求参数类型错误:{}", short(text)).into()),
            Self::Invalid(why) => (400, format!("请求参数不正确:{why}").into()),
            Self::NoBody => (400, "请求参数类型错误: request body 缺失".into()),
            Self::NotJson(text) => (400, format!("请求类型不正确:{}", short(text)).into()),
            Self::Method(method) => (405, format!("请求方法不正确:{}", short(method)).into()),
            Self::NotFound(path) => (404, format!("请求地址不存在:{}", short(path)).into()),
            Self::ModuleDisabled => {
                (501, "[商城系统 yudao-module-mall - 已禁用][参考 https://doc.iocoder.cn/mall/build/ 开启]".into())
            }
            Self::TooMany(seconds) => return Told::later(429, "请求过于频繁，请稍后重试", *seconds),
            Self::Crowded(seconds) => return Told::later(503, "连接人数过多，请稍后重新连接", *seconds),
            Self::Own(code, msg) => (*code, msg.clone()),
            Self::Desk(Error::Refused(refusal)) => refused(refusal),
            Self::Desk(Error::Busy(after)) => {
                return Told::later(429, "请求过于频繁，请稍后重试", after.as_secs().max(1));
            }
            Self::Desk(Error::Late | Error::Store(_)) if !self.is_defect() => {
                return Told::later(503, "服务暂时不可用，请稍后用同一个 clientMsgId 重试", 1);
            }
            Self::Desk(_) => (500, "系统异常".into()),
        };
        Told { code, msg, retry_after: None }
    }

    /// Whoever answers with a defect says so in the log.
    pub(crate) fn note(&self) {
        if self.is_defect() {
            tracing::error!(error = %Chain(self), "a request ended in a defect");
        }
    }

    /// Whether it will be the same however often one asks.
    pub(crate) fn is_for_good(&self) -> bool {
        let told = self.told();
        told.retry_after.is_none() && told.code != 500
    }

    /// Whether a human should look: the database refused what we sent it.
    fn is_defect(&self) -> bool {
        matches!(self, Self::Desk(Error::Crashed | Error::Store(kefu_domain::StoreError::Failed(_))))
    }
}

impl Told {
    fn later(code: i32, msg: &'static str, seconds: u64) -> Self {
        Self { code, msg: msg.into(), retry_after: Some(seconds) }
    }
}

fn refused(refusal: &Refusal) -> (i32, Cow<'static, str>) {
    match refusal {
        Refusal::NoSuchConversation(_) => (1_013_019_000, "客服会话不存在".into()),
        Refusal::NoSuchMember(_) => (1_004_001_001, "手机号未注册用户".into()),
        Refusal::NoSuchShop(_) => (400, "店铺不存在，请检查 shopId".into()),
        Refusal::ShopClosed(_) => (400, "店铺已关闭，不再接收消息".into()),
        Refusal::NoSuchMessage(_) => (1_013_020_000, "客服消息不存在".into()),
        Refusal::NotTheirs(_) => (1_013_020_001, "只能撤回自己发送的消息".into()),
        Refusal::TooLate(within) => (1_013_020_002, format!("消息发送已超过 {}，不能撤回", span(*within)).into()),
        Refusal::KeyReused => (900, "clientMsgId 已用于另一条内容不同的消息，请为新消息换一个".into()),
        Refusal::Content(error) => (400, format!("请求参数不正确:{}", content(error)).into()),
        Refusal::Key(_) => (400, "请求参数不正确:clientMsgId 须为 1 到 64 位的字母、数字、_ 或 -".into()),
        _ => (500, "系统异常".into()),
    }
}

/// Milliseconds, in words.
fn span(ms: i64) -> String {
    match ms / 1_000 {
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} 分钟", seconds / 60),
        seconds => format!("{seconds} 秒"),
    }
}

fn content(error: &ContentError) -> Cow<'static, str> {
    match error {
        ContentError::Empty => "消息不能为空".into(),
        ContentError::TooLong => "消息不能超过 8192 个字符".into(),
        ContentError::UnknownKind(code) => format!("不支持的消息类型 {code}").into(),
        ContentError::NotForMembers(code) => format!("会员不能发送消息类型 {code}").into(),
        ContentError::Shape(what) => format!("消息内容与消息类型不符 ({what})").into(),
        _ => "消息内容不正确".into(),
    }
}

/// What a caller sent is repeated to them in part, as one line.
fn short(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(64).collect()
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        // Both front ends read the code of the body; on any other status they only show a toast.
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        self.note();
        let told = self.told();
        let mut response = HttpResponse::Ok();
        if let Some(seconds) = told.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        let mut response = response.json(Envelope { code: told.code, msg: &told.msg, data: () });
        response.extensions_mut().insert(Code(told.code));
        response
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kefu_domain::{ConversationId, MemberId, MessageId, StoreError};

    use super::*;

    #[track_caller]
    fn check(error: impl Into<ApiError>, code: i32) {
        assert_eq!(error.into().code(), code);
    }

    #[test]
    fn every_complaint_has_its_code() {
        check(ApiError::Unauthenticated, 401);
        check(ApiError::Forbidden, 403);
        check(ApiError::Missing("id"), 400);
        check(ApiError::ModuleDisabled, 501);
        check(ApiError::TooMany(1), 429);
        check(ApiError::Crowded(1), 503);
        check(Error::Refused(Refusal::NoSuchConversation(ConversationId(7))), 1_013_019_000);
        check(Error::Refused(Refusal::NoSuchMember(MemberId(7))), 1_004_001_001);
        check(Error::Refused(Refusal::KeyReused), 900);
        check(Error::Refused(Refusal::NoSuchMessage(MessageId(7))), 1_013_020_000);
        check(Error::Refused(Refusal::NotTheirs(MessageId(7))), 1_013_020_001);
        check(Error::Refused(Refusal::TooLate(120_000)), 1_013_020_002);
        check(Error::Refused(ContentError::TooLong.into()), 400);
        check(Error::Busy(Duration::from_secs(1)), 429);
        check(Error::Late, 503);
        check(Error::Store(StoreError::Unavailable("gone".into())), 503);
        check(Error::Store(StoreError::Failed("bad row".into())), 500);
        check(Error::Crashed, 500);
    }

    #[test]
    fn what_was_sent_is_repeated_in_part_and_on_one_line() {
        let error = ApiError::WrongType(format!("a\r\n{}", "x".repeat(1_000)));

        assert_eq!(error.told().msg, format!("请求参数类型错误:a{}", "x".repeat(63)));
    }
}
