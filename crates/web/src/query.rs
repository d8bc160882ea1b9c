//! Query parameters, read as the mall's own server reads them: the first of a name counts, an empty one is absent.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::ApiError;

/// The parameters of a query, decoded: `+` and `%20` are both a space.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The parameters of a request.
    pub fn of(request: &HttpRequest) -> Result<Self, ApiError> {
        let parsed = serde_urlencoded::from_str(request.query_string());
        parsed.map(Self).map_err(|_| ApiError::Invalid("查询参数无法解析".into()))
    }

    /// The first parameter of that name, unless it is empty.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        let (_, text) = self.0.iter().find(|(known, _)| known == name)?;
        (!text.is_empty()).then_some(text)
    }

    /// A required id, as a parameter of its own.
    pub fn required_id(&self, name: &'static str) -> Result<i64, ApiError> {
        let text = self.text(name).ok_or(ApiError::Missing(name))?;
        text.trim().parse().map_err(|_| ApiError::WrongType(text.to_owned()))
    }

    /// An optional number, as a member of a query object.
    pub fn number(&self, name: &'static str) -> Result<Option<i64>, ApiError> {
        self.text(name)
            .map(|text| text.trim().parse().map_err(|_| ApiError::Invalid(format!("{name} 不是数字").into())))
            .transpose()
    }
}

impl FromRequest for Params {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}
