//! The token that a request presents.

use std::fmt;

use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use kefu_push::Credential;
use sha2::{Digest, Sha256};

/// Longer ones are nobody's: a signed token of ours has a few hundred characters.
const MAX_LENGTH: usize = 4_096;

/// A credential as it came in. It is never printed; [`Token::hash`] names it.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token of that text; blank and over-long ones are none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty() && text.len() <= MAX_LENGTH).then(|| Self(text.to_owned()))
    }

    /// The token of a request, as the mall finds it: what follows `Bearer ` anywhere in the `Authorization` header,
    /// or else that whole header, or, where it is empty, the parameter `token`.
    #[must_use]
    pub fn of_request(headers: &HeaderMap, query: &str) -> Option<Self> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default().trim();
        if header.is_empty() {
            return parameter(query, "token").and_then(|value| Self::new(&value));
        }
        Self::new(header.split_once("Bearer ").map_or(header, |(_, rest)| rest))
    }

    /// The text itself, to be verified and never to be logged.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of a token: its SHA-256.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// Names this token to the sockets.
    #[must_use]
    pub fn credential(&self) -> Credential {
        credential_of(&self.hash())
    }
}

/// The first half of a token's hash names it well enough, and cannot be turned back.
#[must_use]
pub fn credential_of(hash: &[u8; 32]) -> Credential {
    let mut half = [0; 16];
    half.copy_from_slice(&hash[..16]);
    Credential(half)
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// The first value of a query parameter, decoded as forms are (`+` is a space).
#[must_use]
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    pairs.into_inner().into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(header: Option<&str>, query: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        if let Some(value) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }

        let token = Token::of_request(&headers, query);

        assert_eq!(token.as_ref().map(Token::reveal), expected, "{header:?} {query:?}");
    }

    #[test]
    fn a_token_is_found_where_the_mall_finds_it() {
        check(Some("Bearer abc"), "", Some("abc"));
        check(Some("abc"), "", Some("abc"));
        check(Some("xyz Bearer abc"), "", Some("abc"));
        check(Some("Bearer abc"), "token=def", Some("abc"));
        check(Some("bearer abc"), "", Some("bearer abc"));
        check(Some("Bearer"), "", Some("Bearer"));
        check(Some("Bearer  abc "), "", Some("abc"));
        check(Some(""), "token=def", Some("def"));
        check(Some("   "), "token=def", Some("def"));
        check(None, "token=def", Some("def"));
        check(None, "a=1&token=d%2Ef&b=2", Some("d.f"));
        check(None, "token=first&token=second", Some("first"));
        check(None, "", None);
        check(None, "token=", None);
        check(None, "tokens=abc&Token=abc", None);
        check(None, "token=%FF%FE", Some("\u{fffd}\u{fffd}"));
    }

    #[test]
    fn a_token_without_end_is_none() {
        check(Some(&"a".repeat(MAX_LENGTH)), "", Some(&"a".repeat(MAX_LENGTH)));
        check(Some(&"a".repeat(MAX_LENGTH + 1)), "", None);
    }

    #[test]
    fn a_header_that_is_no_text_is_no_token() {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(b"Bearer \xff\xfe").unwrap());

        assert_eq!(Token::of_request(&headers, ""), None);
    }

    #[test]
    fn a_token_does_not_print_itself() {
        assert_eq!(format!("{:?}", Token::new("abc").unwrap()), "Token(***)");
    }
}
