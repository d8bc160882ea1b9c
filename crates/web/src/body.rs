//! Bodies: JSON objects, read as leniently as the mall's own server reads them, and no more.

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use serde_json::Value;

use crate::ApiError;
use crate::json::{self, Flaw};

/// The longest body, in bytes. The longest content, with every character escaped, fits.
const LONGEST: usize = 128 * 1024;

/// A JSON object of at most 128 KiB. Members that nobody asks for are ignored.
///
/// As an extractor it refuses, with code 400, another content type, no body, a longer one, anything but an object, a
/// member that is named twice, at any depth, more than 32 levels, and a number beyond 64 bits with a sign. Reading a
/// member of the wrong type is refused the same way.
#[derive(Debug, Default)]
pub struct Body(serde_json::Map<String, Value>);

impl Body {
    /// Reads a body, whatever its content type was called.
    fn parse(bytes: &[u8]) -> Result<Self, ApiError> {
        json::object(bytes).map(Self).map_err(|flaw| match flaw {
            Flaw::Nothing => ApiError::NoBody,
            Flaw::Unfit | Flaw::Malformed => ApiError::WrongType(flaw.to_string()),
        })
    }

    /// An id: a number, or the text of one. `None` when absent or null.
    pub fn id(&self, name: &str) -> Result<Option<i64>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
            Some(value @ Value::Number(number)) => match number.as_i64() {
                Some(id) => Ok(Some(id)),
                None => Err(ApiError::WrongType(value.to_string())),
            },
            Some(Value::String(text)) => text.trim().parse().map(Some).map_err(|_| ApiError::WrongType(text.clone())),
            Some(other) => Err(ApiError::WrongType(other.to_string())),
        }
    }

    /// A truth: a boolean, or the text of one.
    pub fn truth(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(Value::String(text)) => match text.trim() {
                "" => Ok(None),
                "true" | "True" | "TRUE" => Ok(Some(true)),
                "false" | "False" | "FALSE" => Ok(Some(false)),
                _ => Err(ApiError::WrongType(text.clone())),
            },
            Some(other) => Err(ApiError::WrongType(other.to_string())),
        }
    }

    /// A text; numbers and truths are taken as what they look like.
    pub fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(Some(value.to_string())),
            Some(other) => Err(ApiError::WrongType(other.to_string())),
        }
    }
}

impl FromRequest for Body {
    type Error = ApiError;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let named =
            request.headers().get(CONTENT_TYPE).map(|name| String::from_utf8_lossy(name.as_bytes()).into_owned());
        let json = named.as_deref().is_some_and(is_json);
        let bytes = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !json {
                return Err(ApiError::NotJson(named.unwrap_or_default()));
            }
            match bytes.await {
                Ok(bytes) if bytes.len() <= LONGEST => Self::parse(&bytes),
                Ok(_) => Err(ApiError::Invalid("请求体过大".into())),
                Err(error) if error.as_response_error().status_code() == 413 => {
                    Err(ApiError::Invalid("请求体过大".into()))
                }
                Err(_) => Err(ApiError::WrongType("the body ended early".into())),
            }
        })
    }
}

/// `application/json`, with or without parameters, or `application/…+json`.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// actix's own limit for collected bodies, a little above ours so that ours answers.
pub(crate) fn limits() -> actix_web::web::PayloadConfig {
    actix_web::web::PayloadConfig::new(LONGEST + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, id: Result<Option<i64>, i32>) {
        let read = Body::parse(json.as_bytes()).and_then(|body| body.id("id"));
        assert_eq!(read.map_err(|error| error.code()), id, "{json}");
    }

    #[test]
    fn an_id_is_a_number_or_the_text_of_one() {
        check(r#"{"id":1}"#, Ok(Some(1)));
        check(r#"{"id":"1"}"#, Ok(Some(1)));
        check(r#"{"id":"9007199254740993"}"#, Ok(Some(9_007_199_254_740_993)));
        check(r#"{"id":null}"#, Ok(None));
        check(r#"{"id":""}"#, Ok(None));
        check("{}", Ok(None));
        check(r#"{"id":"abc"}"#, Err(400));
        check(r#"{"id":1.5}"#, Err(400));
        check(r#"{"id":1e400}"#, Err(400));
        check(r#"{"id":9223372036854775808}"#, Err(400));
        check(r#"{"id":[1]}"#, Err(400));
        check(r#"{"id":true}"#, Err(400));
        check(r#"{"id":1,"id":2}"#, Err(400));
        check("[1]", Err(400));
        check("null", Err(400));
        check("{", Err(400));
        check(" ", Err(400));
    }

    #[test]
    fn a_depth_that_nobody_means_is_refused() {
        let nested = |levels: usize| format!(r#"{{"x":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
        let read = |levels| Body::parse(nested(levels).as_bytes()).map(|_| ()).map_err(|error| error.code());

        assert_eq!([read(32), read(33), read(10_000)], [Ok(()), Err(400), Err(400)]);
    }
}
