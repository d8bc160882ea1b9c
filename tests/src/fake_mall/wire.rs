//! The mall's way of asking and answering.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// An answer that is no success: a code of the mall's, and its words for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i64,
    pub(super) msg: String,
}

pub(super) fn refused(code: i64, msg: impl Into<String>) -> Refusal {
    Refusal { code, msg: msg.into() }
}

pub(super) fn not_signed_in() -> Refusal {
    refused(401, "账号未登录")
}

pub(super) fn not_allowed() -> Refusal {
    refused(403, "没有该操作权限")
}

/// The object that every answer is.
pub(super) fn envelope(answer: Result<Value, Refusal>) -> Value {
    match answer {
        Ok(data) => json!({"code": 0, "msg": "", "data": data}),
        Err(refusal) => json!({"code": refusal.code, "msg": refusal.msg, "data": null}),
    }
}

/// An id as Jackson writes it for browsers: a text where a browser would lose digits.
pub(super) fn long(number: i64) -> Value {
    const SAFE: i64 = 9_007_199_254_740_991;
    if -SAFE < number && number < SAFE { json!(number) } else { json!(number.to_string()) }
}

/// A file that came with a request.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) bytes: Vec<u8>,
}

/// What somebody wants of the mall.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub(super) method: String,
    pub(super) path: String,
    /// Of the address and of a form; the address comes first.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) authorization: String,
    pub(super) tenant: Option<i64>,
    pub(super) host: String,
    pub(super) body: Vec<u8>,
    pub(super) file: Option<Upload>,
}

impl Ask {
    /// The token that came along, in the header or, where that is empty, as a parameter.
    pub(super) fn token(&self) -> Option<&str> {
        let header = match self.authorization.split_once("Bearer ") {
            Some((_, token)) => token.trim(),
            None => self.authorization.trim(),
        };
        let token = if header.is_empty() { self.parameters.get("token").map_or("", String::as_str) } else { header };
        Some(token).filter(|token| !token.is_empty())
    }

    pub(super) fn parameter(&self, name: &str) -> Result<&str, Refusal> {
        self.parameters.get(name).map(String::as_str).ok_or_else(|| refused(400, format!("请求参数缺失:{name}")))
    }

    pub(super) fn number(&self, name: &str) -> Result<i64, Refusal> {
        let text = self.parameter(name)?;
        text.parse().map_err(|_| refused(400, format!("请求参数类型错误:{text}")))
    }

    pub(super) fn json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Err(refused(400, "请求参数类型错误: request body 缺失"));
        }
        serde_json::from_slice(&self.body).map_err(|_| refused(500, "系统异常"))
    }

    /// The client that asks, and its secret.
    pub(super) fn client(&self) -> Result<(String, String), Refusal> {
        let basic = self.authorization.split_once("Basic ").and_then(|(_, basic)| {
            let plain = String::from_utf8(STANDARD.decode(basic.trim()).ok()?).ok()?;
            plain.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
        });
        let parameters =
            || Some((self.parameters.get("client_id")?.clone(), self.parameters.get("client_secret")?.clone()));
        basic.or_else(parameters).ok_or_else(|| refused(400, "client_id 或 client_secret 未正确传递"))
    }
}

/// A text of an object, or a refusal in the words of Java's bean validation.
pub(super) fn text<'a>(body: &'a Value, name: &str, missing: &str) -> Result<&'a str, Refusal> {
    let found = body[name].as_str().filter(|text| !text.is_empty());
    found.ok_or_else(|| refused(400, format!("请求参数不正确:{missing}")))
}
